"""Whether pictures and films can be made, asked before a simulator starts, which can take a minute."""

from __future__ import annotations

import os
from pathlib import Path

from leapp_core.errors import UsageError
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


def check_place(option: str, path: Path, suffixes: tuple[str, ...] = ()) -> None:
    """Make sure that a file which will be made in the end has a place.

    Args:
        option: What names it, for messages.
        path: The file.
        suffixes: Endings that its name may have; any if there are none.

    Raises:
        UsageError: another ending, a folder that does not exist or cannot be written to, or a folder of that name.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise UsageError(f"{option} got {path.name!r}", expected=f"a file name that ends in {', '.join(suffixes)}")
    folder = path.absolute().parent
    if path.is_dir():
        raise UsageError(f"{option}: {path} is a folder", expected="the name of a file")
    if not folder.is_dir():
        raise UsageError(f"{option}: there is no folder {path.parent}", fix="make it, or choose another place")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{option}: {path} cannot be written", fix="choose another place, or see to its permissions")
