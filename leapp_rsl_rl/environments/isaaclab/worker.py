"""The process that a deployment runs in: Isaac Lab has one simulation per process, and the policy may be in another.

Isaac Lab's own ``LeappDeploymentEnv`` runs unchanged; where it would ask the policy, it asks the other process.
Messages to it: ``("reset", seed)``, ``("outputs", arrays)``, ``("close",)``; from it: ``("inputs", arrays)``,
``("state", arrays)``, ``("error", text)``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.plugins.environments import EnvRequest

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


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
        from isaaclab.envs import leapp_deployment_env as deployment

        path = Path(folder) / "bundle.yaml"
        path.write_text(yaml_text, encoding="utf-8")
        policy = RemotePolicy(link, models, request.device)
        deployment.InferenceManager = lambda _: policy
        env = deployment.LeappDeploymentEnv(config.env, str(path))
        env.reset()  # after the very first reset of a scene Isaac Lab still reads the velocities from before it
        link.send(("ready", None))
        try:
            policy.seed = policy.wait("reset")
            with torch.inference_mode():
                while True:
                    _episode(env, policy, link)
        except (_ClosedError, EOFError):
            pass  # within the launcher, which prints the traceback of what passes through it
        finally:
            env.close()


def _episode(env: Any, policy: RemotePolicy, link: Connection) -> None:
    """Run an episode until another one, or the end, is asked for."""
    from isaaclab.utils.seed import configure_seed

    from leapp_rsl_rl.environments.isaaclab.state import robot_state

    configure_seed(policy.seed)
    env.reset()
    try:
        while True:
            env.step()
            link.send(("state", robot_state(env.scene)))
    except _NewEpisodeError:
        return
