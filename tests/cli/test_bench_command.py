"""``leapp bench``."""

from __future__ import annotations

import json

from tests.cli.invoke import leapp


def test_table(bundle):
    result = leapp("bench", str(bundle), "--steps", "200")
    assert result.code == 0, result.err
    for word in ("median", "p99", "processor", "wall", "native calls per step", "50 Hz"):
        assert word in result.out


def test_json_with_rate(bundle):
    result = leapp("bench", str(bundle), "--steps", "200", "--realtime", "0.2", "--frequency", "100", "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["merged"] is True
    assert found["latency"]["steps"] == 200
    assert found["latency"]["median_us"] > 0
    assert found["rate"]["frequency"] == 100
    assert found["rate"]["steps"] + found["rate"]["skipped"] >= 20


def test_wrong_frequency(bundle):
    result = leapp("bench", str(bundle), "--steps", "10", "--realtime", "1", "--frequency", "-3")
    assert result.code == 2
    assert "--frequency got -3" in result.err


def test_frequency_without_realtime_would_change_nothing(bundle):
    result = leapp("bench", str(bundle), "--frequency", "100")
    assert result.code == 2
    assert "--frequency goes with --realtime" in result.err


def test_a_time_too_short_for_two_steps_says_which_would_do(bundle):
    result = leapp("bench", str(bundle), "--steps", "10", "--realtime", "0.01")
    assert result.code == 2
    assert "--realtime 0.04 or more" in result.err


def test_inputs_can_be_checked_as_on_a_robot(bundle):
    found = json.loads(leapp("bench", str(bundle), "--steps", "100", "--check-finite", "--json").out)
    assert found["not_finite"] == []
