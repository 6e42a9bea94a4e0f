"""A reading that nobody declared: frozen while it is recorded, so only its origin gives it away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from leapp_core import capture


def record(tmp_path, read):
    session = capture("walk", tmp_path)
    with session:
        for k in range(4):
            q = session.input_tensors("walk", {"q": torch.full((1, 3), float(k))})
            session.output_tensors("walk", {"target": torch.cat([q, read()], dim=-1) * 2})
    return session.compile().constants


@pytest.mark.parametrize("scaled", [False, True])
def test_memory_of_a_simulator_is_flagged(tmp_path, scaled):
    contact = np.zeros((1, 3), np.float32)

    def read_contact():
        force = torch.from_numpy(contact)
        return (force * 0.01).clone() if scaled else force

    (constant,) = record(tmp_path, read_contact)
    assert constant.origin == "foreign"
    assert "outside PyTorch" in str(constant.warning)
    if scaled:
        assert "force * 0.01" in str(constant.warning)


def test_what_is_computed_from_tensors_of_ones_own_is_not(tmp_path):
    limits = torch.ones(1, 3)
    (constant,) = record(tmp_path, lambda: limits * 2)
    assert (constant.origin, constant.warning) == ("tensor", None)
