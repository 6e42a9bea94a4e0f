"""Memory of other software that a step wraps in parts, as simulators keep poses: places and rotations in one array."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import leapp_core


class Poses:
    """Eight bodies of ``x, y, z`` and a quaternion; each part is wrapped anew in every step."""

    def __init__(self) -> None:
        self.all = np.arange(56, dtype=np.float32).reshape(8, 7)

    def part(self, columns: slice) -> torch.Tensor:
        return torch.as_tensor(np.asarray(self.all[:, columns]))


FIRST, SECOND = slice(0, 3), slice(3, 7)


@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST), (slice(0, 2), slice(1, 5), SECOND)])
def test_parts_of_one_array_in_any_order(order: tuple[slice, ...]) -> None:
    poses = Poses()
    with leapp_core.capture("policy") as session, torch.no_grad():
        for k in range(4):
            x = session.input_tensors("policy", {"x": torch.full((8, 1), float(k))})
            y = x
            for columns in order:
                y = y + poses.part(columns).sum(dim=1, keepdim=True)
            session.output_tensors("policy", {"y": y})
    (program,) = session.compile().programs.values()
    for sample in program.samples:
        (found,) = program.exported.module()(*(sample.inputs[port.name] for port in program.spec.inputs))
        torch.testing.assert_close(found, sample.outputs["y"])
