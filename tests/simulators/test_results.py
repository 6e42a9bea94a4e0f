"""Storing what simulator cases gave; no simulator needed."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulators.age import SOURCES, digest_here, digest_of, recent, too_old
from tests.simulators.cases import CASES, groups, turn_of
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
    assert CASES[0].title in page.read_text(encoding="utf-8")


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


def committed(folder, *arguments):
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments], cwd=folder, check=True)


@pytest.fixture
def history(tmp_path):
    """A checkout with a commit that touches the sources, and one that does not."""
    committed(tmp_path, "init", "-q")
    for number, name in enumerate((f"{SOURCES[0]}/a.py", "README.md", f"{SOURCES[2]}/b/c.py")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"x = {number}\n", encoding="utf-8")
        committed(tmp_path, "add", ".")
        committed(tmp_path, "commit", "-q", "-m", name)
    return tmp_path


def test_files_at_hand_and_a_commit_are_digested_alike(history):
    assert digest_here(history) == digest_of("HEAD", history) == recent(root=history)[0]
    assert digest_of("HEAD~1", history) == digest_of("HEAD~2", history) != digest_of("HEAD", history)
    (history / SOURCES[0] / "a.py").write_text("x = 7\n", encoding="utf-8")
    (history / SOURCES[0] / "notes.txt").write_text("not a source", encoding="utf-8")
    assert digest_here(history) not in recent(root=history)


def test_a_row_ages_with_the_commits_that_touch_the_sources(history):
    first, last = digest_of("HEAD~2", history), digest_of("HEAD", history)
    assert recent(root=history) == (last, first)
    assert recent(1, history) == (last,)
    outcomes = {"new": {"code": last}, "young": {"code": first}, "unknown": {"code": None}}
    assert too_old(outcomes, outcomes, recent(root=history)) == ["unknown"]
    assert too_old(outcomes, [*outcomes, "missing"], recent(1, history)) == ["young", "unknown", "missing"]


def test_continuous_integration_gets_to_every_task_by_and_by():
    always = {case.name for case in CASES if case.ci}
    turns = [turn_of(number, CASES) for number in range(40)]
    reached = {case.name for turn in turns for case in turn}
    assert reached | always >= {case.name for case in CASES}
    assert not reached & always
    assert turn_of(1234, CASES) == turn_of(1234, CASES) != turn_of(1235, CASES)


def test_cases_of_one_recording_differ_in_their_backend_only():
    for group in groups(CASES):
        assert len({case.recording for case in group}) == 1
        assert {"onnx-dynamo", "jit-trace"} <= {case.backend for case in group}


def test_rows_of_the_telling_tasks_are_of_recent_code():
    """The table is what users go by: ``python -m tests.simulators --telling`` takes these rows again."""
    names = [case.name for case in CASES if case.telling]
    assert too_old(stored(), names, recent()) == []
