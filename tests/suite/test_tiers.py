"""Tiers, slices and skips: nothing is in no slice, and no skip passes for a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import thin
from tests.skips import ALLOWED, Allowed, not_allowed, read
from tests.slices import groups, last_runs, table
from tests.thinned import THINNED
from tests.tiers import SLICES, SLOW, slice_of, slices_of_turn

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]


def test_what_no_marker_sets_apart_is_quick() -> None:
    assert slice_of("tests/test_a.py::test_b", set()) is None
    assert slice_of("tests/test_a.py::test_b", {"parametrize", "filterwarnings"}) is None


@pytest.mark.parametrize("marker", ["slow", "venv", "simulator", "gpu"])
def test_what_is_not_quick_is_in_one_slice_and_stays_there(marker: str) -> None:
    names = [f"tests/test_a.py::test_b[{number}]" for number in range(100)]
    found = [slice_of(name, {marker, "parametrize"}) for name in names]
    assert set(found) <= set(SLICES)
    assert found == [slice_of(name, {"parametrize", marker}) for name in names]
    assert set(found) == (set(SLOW) if marker == "slow" else {found[0]})


@pytest.mark.parametrize("name", sorted(THINNED))
def test_what_is_thinned_is_there(name: str) -> None:
    file, *kinds, function = name.split("::")  # the functions of a class may be inherited
    assert (f"class {kinds[0]}" if kinds else f"def {function}(") in (ROOT / file).read_text(encoding="utf-8")
    assert THINNED[name] > 1


def test_every_second_value_is_quick(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    items = pytester.getitems("import pytest\n@pytest.mark.parametrize('v', range(5))\ndef test_a(v): assert v < 9\n")
    monkeypatch.setitem(THINNED, items[0].nodeid.partition("[")[0], 2)
    thin(items)
    assert [item.get_closest_marker("slow") is None for item in items] == [True, False, True, False, True]


def test_every_slice_is_run_by_turns_or_by_hand() -> None:
    rotation = [each for each in SLICES if each.turn == "rotation"]
    run = {each for turn in range(len(rotation)) for each in slices_of_turn(turn)}
    assert run | {each for each in SLICES if each.turn == "by hand"} == set(SLICES)
    assert slices_of_turn(12345) == slices_of_turn(12345)


def test_slices_whose_files_share_an_environment_run_apart_from_others() -> None:
    names = [[each.name for each in group] for group in groups(slices_of_turn(3))]
    assert names == [["browser"], ["slow-1"]]
    assert [each.name for group in groups(SLICES) for each in group if each.by_file] == ["environments", "browser"]


def test_the_table_of_last_runs_is_read_as_it_was_written() -> None:
    runs = {SLICES[0].name: ("2030-01-02", "abc1234", "passed")}
    assert {name: run for name, run in last_runs(table(runs)).items() if run[0] != "never"} == runs
    assert set(last_runs(table({}))) == {each.name for each in SLICES}


def test_only_listed_skips_are_allowed() -> None:
    lines = read("# why\n\ntests/gpu/* | *an NVIDIA GPU | run by hand\n")
    assert lines == [Allowed("tests/gpu/*", "*an NVIDIA GPU", "run by hand")]
    skips = [
        ("tests/gpu/test_a.py::test_b", "needs an NVIDIA GPU"),
        ("tests/gpu/test_a.py::test_b", "no compiler"),
        ("tests/cli/test_a.py::test_b", "needs an NVIDIA GPU"),
    ]
    assert not_allowed(skips, lines) == skips[1:]


def test_a_line_without_a_reason_is_refused() -> None:
    with pytest.raises(ValueError, match=r"line 1 of allowed_skips\.txt is not 'test \| reason \| why'"):
        read("tests/gpu/*\n")


def test_the_list_can_be_read() -> None:
    assert read(ALLOWED.read_text(encoding="utf-8"))


def test_a_run_fails_on_a_skip_that_is_not_listed(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from tests.skips import Watch\ndef pytest_configure(config): config.pluginmanager.register(Watch())"
    )
    pytester.makepyfile("import pytest\ndef test_a(): pytest.skip('no compiler')\ndef test_b(): pass")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*1 skips that tests/allowed_skips.txt does not allow*", "*::test_a | no compiler"])
