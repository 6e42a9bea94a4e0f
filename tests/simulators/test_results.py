"""Storing what simulator cases gave; no simulator needed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulators.cases import CASES
from tests.simulators.results import agrees, keep, stored

OUTCOME = {
    **{"export_s": 1.0, "size": 1000, "steps": 200, "action_error": 1e-6, "state_error": 1e-6, "valid": True},
    **{"policy_reward": 1.0, "bundle_reward": None, "loop_rate": 5.0, "bundle_rate": 1000.0},
}


def test_two_runs_at_a_time_keep_each_others_results(tmp_path):
    store, page = tmp_path / "found.json", tmp_path / "found.md"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda case: keep(case, OUTCOME, store, page), CASES[:8]))
    assert set(stored(store)) == {case.name for case in CASES[:8]}
    assert list(stored(store)) == [case.name for case in CASES[:8]], "in the order of the table"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.json", "found.md"]


def test_a_case_that_only_the_other_run_knows_is_kept(tmp_path):
    store, page = tmp_path / "found.json", tmp_path / "found.md"
    store.write_text(json.dumps({"newer": OUTCOME}), encoding="utf-8")
    keep(CASES[0], OUTCOME, store, page)
    assert "newer" in stored(store)
    assert CASES[0].task in page.read_text(encoding="utf-8")


def test_rows_are_as_wide_as_the_head(tmp_path):
    store, page = tmp_path / "found.json", tmp_path / "found.md"
    keep(CASES[0], OUTCOME, store, page)
    keep(CASES[1], {"failure": "no such thing"}, store, page)
    keep(CASES[2], {**OUTCOME, "open_error": 1e-7, "nudge_error": 1e-6}, store, page)
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert len(rows) == 5
    assert len({row.count("|") for row in rows}) == 1


@pytest.mark.parametrize(
    ("difference", "alone", "nudged", "agreed"),
    [
        (9e-6, 1e-6, None, True),
        (9e-6, 2e-5, None, False),  # the closed loop happens to hide what the export does
        (2e-5, 3e-7, None, False),
        (2e-5, 3e-7, 1e-7, False),
        (2e-5, 3e-7, 1e-5, True),  # physics amplifies the policy's own roundings as much
    ],
)
def test_a_large_difference_needs_an_explanation(difference, alone, nudged, agreed):
    outcome = {"valid": True, "action_error": difference, "open_error": alone, "nudge_error": nudged}
    assert agrees(outcome) is agreed
    assert not agrees({**outcome, "valid": False})
