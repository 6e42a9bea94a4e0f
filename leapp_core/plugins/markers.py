"""The pluggy markers of the project: plugins decorate with ``hookimpl``."""

from __future__ import annotations

import pluggy

PROJECT = "leapp"
"""Entry-point group and pluggy project name."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
