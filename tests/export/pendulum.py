"""A pendulum in training form and in deployment form, small enough to read, for closed-loop tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch

from leapp_core import InputKind, OutputKind, TensorSemantics
from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment, StepOutcome
from leapp_core.plugins.policies import LoadedPolicy


class Physics:
    """Angle and velocity of a damped pendulum, driven by torque."""

    def __init__(self) -> None:
        self.reset(0)

    def reset(self, seed: int) -> None:
        random = torch.Generator().manual_seed(seed)
        self.angle = torch.rand(1, 1, generator=random) - 0.5
        self.velocity = torch.zeros(1, 1)

    def readings(self) -> dict[str, np.ndarray]:
        return {"angle": self.angle.numpy().copy(), "velocity": self.velocity.numpy().copy()}

    def drive(self, torque: torch.Tensor, targets: Mapping[str, np.ndarray]) -> StepOutcome:
        self.velocity = 0.98 * self.velocity + 0.02 * (torque - 9.81 * torch.sin(self.angle))
        self.angle = self.angle + 0.02 * self.velocity
        return StepOutcome(targets, -float(self.angle.abs()), bool(self.angle.abs() > 3.0), self.readings())


class Damper(LoadedPolicy):
    """A policy with a layer and memory of its last action."""

    summary = "a linear layer"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self._layer = torch.nn.Linear(3, 1).eval()
        self.reset()

    def reset(self) -> None:
        self.last = torch.zeros(1, 1)

    def act(self, observations, session=None, node=None) -> torch.Tensor:
        self.last = self._layer(torch.cat([observations["policy"], self.last], dim=-1))
        return self.last


class TrainingPendulum(PolicyEnvironment):
    """Observations are scaled readings; the action is scaled torque.

    Args:
        silent: Do not tell readings, as environments need not.
    """

    task = node = "Pendulum"
    frequency = 50.0
    num_actions = 1
    agent = None
    max_episode_steps = 40

    def __init__(self, silent: bool = False) -> None:
        self._physics = Physics()
        self._silent = silent

    def observations(self) -> Mapping[str, torch.Tensor]:
        return {"policy": torch.cat([self._physics.angle, self._physics.velocity * 0.1], dim=-1)}

    def reset(self, seed: int) -> None:
        self._physics.reset(seed)

    def step(self, policy: LoadedPolicy, session=None) -> StepOutcome:
        with torch.inference_mode():
            if session is not None:
                session.input_tensors(
                    self.node,
                    [
                        TensorSemantics("angle", self._physics.angle, InputKind.JOINT_POSITION, ["pivot"]),
                        TensorSemantics("velocity", self._physics.velocity, InputKind.JOINT_VELOCITY, ["pivot"]),
                    ],
                )
            readings = {} if self._silent else self._physics.readings()
            torque = policy.act(self.observations(), session, self.node) * 2.0
            if session is not None:
                session.output_tensors(
                    self.node, [TensorSemantics("torque", torque, OutputKind.JOINT_EFFORT, ["pivot"])]
                )
                with session.paused():
                    return self._physics.drive(torque, {"torque": torque.numpy().copy()})
            return replace(self._physics.drive(torque, {"torque": torque.numpy().copy()}), readings=readings)


class DeployedPendulum(DeploymentEnvironment):
    """Readings and torque, no processing.

    Args:
        sign: Of the angle sensor, to make a robot that is wired wrongly.
        late: Step from which on it is.
        kick: Added to the velocity in the tenth step, to make a simulator that does not follow the seed.
        limit: Largest angle before the episode ends.
    """

    max_episode_steps = 40

    def __init__(self, sign: float = 1.0, kick: float = 0.0, limit: float = 3.0, late: int = 0) -> None:
        self._physics = Physics()
        self._sign, self._kick, self._limit, self._late = sign, kick, limit, late
        self._steps = 0

    def reset(self, seed: int) -> None:
        self._physics.reset(seed)
        self._steps = 0

    def read(self) -> dict[str, np.ndarray]:
        angle, velocity = self._physics.angle, self._physics.velocity
        sign = self._sign if self._steps >= self._late else 1.0
        return {"Pendulum/angle": (sign * angle).numpy(), "Pendulum/velocity": velocity.numpy()}

    def step(self, outputs: Mapping[str, np.ndarray]) -> StepOutcome:
        self._steps += 1
        self._physics.velocity += self._kick * (self._steps == 10)
        done = self._physics.drive(torch.from_numpy(outputs["Pendulum/torque"]), {})
        return StepOutcome({}, done.reward, bool(np.abs(done.state["angle"]) > self._limit), done.state)
