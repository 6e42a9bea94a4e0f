"""For which state of the code a row was taken, and how many commits ago that was.

A state is a digest of the sources that decide what an export becomes: capture, programs, backends and environments. It
is computed from what git calls blobs, so that the files at hand and any commit are digested alike.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.simulators.venvs import ROOT

SOURCES = ("leapp_core/tracing", "leapp_core/program", "leapp_backends", "leapp_rsl_rl/environments")
OLDEST = 10
"""Rows of telling tasks must be of one of the states after this many last commits that touched the sources."""
_LENGTH = 10


def digest_here(root: Path = ROOT) -> str:
    """Return the digest of the files at hand, committed or not."""
    files = (path for source in SOURCES for path in (root / source).rglob("*.py"))
    return _digest((_blob(path.read_bytes()), path.relative_to(root).as_posix()) for path in files)


def digest_of(commit: str, root: Path = ROOT) -> str:
    """Return the digest of a commit."""
    lines = _git(root, "ls-tree", "-r", "--full-tree", commit, "--", *SOURCES).splitlines()
    entries = (line.split("\t") for line in lines)
    return _digest((kind.split()[2], path) for kind, path in entries if path.endswith(".py"))


def recent(count: int = OLDEST, root: Path = ROOT) -> tuple[str, ...]:
    """Return the states after the last commits that touched the sources, newest first.

    Raises:
        OSError: git is not installed; subprocess.CalledProcessError: this is no checkout of it.
    """
    commits = _git(root, "log", "--format=%H", f"-n{count}", "--", *SOURCES).split()
    return tuple(digest_of(commit, root) for commit in commits)


def too_old(outcomes: Mapping[str, Mapping[str, object]], names: Iterable[str], states: Sequence[str]) -> list[str]:
    """Return the names of rows that are missing, failed, or of none of the states."""
    return [name for name in names if (outcomes.get(name) or {}).get("code") not in states]


@cache
def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _digest(entries: Iterable[tuple[str, str]]) -> str:
    lines = sorted(f"{path} {blob}\n" for blob, path in entries)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:_LENGTH]


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout
