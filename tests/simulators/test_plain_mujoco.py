"""``leapp deploy --model`` in plain MuJoCo against mjlab: one control step from equal states."""

from __future__ import annotations

import pytest

from tests.simulators.plain_mujoco import CASES, LIMIT, measured
from tests.simulators.venvs import ROOT

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(1800)]
SCENES = [case for case in CASES if case.model == "scene"]


@pytest.mark.parametrize("case", SCENES, ids=lambda case: case.name)
def test_one_control_step_from_equal_states(case, simulator):
    """A robot that falls, as the untrained G1 does, hits the ground in steps that multiply every rounding."""
    simulator("mjlab")
    (row,) = measured([case.name])
    assert row["steps"] >= 40
    assert row["within"] >= 0.95 * row["steps"]
    if "G1" not in case.name:
        assert max(row["one_step"].values()) <= LIMIT
        assert row["curve"][-1] <= max(100 * row["nudged"][-1], LIMIT)


def test_the_page_has_a_row_for_each_case():
    page = (ROOT / "docs" / "reference" / "mujoco.md").read_text(encoding="utf-8")
    assert page.count("| Mjlab-") == len(CASES)
