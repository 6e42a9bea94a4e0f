"""Whether files that will be made have a place: asked before any work begins."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from leapp_core.errors import UsageError

_ELSEWHERE = "choose another place, or see to its permissions"


def can_write(folder: Path) -> bool:
    """Return whether files can be made in a folder. Permissions alone do not say it: the disk may be read-only."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


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
        raise UsageError(
            f"{option} got {path.name!r}",
            expected=f"a file name that ends in {', '.join(suffixes)}",
            fix=f"{option} {path.with_suffix(suffixes[0]) if path.name else 'NAME' + suffixes[0]}",
            code="U003",
        )
    if path.is_dir():
        name = f"result{suffixes[0] if suffixes else '.npz'}"
        raise UsageError(
            f"{option}: {path} is a folder", expected="the name of a file", fix=f"{option} {path / name}", code="U005"
        )
    check_folder(option, path.parent)
    if path.exists() and not os.access(path, os.W_OK):
        raise UsageError(f"{option}: {path} cannot be written to", fix=_ELSEWHERE, code="U006")


def check_folder(what: str, folder: Path) -> None:
    """Make sure that files can be made in a folder.

    Raises:
        UsageError: there is no such folder, or it cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{what}: {folder} is a file", expected="a folder", fix="choose another place", code="U005")
    if not folder.is_dir():
        raise UsageError(
            f"{what}: there is no folder {folder}", fix=f"mkdir -p {folder}, or choose another place", code="U005"
        )
    if not can_write(folder):
        raise UsageError(f"{what}: {folder} cannot be written to", fix=_ELSEWHERE, code="U006")
