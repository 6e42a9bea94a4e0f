"""Pictures of a mjlab scene without a display."""

from __future__ import annotations

from typing import Any

_SIZE = (480, 360)


def set_picture_size(viewer: Any) -> None:
    """Give mjlab's viewer configuration a size fit for films, without what software renderers are slow at."""
    viewer.width, viewer.height = _SIZE
    viewer.enable_reflections = False
