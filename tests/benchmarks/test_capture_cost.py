"""What capture may cost: time of a recorded step and memory of a session, with room for a busy machine."""

from __future__ import annotations

import pytest

from tests.benchmarks.capture import measure_step, session_memory

LIMITS = {"many small operations": 15.0, "image, GRU and network": 4.5}
"""Ratios to eager; ``make bench`` holds the goals (10 and 3), other processes on the machine cost the rest."""


@pytest.mark.slow
@pytest.mark.parametrize("case", LIMITS)
def test_recording_a_step_costs_a_bounded_factor(case: str) -> None:
    assert min(measure_step(case, 4).ratio for _ in range(3)) < LIMITS[case]


@pytest.mark.slow
def test_memory_of_a_session_does_not_grow_with_steps_beyond_those_kept() -> None:
    session_memory(5)  # what is imported and cached at first use
    few, many = session_memory(5), session_memory(60)
    assert many < few * 1.1 + 0.2
