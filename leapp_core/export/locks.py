"""Locks on folders that end with the process that holds them, however it ends."""

from __future__ import annotations

import os
import time
from pathlib import Path

_PAUSE_S = 0.01


class FolderLock:
    """A lock on a folder, held until it is released or the process ends.

    Args:
        descriptor: The locked folder; ``None`` where the system or the file system has no such locks.
    """

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """Whether nobody else can hold it."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let go; doing so again does no harm."""
        if self._descriptor is not None:
            import fcntl

            # Closing alone would leave it to processes forked meanwhile.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def take(folder: Path) -> FolderLock:
    """Lock the folder that is at a path.

    Raises:
        BlockingIOError: somebody else holds the lock.
        FileNotFoundError: there is no folder, or another one came into its place at this moment.
    """
    try:
        import fcntl
    except ImportError:
        return FolderLock()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), folder.stat()):
            return FolderLock(descriptor)
        raise FileNotFoundError(folder)
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        os.close(descriptor)
        return FolderLock()


def wait_for(folder: Path, seconds: float) -> FolderLock | None:
    """Lock the folder at a path as soon as others let go of it.

    Returns:
        The lock; ``None`` if there is no folder.

    Raises:
        BlockingIOError: others did not let go in time.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return take(folder)
        except FileNotFoundError:
            if not folder.exists():
                return None
        except BlockingIOError:
            if time.monotonic() > end:
                raise
            time.sleep(_PAUSE_S)
