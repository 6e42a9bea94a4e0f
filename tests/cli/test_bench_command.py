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
    assert "frequency is -3" in result.err
