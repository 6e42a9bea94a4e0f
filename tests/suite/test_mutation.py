"""Faults that are put into the source."""

from __future__ import annotations

from tests import mutation


def test_the_same_seed_draws_the_same_faults() -> None:
    drawn = mutation.draw(20, 3)
    assert drawn == mutation.draw(20, 3)
    assert drawn != mutation.draw(20, 4)
    assert len(set(drawn)) == 20


def test_every_fault_changes_what_is_computed_and_is_python() -> None:
    for mutant in mutation.draw(50, 0):
        assert mutant.before != mutant.after
        compile(mutant.after, mutant.file, "eval")


def test_tests_are_found_from_the_names_that_coverage_gives() -> None:
    here = "tests/suite/test_mutation.py::test_the_same_seed_draws_the_same_faults"
    name = "test_mutation.test_the_same_seed_draws_the_same_faults"
    assert mutation.tests_of({f"tests.suite.{name}", "leapp_core.session.capture"}) == [here]
    assert mutation.tests_of({f"suite.{name}"}) == [here]
