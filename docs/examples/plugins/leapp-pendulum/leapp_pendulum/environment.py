"""The task in the two forms that LEAPP needs. Both draw the same episode from the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import torch

from leapp_core import InputKind, OutputKind, TensorSemantics
from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, EnvRequest, PolicyEnvironment, StepOutcome
from leapp_core.plugins.policies import LoadedPolicy, Recorder
from leapp_core.spec.document import BundleDocument
from leapp_pendulum.task import FREQUENCY, MAX_STEPS, Physics, Processing


class TrainingPendulum(PolicyEnvironment):
    """As in training: readings are processed for the policy, its action is processed for the robot."""

    frequency = FREQUENCY
    num_actions = 1
    agent = None  # this library saves no configuration
    max_episode_steps = MAX_STEPS

    def __init__(self, request: EnvRequest) -> None:
        self.task = self.node = request.task
        self._physics = Physics()
        self._processing = Processing()
        self.reset(request.seed)

    def observations(self) -> Mapping[str, torch.Tensor]:
        return {"observations": self._processing.observe(self._physics.angle, self._physics.velocity)}

    def reset(self, seed: int) -> None:
        self._physics.reset(seed)
        self._processing.reset()

    def step(self, policy: LoadedPolicy, session: Recorder | None = None) -> StepOutcome:
        with torch.inference_mode():
            if session is not None:
                # What a robot would measure, before it is processed.
                angle = TensorSemantics("angle", self._physics.angle, InputKind.JOINT_POSITION, ["pivot"])
                velocity = TensorSemantics("velocity", self._physics.velocity, InputKind.JOINT_VELOCITY, ["pivot"])
                session.input_tensors(self.node, [angle, velocity])
            # Told to LEAPP, so that the bundle can be judged by what the policy was shown.
            readings = {"angle": self._physics.angle.numpy().copy(), "velocity": self._physics.velocity.numpy().copy()}
            torque = self._processing.torque(policy.act(self.observations(), session, self.node))
            if session is not None:
                # What a robot would be sent, after it was processed.
                effort = TensorSemantics("torque", torque, OutputKind.JOINT_EFFORT, ["pivot"])
                session.output_tensors(self.node, [effort])
            with nullcontext() if session is None else session.paused():
                self._physics.drive(torque)
            return replace(outcome(self._physics, {"torque": torque.numpy().copy()}), readings=readings)


class DeployedPendulum(DeploymentEnvironment):
    """As a robot would be: readings out, torque in, nothing processed."""

    max_episode_steps = MAX_STEPS

    def __init__(self, request: EnvRequest, document: BundleDocument) -> None:
        self._physics = Physics()
        self._readings = {str(ref): ref.port for ref in document.pipeline.inputs}
        unknown = sorted(set(self._readings.values()) - {"angle", "velocity"})
        torques = [str(ref) for ref in document.pipeline.outputs if ref.port == "torque"]
        if unknown or len(torques) != 1:
            raise EnvError(
                f"bundle {document.name!r} does not fit a pendulum",
                expected="inputs angle and velocity, and one output torque",
            )
        self._torque = torques[0]
        self.reset(request.seed)

    def reset(self, seed: int) -> None:
        self._physics.reset(seed)

    def read(self) -> dict[str, np.ndarray]:
        return {name: getattr(self._physics, port).numpy() for name, port in self._readings.items()}

    def step(self, outputs: Mapping[str, np.ndarray]) -> StepOutcome:
        with torch.inference_mode():
            self._physics.drive(torch.from_numpy(outputs[self._torque]))
            return outcome(self._physics, {})


def outcome(physics: Physics, targets: Mapping[str, np.ndarray]) -> StepOutcome:
    """Return what LEAPP compares between the two forms; the reward is only reported."""
    angle, velocity = physics.angle.numpy(), physics.velocity.numpy()
    state = {"angle": angle.copy(), "velocity": velocity.copy()}
    return StepOutcome(targets, reward=-float(np.abs(angle).max()), done=bool(np.abs(angle).max() > 3.0), state=state)
