"""Objects that were hidden from the garbage collector (``gc.freeze``) decide as others do."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from leapp_core.errors import CaptureError
from tests.capture.case import Case, all_cases
from tests.capture.harness import capture_case, fresh, run_eagerly

NAMES = ("timer_identity", "queue_identity", "clock_of_the_module", "training_set_later", "shared_first_value")
CASES = [case for case in all_cases() if case.name in NAMES]


@pytest.fixture(autouse=True)
def _nothing_stays_frozen() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_they_are_looked_at_and_stay_hidden(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def frozen(case: Case) -> object:
        program = fresh(case)
        gc.freeze()
        return program

    eager = run_eagerly(case, case.steps)
    monkeypatch.setattr("tests.capture.harness.fresh", frozen)
    with pytest.raises(CaptureError, match=case.refused):
        capture_case(case, eager, follow=False)
    assert gc.get_freeze_count() > 0
    assert not any(type(thing) is dict and thing.get("__name__") == __name__ for thing in gc.get_objects())


def test_nothing_is_frozen_that_was_not() -> None:
    case = CASES[0]
    with pytest.raises(CaptureError, match=case.refused):
        capture_case(case, run_eagerly(case, case.steps), follow=False)
    assert gc.get_freeze_count() == 0
