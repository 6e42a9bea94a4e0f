"""Exports at the same time, to one place and side by side: each is whole, none harms another, nothing is left over."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from leapp_core.export.locks import take, wait_for
from leapp_core.export.staging import UNFINISHED, staging
from tests.export.test_killed import bundle_of, write_named

OPERATIONS = ("open", "os.", "shutil.", "fcntl.")
ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT


def write_to(folder: Path, graph: str, version: str) -> None:
    with staging(folder, graph) as place:
        (place.folder / f"{graph}.yaml").write_text("models: {}\n")
        (place.folder / "log.txt").write_text(version)
        place.commit()


def fork(work: Callable[[], None]) -> int:
    """Do work in a process of its own; returns its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def interrupted_at(number: int, work: Callable[[], None], other: Callable[[], None]) -> bool:
    """Do work and, before its file operation of a number, the whole of some other; returns whether it came so far.

    Where the other has to wait for the work, the work goes on.
    """
    reached, result = os.pipe()

    def run() -> None:
        seen, begun = 0, 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen, begun
            seen += event.startswith(OPERATIONS)
            if seen == number and not begun:
                os.write(result, b"x")
                begun = fork(other)
                deadline = time.monotonic() + 0.1
                while time.monotonic() < deadline and not os.waitid(os.P_PID, begun, ENDED):
                    time.sleep(0.005)

        sys.addaudithook(count)
        work()
        if begun:
            assert os.waitpid(begun, 0)[1] == 0

    assert os.waitpid(fork(run), 0)[1] == 0
    os.close(result)
    with os.fdopen(reached, "rb") as stream:
        return stream.read() == b"x"


@pytest.mark.parametrize("first", [True, False], ids=["first export", "replacing a bundle"])
def test_another_export_to_the_same_place_at_every_moment(tmp_path: Path, first: bool) -> None:
    for _ in range(2):  # loads all that a forked process would else be in the middle of loading
        write_named(tmp_path / "loaded", "any")
    number, came_so_far = 0, True
    while came_so_far:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        if not first:
            write_named(folder, "old")
            (folder / "policy" / "notes.md").write_text("mine")
        came_so_far = interrupted_at(number, partial(write_named, folder, "one"), partial(write_named, folder, "two"))
        kept = set() if first else {"notes.md"}
        names = {entry.name for entry in (folder / "policy").iterdir()}
        assert names in [(bundle_of("one") - {"notes.md"}) | kept, (bundle_of("two") - {"notes.md"}) | kept], number
        assert {entry.name for entry in folder.iterdir()} == {"policy"}, number
    assert number > 25


def test_another_export_beside_it_at_every_moment(tmp_path: Path) -> None:
    """Also where one name begins like what the other one's staging folder is called."""
    number, came_so_far = 0, True
    while came_so_far:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        names = ("policy", "policy.leapp-abc")
        came_so_far = interrupted_at(number, *(partial(write_to, folder, name, name) for name in names))
        found = {entry.name: (entry / "log.txt").read_text() for entry in folder.iterdir()}
        assert found == {name: name for name in names if name == "policy" or came_so_far}
    assert number > 10


def test_many_exports_at_once(tmp_path: Path) -> None:
    """Four processes, two to each of two places in one folder."""

    def export(number: int) -> None:
        for version in range(50):
            write_to(tmp_path, f"policy{number % 2}", f"{number} {version}")

    children = [fork(partial(export, number)) for number in range(4)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert {entry.name for entry in tmp_path.iterdir()} == {"policy0", "policy1"}
    for place in range(2):
        assert (tmp_path / f"policy{place}" / "log.txt").read_text() in {f"{place} 49", f"{place + 2} 49"}


@pytest.mark.parametrize("graph", ["a[b]", "*", "walk (v2) é", "a.b"])
def test_what_a_killed_export_left_is_found_whatever_the_name(tmp_path: Path, graph: str) -> None:
    left = tmp_path / f".{graph}.leapp-0123456789ab"
    left.mkdir()
    (left / UNFINISHED).touch()
    mine = tmp_path / f".{graph}.leapp-notes"
    mine.mkdir()
    write_to(tmp_path, graph, "new")
    assert {entry.name for entry in tmp_path.iterdir()} == {graph, mine.name}


def test_a_lock_is_had_by_one_and_waited_for_so_long(tmp_path: Path) -> None:
    with take(tmp_path) as lock:
        assert lock.held
        with pytest.raises(BlockingIOError, match="temporarily unavailable"):
            take(tmp_path)
        with pytest.raises(BlockingIOError, match="temporarily unavailable"):
            wait_for(tmp_path, 0.05)
    with take(tmp_path) as lock:
        assert lock.held
    assert wait_for(tmp_path / "missing", 10.0) is None


def test_a_bundle_that_cannot_be_brought_back_stays_where_it_is(tmp_path: Path) -> None:
    aside = tmp_path / ".policy.leapp-previous"
    aside.mkdir()
    (aside / "policy.yaml").write_text("models: {}\n")
    (tmp_path / "policy").symlink_to(tmp_path / "elsewhere")  # so its name is not that of the place
    write_to(tmp_path, "policy", "new")
    assert [entry.name for entry in aside.iterdir()] == ["policy.yaml"]
