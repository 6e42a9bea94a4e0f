"""Simulators refresh buffers on reading, by time stamps: they decide when a kernel runs, not what is computed."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import torch

import leapp_core


class Stamped:
    """Memory of a simulator with the time it was computed for."""

    def __init__(self, values: list[float]) -> None:
        self.memory = np.array([values], np.float32)
        self.data = torch.from_numpy(self.memory)
        self.timestamp = -1.0


def launch(buffer: Stamped, values: tuple[float, ...]) -> None:
    """Compute a buffer in software outside Python."""
    made = np.array(values, np.float32)
    ctypes.memmove(buffer.memory.ctypes.data, made.ctypes.data, made.nbytes)


class Articulation:
    """Readings that are computed by kernels when somebody asks for them."""

    def __init__(self) -> None:
        self._sim_timestamp = 0.0
        self._limits = Stamped([-1.0, 1.0])
        self._position = Stamped([0.1, 0.2])

    @property
    def limits(self) -> torch.Tensor:
        """Limits of the joints."""
        if self._limits.timestamp < self._sim_timestamp:
            launch(self._limits, (-1.0, 1.0))
            self._limits.timestamp = self._sim_timestamp
        return self._limits.data

    @property
    def position(self) -> torch.Tensor:
        """Positions of the joints."""
        if self._position.timestamp < self._sim_timestamp:
            launch(self._position, (self._sim_timestamp, 2.0 * self._sim_timestamp))
            self._position.timestamp = self._sim_timestamp
        return self._position.data

    def update(self, dt: float) -> None:
        """Let time pass."""
        self._sim_timestamp += dt


class Queries:
    """Another part of the simulator, with stamps of its own."""

    def __init__(self) -> None:
        self.tree = Stamped([0.0])

    def run(self, cached: Stamped, timestamp: float, query: Callable[[], None]) -> None:
        """Run a query on fresh structures."""
        if cached.timestamp != timestamp:
            launch(cached, (0.0,))
            cached.timestamp = timestamp
        query()


class Environment:
    """An environment whose step is recorded with its physics."""

    def __init__(self) -> None:
        self._robot, self._queries = Articulation(), Queries()
        self._layer = torch.nn.Linear(2, 2)
        self._time = 0.0

    def step(self, session: leapp_core.CaptureSession) -> None:
        """Observe, act, let time pass."""
        reading = session.input_tensors("arm", {"position": self._robot.position.clone()})
        low, high = self._robot.limits[:, 0], self._robot.limits[:, 1]
        target = torch.clamp(self._layer(reading), low, high)
        session.output_tensors("arm", {"target": target})
        self._robot.update(0.02)
        self._time += 0.02
        self._queries.run(self._queries.tree, self._time, lambda: None)


def test_time_stamps_of_buffers_decide_nothing() -> None:
    environment = Environment()
    with leapp_core.capture("arm") as session, torch.inference_mode():
        for _ in range(5):
            environment.step(session)
    (node,) = session.compile().spec.nodes
    assert [port.name for port in node.inputs] == ["position"]
