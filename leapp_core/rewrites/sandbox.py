"""Runs code in a forked copy of the process that can reach nothing outside: no file, network, device or robot."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

_FORBIDDEN = ("socket.", "subprocess.", "shutil.", "ctypes.dlopen", "pty.", "webbrowser.", "ftplib.", "smtplib.")
_FORBIDDEN_OS = frozenset(
    {"chmod", "chown", "exec", "fork", "forkpty", "kill", "killpg", "link", "mkdir", "posix_spawn", "remove", "rename",
     "rmdir", "spawn", "symlink", "system", "truncate"}
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_MARK = "LEAPP_IN_REPLAY"
_OF_SQLITE = "-shm"
"""How SQLite names the index of a database, which libraries keep and programs do not write."""
_MAPS = Path("/proc/self/maps")


def can_fork() -> bool:
    """Return whether a copy of this process would be harmless and work.

    Not where there is no fork, where memory is shared with others (a device, a controller), which a copy would go on
    writing, and not where CUDA was used, which a copy cannot use.
    """
    if is_copy() or not hasattr(os, "fork") or not _MAPS.exists():
        return False
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return False
    lines = (line.split(maxsplit=5) for line in _MAPS.read_text(encoding="utf-8").splitlines())
    shared = (parts[-1] for parts in lines if "w" in parts[1] and "s" in parts[1])
    return all(name.endswith(_OF_SQLITE) for name in shared)


def is_copy() -> bool:
    """Return whether this process is such a copy itself."""
    return os.environ.get(_MARK) == "1"


def forked(work: Callable[[], Any], seconds: float, folder: Path) -> Any:
    """Return what ``work`` returns in a forked copy of this process.

    Args:
        work: Returns what JSON can hold.
        seconds: Time limit.
        folder: The one folder in which the copy may write.

    Returns:
        What came back; ``None`` if ``work`` raised, was killed, or took too long.
    """
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of forks where threads run; the copy uses none of their locks
        child = os.fork()
    if child == 0:
        _run(work, writable, folder)
    os.close(writable)
    try:
        return _answer(readable, time.monotonic() + seconds)
    finally:
        os.close(readable)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _answer(pipe: int, until: float) -> Any:
    parts: list[bytes] = []
    while (left := until - time.monotonic()) > 0 and select.select([pipe], [], [], left)[0]:
        part = os.read(pipe, 1 << 16)
        if not part:
            break
        parts.append(part)
    try:
        return json.loads(b"".join(parts))
    except ValueError:
        return None


def _run(work: Callable[[], Any], pipe: int, folder: Path) -> None:
    """Run in the copy, which ends here whatever happens."""
    try:
        sys.settrace(None)
        _close_all_but(pipe)
        sys.dont_write_bytecode = True
        warnings.simplefilter("ignore")  # they may be errors here, and nobody would see them
        import torch

        torch.set_num_threads(1)  # the threads of the pool are not in the copy
        os.environ[_MARK] = "1"
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        sys.addaudithook(partial(_refuse_the_outside, str(folder)))
        text = json.dumps(work()).encode()
        while text:
            text = text[os.write(pipe, text) :]
    finally:
        os._exit(0)


def _close_all_but(pipe: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, 1 << 16)
    # Notebooks and test runners have streams of their own, over descriptors that are closed now.
    sys.stdout = sys.stderr = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True)


def _refuse_the_outside(folder: str, event: str, arguments: tuple[Any, ...]) -> None:
    changes = event.startswith("os.") and event[3:] in _FORBIDDEN_OS
    if (changes or event == "open") and str(arguments[0]).startswith(folder):
        return
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING
    if writes or changes or event.startswith(_FORBIDDEN):
        raise PermissionError(f"a replay may not do this: {event}")
