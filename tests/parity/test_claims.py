"""What docs/explanation/compared.md says of the published ``leapp`` 0.7.2, and of the same three pipelines here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError, RuntimeInputError
from leapp_core.runtime import load
from tests.parity.conftest import run_peer

ONES = np.ones((1, 3), np.float32)


@pytest.mark.venv
@pytest.mark.slow
def test_what_is_said_of_leapp_is_so(peer_python: Path, tmp_path: Path) -> None:
    run_peer(peer_python, "claims.py", tmp_path)
    found = json.loads((tmp_path / "claims.json").read_text())
    assert found["state, one step recorded"] == [1.0, 1.0, 1.0]
    assert "validation failed" in found["state, three steps recorded"]
    assert found["branch"] == -2.0
    assert found["missing input"] == 1.0


def test_state_in_an_attribute_is_found(tmp_path: Path) -> None:
    last = torch.zeros(1, 3)
    with leapp_core.capture("smoothed", save_path=tmp_path) as session:
        for _ in range(3):
            x = session.input_tensors("policy", {"x": torch.ones(1, 3)})
            last = 0.5 * last + x
            session.output_tensors("policy", {"y": last * 1.0})
    bundle = session.export(backend="onnx-dynamo", visualize=False).bundle
    runtime = load(bundle)
    assert [float(runtime.step({"x": ONES})["y"][0, 0]) for _ in range(3)] == [1.0, 1.5, 1.75]
    with pytest.raises(RuntimeInputError, match="x"):
        runtime.step({})


def test_one_recorded_step_is_not_enough_for_state(tmp_path: Path) -> None:
    last = torch.zeros(1, 3)
    with leapp_core.capture("smoothed", save_path=tmp_path) as session:
        last = 0.5 * last + session.input_tensors("policy", {"x": torch.ones(1, 3)})
        session.output_tensors("policy", {"y": last * 1.0})
    with pytest.raises(CaptureError, match="one step was captured"):
        session.compile()


def test_a_branch_on_a_value_is_refused(tmp_path: Path) -> None:
    with leapp_core.capture("branch", save_path=tmp_path) as session:
        for _ in range(3):
            x = session.input_tensors("policy", {"x": torch.ones(1, 3)})
            y = x * 2 if x.sum().item() > 0 else x * -1
            session.output_tensors("policy", {"y": y})
    with pytest.raises(CaptureError, match="item"):
        session.compile()
