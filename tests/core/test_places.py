"""Where files will be made, and counts in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from leapp_core.errors import UsageError
from leapp_core.places import can_write, check_place
from leapp_core.words import counted


def test_a_place_is_tried_and_nothing_is_left(tmp_path: Path) -> None:
    check_place("--output", tmp_path / "x.png", (".png", ".svg"))
    assert list(tmp_path.iterdir()) == []
    assert can_write(tmp_path)
    assert not can_write(tmp_path / "none")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no file system that takes no files")
def test_a_file_system_that_takes_no_files_is_found_out_though_permissions_allow() -> None:
    assert not can_write(Path("/proc"))
    with pytest.raises(UsageError, match="--plot: /proc cannot be written to"):
        check_place("--plot", Path("/proc/x.png"))


def test_wrong_places(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"got 'x\.jpg'"):
        check_place("--output", tmp_path / "x.jpg", (".png", ".svg"))
    with pytest.raises(UsageError, match=r"there is no folder .*none"):
        check_place("--output", tmp_path / "none" / "x.png")
    with pytest.raises(UsageError, match="file is a file"):
        check_place("--output", tmp_path / "file" / "x.png")
    with pytest.raises(UsageError, match="is a folder"):
        check_place("--output", tmp_path)


@pytest.mark.parametrize(("count", "expected"), [(0, "0 nodes"), (1, "1 node"), (2, "2 nodes")])
def test_counts_in_words(count: int, expected: str) -> None:
    assert counted(count, "node") == expected


def test_words_with_a_plural_of_their_own() -> None:
    assert [counted(n, "port differs", "ports differ") for n in (1, 2)] == ["1 port differs", "2 ports differ"]
