"""The selection of programs that go through every backend in the quick tier."""

from __future__ import annotations

import inspect

from tests.capture.case import all_cases
from tests.capture.covering import cover, covering, features

PROGRAM = """
    def step(x):
        for row in x:
            self.count += row.exp()
        return torch.cat(x)
"""


def test_operators_and_constructs_are_read_from_the_source() -> None:
    found = features(PROGRAM)
    assert {"exp", "cat", "For", "AugAssign"} <= found
    assert "count" not in found


def test_every_feature_has_a_program_and_short_ones_are_preferred() -> None:
    found = {"long": {"a", "b", "c"}, "short": {"a", "b"}, "other": {"c"}, "idle": {"a"}}
    assert cover(found, {"long": 9, "short": 1, "other": 1, "idle": 1}) == {"a": "short", "b": "short", "c": "other"}


def test_no_operator_of_the_suite_is_left_out() -> None:
    cases = {case.name: case for case in all_cases() if case.refused is None}
    chosen = set(covering(cases.values()).values())
    held = set().union(*(features(inspect.getsource(cases[name].program)) for name in chosen))
    assert all(features(inspect.getsource(case.program)) <= held for case in cases.values())
    assert len(chosen) < len(cases) / 2
