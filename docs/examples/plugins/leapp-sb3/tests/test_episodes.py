"""Whole episodes are those of SB3's own ``predict(deterministic=True)``."""

import dataclasses
import json

import pytest
from episodes import compare, exported
from training import WAYS

ACTION, OBSERVATION = 1e-4, 1e-3
"""Limits of a difference. Both round the same arithmetic otherwise, and a task may enlarge it from step to step."""


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_bundle_acts_as_predict(way, trained, tmp_path, record_property):
    bundle, report = exported(way, trained(way.name), tmp_path)
    assert report["validation"]["ok"]
    found = compare(way, trained(way.name), bundle)
    record_property("episodes", json.dumps(dataclasses.asdict(found)))  # for --junitxml
    assert found.steps > 10
    assert found.action < ACTION
    assert found.observation < OBSERVATION
