"""Whether pictures and films can be made, asked before a simulator starts, which can take a minute."""

from __future__ import annotations

from pathlib import Path

from leapp_core.places import check_place
from leapp_core.plugins.requirements import require

EXTRA = "media"
PICTURES = (".png", ".svg", ".pdf")
FILMS = (".mp4", ".gif")
_FILM_PACKAGES = {".mp4": ("imageio_ffmpeg",), ".gif": ("PIL",)}


def check_media(plot: Path | None, video: Path | None) -> None:
    """Make sure that what was asked for can be written.

    Raises:
        UsageError: a file type that is not known, or a folder that does not exist.
        MissingExtraError: packages are missing.
    """
    if plot is not None:
        check_place("--plot", plot, PICTURES)
        require("a plot", ("matplotlib",), EXTRA)
    if video is not None:
        check_place("--video", video, FILMS)
        require(f"a film as {video.suffix.lower()}", _FILM_PACKAGES[video.suffix.lower()], EXTRA)
