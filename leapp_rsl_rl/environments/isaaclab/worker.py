"""The process that a deployment runs in: Isaac Lab has one simulation per process, and the policy may be in another.

Isaac Lab's own ``LeappDeploymentEnv`` runs unchanged; where it would ask the policy, it asks the other process.
Messages to it: ``("reset", seed)``, ``("outputs", arrays)``, ``("close",)``; from it: ``("ready", None)``,
``("inputs", arrays)``, ``("stepped", (reward, arrays))``, ``("error", text)``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.plugins.environments import EnvRequest

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from leapp_rsl_rl.environments.isaaclab.config import TaskConfig
    from leapp_rsl_rl.environments.isaaclab.rewards import RewardMeter


class _NewEpisodeError(Exception):
    """Leaves a step that waits for the policy, because another episode is to begin."""


class _ClosedError(Exception):
    """The other process needs this one no more."""


class RemotePolicy:
    """Stands where Isaac Lab's deployment has its ``InferenceManager``.

    Args:
        link: To the other process.
        models: The ``models`` section of the bundle's YAML file.
        device: Torch device of the simulation.
    """

    def __init__(self, link: Connection, models: Mapping[str, Any], device: str) -> None:
        from leapp_core.compat.inference import NodeDescription

        self._link, self._device = link, device
        self.seed = 0
        self.nodes = {name: NodeDescription(m["inputs"], m["outputs"]) for name, m in models.items()}

    def run_policy(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Give the readings away and wait for the targets."""
        import torch

        self._link.send(("inputs", {name: value.detach().cpu().numpy() for name, value in inputs.items()}))
        outputs = self.wait("outputs")
        return {name: torch.from_numpy(value).to(self._device) for name, value in outputs.items()}

    def reset(self) -> None:
        """Nothing: the policy's state is elsewhere."""

    def wait(self, expected: str) -> Any:
        """Return the content of the next message of that kind; other kinds leave the step."""
        kind, *content = self._link.recv()
        if kind == "close":
            raise _ClosedError
        if kind == "reset" and expected != "reset":
            self.seed = content[0]
            raise _NewEpisodeError
        return content[0]


def serve(link: Connection, request: EnvRequest, yaml_text: str) -> None:
    """Run the deployment until told to close; every failure is reported to the other process."""
    try:
        _serve(link, request, yaml_text)
    except Exception as error:  # noqa: BLE001 - the border of a process: the other one reports it
        link.send(("error", f"{type(error).__name__}: {error}"))


def _serve(link: Connection, request: EnvRequest, yaml_text: str) -> None:
    import torch
    from ruamel.yaml import YAML

    from leapp_core.compat import activate
    from leapp_rsl_rl.environments.isaaclab.config import load_config

    activate(force=True)
    config = load_config(request)
    models = YAML(typ="safe", pure=True).load(yaml_text)["models"]
    from isaaclab.app import launch_simulation

    with (
        launch_simulation(config.env, {"headless": True, "device": request.device}),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder) / "bundle.yaml"
        path.write_text(yaml_text, encoding="utf-8")
        policy = RemotePolicy(link, models, request.device)
        env, meter = _deployed(config, policy, str(path))
        env.reset()  # after the very first reset of a scene Isaac Lab still reads the velocities from before it
        link.send(("ready", None))
        try:
            policy.seed = policy.wait("reset")
            with torch.inference_mode():
                while True:
                    _episode(env, meter, policy, link)
        except (_ClosedError, EOFError):
            pass  # within the launcher, which prints the traceback of what passes through it
        finally:
            env.close()


def _deployed(config: TaskConfig, policy: RemotePolicy, yaml_path: str) -> tuple[Any, RewardMeter | None]:
    """Return Isaac Lab's deployment of a task, and what measures its rewards, if they can be known."""
    from isaaclab.envs import leapp_deployment_env as deployment

    deployment.InferenceManager = lambda _: policy
    if config.direct:
        import gymnasium

        from leapp_rsl_rl.environments.isaaclab.direct import direct_deployment

        task = gymnasium.make(config.task, cfg=config.env, render_mode=None).unwrapped
        return direct_deployment(task, yaml_path), None
    from isaaclab.utils.seed import configure_seed

    from leapp_rsl_rl.environments.isaaclab.rewards import reward_meter

    # Generated terrain, and the tile that a robot starts on, are drawn when the scene is made. Isaac Lab seeds a
    # training environment before that, but no deployment.
    configure_seed(config.env.seed)
    env = deployment.LeappDeploymentEnv(config.env, yaml_path)
    return env, reward_meter(env)


def _episode(env: Any, meter: RewardMeter | None, policy: RemotePolicy, link: Connection) -> None:
    """Run an episode until another one, or the end, is asked for."""
    from isaaclab.utils.seed import configure_seed

    from leapp_rsl_rl.environments.isaaclab.commands import keep_first_commands
    from leapp_rsl_rl.environments.isaaclab.sensors import clocks_stopped
    from leapp_rsl_rl.environments.isaaclab.state import robot_state

    configure_seed(policy.seed)
    with clocks_stopped(env.scene):
        env.reset()
    if env.command_manager is not None:
        keep_first_commands(env.command_manager)
    if meter is not None:
        meter.reset()
    try:
        while True:
            outputs = env.step()
            reward = None if meter is None else meter.reward(outputs)
            link.send(("stepped", (reward, robot_state(env.scene))))
    except _NewEpisodeError:
        return
