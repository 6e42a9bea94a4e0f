"""Arrays made once, before the session, and filled by index in each step, as deployment scripts have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from leapp_core.tracing.session import CaptureSession, capture

SCALE = np.array([0.5, 0.25, 2.0], dtype=np.float32)
OBSERVATION = np.zeros(6, dtype=np.float32)
WEIGHT = torch.linspace(-1.0, 1.0, 12).reshape(2, 6)


class Controller:
    """Keeps its observation, as classes of deployment scripts do."""

    def __init__(self) -> None:
        self.obs = np.zeros(6, dtype=np.float32)
        self.history = np.zeros((3, 3), dtype=np.float32)

    def act(self, x: torch.Tensor) -> torch.Tensor:
        a = x.numpy()
        self.obs[:3] = a
        self.obs[3:] = SCALE * 2
        for i in range(3):
            self.obs[3 + i] += a[i] * 2  # specialised by the interpreter after some steps
        return WEIGHT @ torch.from_numpy(self.obs)

    def remember(self, x: torch.Tensor) -> torch.Tensor:
        self.history[:-1] = self.history[1:]
        self.history[-1] = x.numpy()
        return torch.from_numpy(self.history.reshape(-1) * 1)


def filled_global(x: torch.Tensor) -> torch.Tensor:
    OBSERVATION[:3] = x.numpy() * SCALE
    OBSERVATION[3:] = SCALE * 2
    return WEIGHT @ torch.from_numpy(np.clip(OBSERVATION, -1.0, 1.0))


def inputs(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, generator=generator) for _ in range(count)]


def assert_same(session: CaptureSession, expected: list[torch.Tensor]) -> None:
    pipeline = session.compile()
    program = pipeline.programs["node"].exported.module()
    state = list(pipeline.initial_values.values())
    for x, y in zip(inputs(len(expected)), expected, strict=True):
        out = program(x, *state)
        state = list(out[1:])
        torch.testing.assert_close(out[0], y)


def recorded(step: Any) -> tuple[CaptureSession, list[torch.Tensor]]:
    results = []
    with capture("g") as session:
        for x in inputs(5):
            session.input_tensors("node", {"x": x})
            y = step(x)
            session.output_tensors("node", {"y": y})
            results.append(y.clone())
    return session, results


def test_an_array_of_the_module_filled_in_each_step() -> None:
    before = OBSERVATION
    session, results = recorded(filled_global)
    expected = [filled_global(x) for x in inputs(8)]
    assert all(torch.equal(a, b) for a, b in zip(results, expected, strict=False))
    assert_same(session, expected)
    assert OBSERVATION is before
    assert type(OBSERVATION) is np.ndarray


def test_an_array_of_an_object_filled_in_each_step() -> None:
    controller = Controller()
    before = controller.obs
    session, results = recorded(controller.act)
    expected = [Controller().act(x) for x in inputs(8)]
    assert all(torch.equal(a, b) for a, b in zip(results, expected, strict=False))
    assert_same(session, expected)
    assert controller.obs is before


def test_a_history_shifted_in_place_begins_with_what_it_held() -> None:
    session, results = recorded(Controller().remember)
    other = Controller()
    expected = [other.remember(x) for x in inputs(8)]
    assert all(torch.equal(a, b) for a, b in zip(results, expected, strict=False))
    assert_same(session, expected)


def test_an_array_of_the_function_that_opens_the_session() -> None:
    obs = np.zeros(6, dtype=np.float32)
    action = np.zeros(2, dtype=np.float32)
    before, expected = obs, []
    with capture("g") as session:
        for x in inputs(5):
            session.input_tensors("node", {"x": x})
            obs[:3] = x.numpy()
            obs[3:5] = action
            action = (WEIGHT @ torch.from_numpy(obs)).numpy()
            y = torch.from_numpy(action) * 0.5
            session.output_tensors("node", {"y": y})
            expected.append(y.clone())
    assert obs is before
    assert_same(session, expected)
