"""Write a bundle beside its place and put it there whole: whoever looks sees the previous bundle or the new one.

The staging folder ``.<graph>.leapp-<random>`` holds a lock for as long as its process lives, so that the next export
knows which ones a killed process left behind.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from leapp_core.errors import ExportError
from leapp_core.export.contents import UNFINISHED, carry, check_clash, discard, foreign_files, remove
from leapp_core.export.exchange import put_in_place, recover


class Staging:
    """A folder to write a bundle to, and the place it goes to.

    Attributes:
        folder: Where to write.
        target: Where the bundle will be: ``<save path>/<graph>``.
        graph: Stem of the bundle's own files.
    """

    def __init__(self, folder: Path, target: Path, graph: str) -> None:
        self.folder = folder
        self.target = target
        self.graph = graph

    def commit(self) -> None:
        """Put what was written in place of what was there; files that are not the bundle's stay.

        Raises:
            ExportError: a file of the user's would be overwritten.
            OSError: the file system refused; the previous bundle is then untouched.
        """
        written = frozenset(entry.name for entry in self.folder.iterdir()) - {UNFINISHED}
        check_clash(self.target, self.graph, written)
        if self.target.is_dir():
            carry(self.target, self.folder, foreign_files(self.target, self.graph) - written)
        _sync(self.folder)
        (self.folder / UNFINISHED).unlink()
        aside = _aside(self.target)
        try:
            replaced = put_in_place(self.folder, self.target, aside)
        except OSError:
            (self.folder / UNFINISHED).touch()
            raise
        if replaced:
            _sync_folder(self.target.parent)
            discard(self.folder if self.folder.exists() else aside, self.target, self.graph)


@contextmanager
def staging(save_path: Path, graph: str) -> Iterator[Staging]:
    """Give a staging folder; whatever is left of it at the end is removed.

    Args:
        save_path: Folder in which the bundle's folder is or will be; made if missing.
        graph: Name of the bundle's folder and stem of its files.

    Raises:
        ExportError: the place cannot be written to; errors of the disk while writing come as ``ExportError`` too.
    """
    target = (save_path / graph).resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_dir():
            raise ExportError(f"{target} is a file", fix="remove it, or choose another save path or graph name")
        _clean_up(target, graph)
        folder = target.parent / f".{graph}.leapp-{secrets.token_hex(6)}"
        folder.mkdir()
    except OSError as error:
        raise _disk_error(error, save_path) from error
    with _locked(folder):
        try:
            (folder / UNFINISHED).touch()
            yield Staging(folder, target, graph)
        except OSError as error:
            raise _disk_error(error, save_path) from error
        finally:
            if (folder / UNFINISHED).exists():
                with suppress(OSError):
                    remove(folder, graph)


def _disk_error(error: OSError, save_path: Path) -> ExportError:
    return ExportError(
        f"the bundle could not be written to {save_path}: {error.strerror or error}",
        where=str(error.filename or save_path),
        fix="check free space and permissions, or choose another save path",
    )


def _aside(target: Path) -> Path:
    return target.parent / f".{target.name}.leapp-previous"


def _clean_up(target: Path, graph: str) -> None:
    """Remove what killed exports left, after bringing back what they had not finished moving."""
    recover(target, _aside(target))
    for folder in target.parent.glob(f".{graph}.leapp-*"):
        with _try_lock(folder) as free:
            if not free:
                continue
            # What is complete and found no place holds nothing of the user's unless there is a target that has it too.
            with suppress(OSError):
                if (folder / UNFINISHED).exists() or not target.is_dir():
                    remove(folder, graph)
                else:
                    discard(folder, target, graph)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with _try_lock(folder):
        yield


@contextmanager
def _try_lock(folder: Path) -> Iterator[bool]:
    """Hold a lock on a folder; gives whether it was free. Without such locks nothing ever counts as left behind."""
    try:
        import fcntl
    except ImportError:
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Have the disk hold what was written before the folder gets its place."""
    for entry in folder.iterdir():
        if entry.is_file() and not entry.is_symlink():
            descriptor = os.open(entry, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
