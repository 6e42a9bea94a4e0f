"""Put a folder in the place of another in one step of the file system."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders of one file system atomically.

    Returns:
        Whether it was done; ``False`` where the system or the file system has no such call.
    """
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    result = rename(
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(one)),
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(other)),
        ctypes.c_uint(_RENAME_EXCHANGE),
    )
    return bool(result == 0)


def put_in_place(new: Path, target: Path, aside: Path) -> bool:
    """Make ``target`` be what ``new`` is; what ``target`` was is afterwards at ``new`` or ``aside``.

    Where folders cannot be swapped in one step, the previous one is moved to ``aside`` first; should the process die
    right then, :func:`recover` finds it there.

    Returns:
        Whether there was a previous folder.

    Raises:
        OSError: neither works; ``target`` is then as before.
    """
    if not target.exists():
        new.rename(target)
        return False
    if exchange(new, target):
        return True
    target.rename(aside)
    try:
        new.rename(target)
    except OSError:
        aside.rename(target)
        raise
    return True


def recover(target: Path, aside: Path) -> None:
    """Bring a folder back that a process which died in :func:`put_in_place` had moved aside."""
    if aside.exists() and not target.exists():
        aside.rename(target)
