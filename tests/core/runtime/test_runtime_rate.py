"""The rate keeper, on a clock that moves only when told to, and once on the real one."""

from __future__ import annotations

import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import UsageError
from leapp_core.runtime import RateKeeper, run_realtime

MS = 1_000_000


class Clock:
    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += round(seconds * 1e9)


def loop(work_ms, frequency=100.0):
    clock = Clock()
    rate = RateKeeper(frequency, clock=clock, sleep=clock.sleep)
    begun, missed = [], []
    for work in work_ms:
        missed.append(rate.wait())
        begun.append(clock.now / MS)
        clock.now += round(work * MS)
    return rate, begun, missed


def test_steps_begin_on_the_beat():
    rate, begun, missed = loop([2, 9, 0, 5])
    assert begun == [0, 10, 20, 30]
    assert missed == [0, 0, 0, 0]
    report = rate.report()
    assert (report.steps, report.overruns, report.skipped, report.worst_late_ms) == (4, 0, 0, 0)
    assert report.achieved == pytest.approx(100.0)
    assert report.busy_percent == pytest.approx(100 * (2 + 9 + 0) / 30)


def test_a_short_overrun_does_not_move_the_beat():
    rate, begun, missed = loop([2, 13, 2, 2])
    assert begun == [0, 10, 23, 30]
    assert missed == [0, 0, 0, 0]
    report = rate.report()
    assert (report.overruns, report.skipped) == (1, 0)
    assert report.worst_late_ms == pytest.approx(3)
    assert report.mean_late_ms == pytest.approx(1)


def test_missed_beats_are_skipped_not_made_up_for():
    rate, begun, missed = loop([35, 1, 1])
    assert begun == [0, 35, 40]
    assert missed == [0, 2, 0]
    report = rate.report()
    assert (report.overruns, report.skipped) == (1, 2)
    assert report.worst_late_ms == pytest.approx(5)


def test_no_drift_at_frequencies_without_a_whole_period():
    _rate, begun, _missed = loop([0] * 3001, frequency=300.0)
    assert begun[-1] == pytest.approx(10_000, abs=1e-3)


@pytest.mark.parametrize("frequency", [0, -1, float("nan"), float("inf"), None])
def test_wrong_frequencies(frequency):
    with pytest.raises(UsageError, match="frequency is"):
        RateKeeper(frequency)


@pytest.mark.parametrize("spin", [0.0, 0.002])
def test_real_time(spin):
    rate = RateKeeper(200.0, spin_s=spin)
    for _ in range(21):
        rate.wait()
    report = rate.report()
    assert report.steps == 21
    assert report.achieved <= 201
    assert set(report.as_dict()) >= {"steps", "overruns", "achieved"}


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_wrong_durations(tmp_path, seconds):
    with pytest.raises(UsageError, match="seconds is"):
        run_realtime(pipelines.mlp(tmp_path).open(), 50.0, seconds)
