"""Write a bundle beside its place and put it there whole: whoever looks sees the previous bundle or the new one.

The staging folder ``.<graph>.leapp-<random>`` is locked for as long as its process lives, so that the next export
knows which ones a killed process left behind. What is at the bundle's place is locked while it is replaced, so that
exports to one place replace each other one at a time.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from leapp_core.errors import ExportError
from leapp_core.export.contents import UNFINISHED, carry, check_clash, discard, foreign_files, remove
from leapp_core.export.exchange import put_in_place, recover
from leapp_core.export.locks import FolderLock, take, wait_for

_PATIENCE_S = 60.0
"""How long another export may take to replace a bundle, which is a matter of milliseconds."""


class Staging:
    """A folder to write a bundle to, and the place it goes to.

    Attributes:
        folder: Where to write.
        target: Where the bundle will be: ``<save path>/<graph>``.
        graph: Stem of the bundle's own files.
    """

    def __init__(self, folder: Path, target: Path, graph: str, lock: FolderLock) -> None:
        self.folder = folder
        self.target = target
        self.graph = graph
        self._lock = lock

    def commit(self) -> None:
        """Put what was written in place of what was there; files that are not the bundle's stay.

        Raises:
            ExportError: a file of the user's would be overwritten, or the place is locked.
            OSError: the file system refused; the previous bundle is then untouched.
        """
        _sync(self.folder)
        done = False
        while not done:
            lock = self._wait()
            with lock or nullcontext():
                done = self._move_in() if lock is None else self._replace()

    def _wait(self) -> FolderLock | None:
        try:
            return wait_for(self.target, _PATIENCE_S)
        except BlockingIOError as error:
            raise ExportError(
                f"another process has {self.target} locked and did not let go of it for {_PATIENCE_S:.0f} seconds",
                where=str(self.target),
                expected="another export, which is done in a moment",
                fix="end that process (`lsof` finds it), or choose another save path",
                code="X006",
            ) from error

    def _move_in(self) -> bool:
        """Return whether it was done; ``False`` if another export was the first to put a bundle there."""
        (self.folder / UNFINISHED).unlink()
        try:
            self.folder.rename(self.target)
        except OSError:
            (self.folder / UNFINISHED).touch()
            if not self.target.is_dir():
                raise
            return False
        self._lock.release()
        _sync_folder(self.target.parent)
        return True

    def _replace(self) -> bool:
        written = frozenset(entry.name for entry in self.folder.iterdir()) - {UNFINISHED}
        check_clash(self.target, self.graph, written)
        carry(self.target, self.folder, foreign_files(self.target, self.graph) - written)
        _sync(self.folder)
        (self.folder / UNFINISHED).unlink()
        aside = _aside(self.target)
        try:
            replaced = put_in_place(self.folder, self.target, aside)
        except OSError:
            (self.folder / UNFINISHED).touch()
            raise
        self._lock.release()
        _sync_folder(self.target.parent)
        if replaced:
            with suppress(FileNotFoundError):  # without locks, an export that begins now cleans up too
                discard(self.folder if self.folder.exists() else aside, self.target, self.graph)
        return True


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
            raise ExportError(
                f"{target} is a file", fix="remove it, or choose another save path or graph name", code="X006"
            )
        _clean_up(target, graph)
        folder, lock = _make_folder(target.parent, graph)
    except OSError as error:
        raise _disk_error(error, save_path) from error
    with lock:
        try:
            (folder / UNFINISHED).touch()
            yield Staging(folder, target, graph, lock)
        except OSError as error:
            raise _disk_error(error, save_path) from error
        finally:
            if (folder / UNFINISHED).exists():
                with suppress(OSError):
                    remove(folder, graph)


def _make_folder(parent: Path, graph: str) -> tuple[Path, FolderLock]:
    while True:
        folder = parent / f".{graph}.leapp-{secrets.token_hex(6)}"
        folder.mkdir()
        # Until it is locked, an export that begins at this moment takes it for what a killed one left behind.
        with suppress(BlockingIOError, FileNotFoundError):
            return folder, take(folder)


def _disk_error(error: OSError, save_path: Path) -> ExportError:
    return ExportError(
        f"the bundle could not be written to {save_path}: {error.strerror or error}",
        where=str(error.filename or save_path),
        fix="check free space and permissions, or choose another save path",
        code="X006",
    )


def _aside(target: Path) -> Path:
    return target.parent / f".{target.name}.leapp-previous"


def _clean_up(target: Path, graph: str) -> None:
    """Remove what killed exports left, after bringing back what they had not finished moving."""
    aside = _aside(target)
    with suppress(OSError), take(aside):
        recover(target, aside)
    ours = re.compile(rf"\.{re.escape(graph)}\.leapp-([0-9a-f]+|(previous))")
    for folder in target.parent.iterdir():
        name = ours.fullmatch(folder.name)
        if name is None or not folder.is_dir():
            continue
        with suppress(OSError), take(folder) as lock:
            # A previous bundle that could not be brought back is all there is of it.
            if not lock.held or (name.group(2) and not target.is_dir()):
                continue
            # What is complete and found no place holds nothing of the user's unless a target has it too.
            if (folder / UNFINISHED).exists() or not target.is_dir():
                remove(folder, graph)
            else:
                discard(folder, target, graph)


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
