"""What the time of a recording went to."""

from __future__ import annotations

import json

import pytest

from leapp_core.policy_export.timing import RecordingTime
from tests.cli.invoke import leapp

EXPORT = ("export", "--task", "Builtin-Reach-Arm", "--use_pretrained_checkpoint", "--disable_graph_visualization")


def test_the_parts_add_up():
    time = RecordingTime.of([9.0, 1.0, 1.2, 1.0], looking=0.7, preparing=0.3)
    assert (time.steps, time.total, time.first, time.looking) == (4, pytest.approx(12.5), 8.0, 0.7)
    assert time.first + time.looking + time.preparing + time.stepping == pytest.approx(time.total)
    assert str(time).startswith("4 steps in 12.5 s: 8.0 s more for the first")
    assert "0.3 s rewriting source that is followed" in str(time)


def test_an_export_says_where_its_time_went(tmp_path):
    result = leapp(*EXPORT, "--closed_loop_steps", "0", "--save_path", str(tmp_path), "--json")
    assert result.code == 0, result.err
    spent = json.loads(result.out)["recording_s"]
    assert spent["steps"] == 5
    assert 0 < spent["looking"] < spent["total"]
    assert 0 < spent["preparing"] < spent["total"]
    parts = sum(spent[part] for part in ("first", "looking", "preparing", "stepping"))
    assert parts == pytest.approx(spent["total"])
