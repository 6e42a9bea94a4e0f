"""Measure how long a step takes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leapp_core.errors import UsageError
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.mock import mock_inputs
from leapp_core.runtime.policy import PolicyRuntime
from leapp_core.runtime.rate import RateKeeper, RateReport

_INPUT_SETS = 16
"""Different inputs taken in turn, so that no step sees those of the one before."""


@dataclass(frozen=True)
class LatencyReport:
    """Time per step, in microseconds.

    Processor time of the calling thread says what a step costs; wall time also holds what else the machine did.

    Attributes:
        steps: Steps measured.
        median_us: Median processor time.
        p90_us: 90th percentile.
        p99_us: 99th percentile.
        worst_us: Largest.
        wall_median_us: Median wall time.
        wall_p90_us: 90th percentile of wall time.
        wall_p99_us: 99th percentile of wall time.
        wall_worst_us: Largest wall time.
    """

    steps: int
    median_us: float
    p90_us: float
    p99_us: float
    worst_us: float
    wall_median_us: float
    wall_p90_us: float
    wall_p99_us: float
    wall_worst_us: float

    @property
    def max_frequency(self) -> float:
        """Steps per second (Hz) that 99 of 100 steps could keep."""
        return 1e6 / self.wall_p99_us

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "max_frequency": self.max_frequency}


def measure_bundle(runtime: PolicyRuntime, steps: int = 10_000, *, seed: int = 0) -> LatencyReport:
    """Time ``runtime.step`` on random inputs; the policy is reset before and after.

    Args:
        runtime: The policy.
        steps: Steps to measure, after a tenth of that (at least 50) to warm up.
        seed: Seed of the inputs.
    """
    if steps < 1:
        raise UsageError(f"steps is {steps}", expected="1 or more", code="U003")
    inputs = [mock_inputs(runtime.inputs, seed + i, runtime.sizes) for i in range(_INPUT_SETS)]
    runtime.reset()

    def step(i: int) -> None:
        runtime.step(inputs[i % _INPUT_SETS])

    try:
        return summarise(*measure(step, steps))
    finally:
        runtime.reset()


def run_realtime(runtime: PolicyRuntime, frequency: float, seconds: float, *, seed: int = 0) -> RateReport:
    """Step on random inputs at a fixed rate; the policy is reset before and after.

    Args:
        runtime: The policy.
        frequency: Steps per second (Hz).
        seconds: How long.
        seed: Seed of the inputs.

    Raises:
        UsageError: no such frequency or duration.
    """
    if not 0 <= seconds < float("inf"):
        raise UsageError(f"seconds is {seconds}", expected="a number, not negative", code="U003")
    inputs = [mock_inputs(runtime.inputs, seed + i, runtime.sizes) for i in range(_INPUT_SETS)]
    rate = RateKeeper(frequency)
    runtime.reset()
    step = 0
    # Counted in beats, so that skipped ones do not make it longer.
    while step < max(2, round(seconds * frequency)):
        step += 1 + rate.wait()
        runtime.step(inputs[step % _INPUT_SETS])
    runtime.reset()
    return rate.report()


def measure(call: Callable[[int], object], steps: int) -> tuple[Array, Array]:
    """Time ``call(i)``; return thread processor time and wall time of each step in nanoseconds.

    Python's garbage collector is held back meanwhile, as a control loop would do.
    """
    for i in range(max(50, steps // 10)):
        call(i)
    cpu, wall = np.empty(steps, np.int64), np.empty(steps, np.int64)
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for i in range(steps):
            wall_start, start = time.perf_counter_ns(), time.thread_time_ns()
            call(i)
            cpu[i] = time.thread_time_ns() - start
            wall[i] = time.perf_counter_ns() - wall_start
    finally:
        if collecting:
            gc.enable()
    return cpu, wall


def summarise(cpu: Array, wall: Array) -> LatencyReport:
    """Turn nanoseconds per step into a report."""
    median, p90, p99 = (float(v) / 1e3 for v in np.percentile(cpu, (50, 90, 99)))
    wall_median, wall_p90, wall_p99 = (float(v) / 1e3 for v in np.percentile(wall, (50, 90, 99)))
    return LatencyReport(
        steps=len(cpu),
        median_us=median,
        p90_us=p90,
        p99_us=p99,
        worst_us=float(cpu.max()) / 1e3,
        wall_median_us=wall_median,
        wall_p90_us=wall_p90,
        wall_p99_us=wall_p99,
        wall_worst_us=float(wall.max()) / 1e3,
    )
