"""A built-in task's scene for a bundle: sensors to read and joint controllers to write, no observations or actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, StepOutcome
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.builtin.catalog import BuiltinTask
from leapp_rsl_rl.environments.builtin.policy_env import KD, KP, advance, array
from leapp_rsl_rl.environments.builtin.ports import SensorPort, TargetPort
from leapp_rsl_rl.environments.builtin.scene import Scene


class BuiltinDeployment(DeploymentEnvironment):
    """The deployment form of a built-in task."""

    def __init__(self, task: BuiltinTask, document: BundleDocument, seed: int, device: str) -> None:
        """Make the scene and connect the bundle's ports to it by their names.

        Args:
            task: Which task.
            document: The bundle.
            seed: Seed of the first episode.
            device: Torch device string.

        Raises:
            EnvError: The bundle asks for a reading that the task does not have, or has none of its targets.
        """
        config = task.env_config().for_deployment()
        self._scene = Scene(config, num_envs=1, seed=seed, device=device)
        self.max_episode_steps = self._scene.max_episode_length
        sensors = {port.name: port for port in config.sensors}
        targets = {port.name: port for port in config.targets}
        self._sensors = {str(ref): _sensor(ref, sensors, task.name) for ref in document.pipeline.inputs}
        outputs = document.pipeline.outputs
        self._targets: dict[str, TargetPort] = {str(r): targets[r.port] for r in outputs if r.port in targets}
        self._gains = {str(ref): ref.port for ref in outputs if ref.port in (KP, KD)}
        missing = sorted(set(targets) - {port.name for port in self._targets.values()})
        if missing:
            raise EnvError(
                f"task {task.name!r} needs {missing[0]!r}, which the bundle does not put out",
                expected=suggest(missing[0], [ref.port for ref in outputs]),
                fix="run the bundle with the task it was exported from",
                code="E006",
            )
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._scene.seed(seed)
        self._scene.reset_state()

    def read(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the sensors' readings and the commands, as ``node/port`` to array."""
        return {ref: array(port.read(self._scene)) for ref, port in self._sensors.items()}

    def step(self, outputs: Mapping[str, np.ndarray[Any, Any]]) -> StepOutcome:
        """Set gains and targets of the joint controllers and let the physics run for one policy step."""
        with torch.inference_mode():
            robot = self._scene.robot
            robot.remember_targets()
            for ref, gain in self._gains.items():
                values = torch.as_tensor(outputs[ref], device=robot.device).reshape(-1)
                (robot.stiffness if gain == KP else robot.damping)[:] = values
            for ref, port in self._targets.items():
                port.write(self._scene, torch.as_tensor(outputs[ref], device=robot.device))
            return advance(self._scene)

    def render(self) -> np.ndarray[Any, Any]:
        """Return a picture of the robot from the side."""
        from leapp_rsl_rl.environments.builtin.drawing import draw_scene

        return draw_scene(self._scene)


def _sensor(ref: PortRef, sensors: Mapping[str, SensorPort], task: str) -> SensorPort:
    if ref.port in sensors:
        return sensors[ref.port]
    raise EnvError(
        f"task {task!r} has no reading or command for the input {str(ref)!r} of the bundle",
        where=str(ref),
        expected=suggest(ref.port, sensors),
        fix="run the bundle with the task it was exported from",
        code="E006",
    )
