"""Tables on trainers and example distributions are those of the rows that are kept, and the rows hold."""

from __future__ import annotations

import json

from tests import closed_loops
from tests.plugins import distributions

GOAL = 1e-5


def test_the_page_on_closed_loops_is_that_of_the_rows() -> None:
    assert closed_loops.PAGE.read_text(encoding="utf-8") == closed_loops.page()


def test_every_trainer_is_there_with_and_without_memory() -> None:
    found = {(loop.trainer, loop.network in ("GRU", "LSTM")) for loop in closed_loops.loops()}
    trainers = ("RSL-RL", "Stable-Baselines3", "rl_games", "skrl")
    assert found == {(trainer, recurrent) for trainer in trainers for recurrent in (True, False)}


def test_what_the_export_itself_adds_is_within_the_goal() -> None:
    """Of gymnasium's and the built-in tasks, which amplify nothing, the closed loop is held to it."""
    for loop in closed_loops.loops():
        assert (loop.closed if loop.open is None else loop.open) <= GOAL, loop


def test_the_page_on_example_distributions_is_that_of_the_run() -> None:
    kept = json.loads(distributions.KEPT.read_text(encoding="utf-8"))
    assert distributions.PAGE.read_text(encoding="utf-8") == distributions.page(kept)
    assert set(kept) == {project.name for project in distributions.PROJECTS}
    kits = [kit for part in kept.values() for kit in part["kits"]]
    assert all(kit["grades"].get("failed", 0) == 0 for kit in kits)
    assert {kit["command"].split()[0] for kit in kits} == {"backends", "adapters", "envs"}
    assert [plugin["error"] for part in kept.values() for plugin in part["installed"]] == [None] * 3


def test_their_own_tests_passed_where_they_were_installed_alone() -> None:
    kept = json.loads(distributions.KEPT.read_text(encoding="utf-8"))
    for part in kept.values():
        tests = part["environment"]["tests"]
        assert tests["passed"] > 20
        assert tests["failed"] == 0
        assert "leapp-framework" in part["environment"]["versions"]
