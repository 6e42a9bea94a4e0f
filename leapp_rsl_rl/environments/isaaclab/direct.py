"""A task of the direct workflow in deployment form: its scene, physics and resets, without its control step."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def direct_deployment(env: Any, yaml_path: str) -> Any:
    """Return Isaac Lab's deployment of a scene that a direct task has made.

    A direct task makes its scene and starts its episodes in its own code, so both are left to it. Nothing else of it
    runs: what connections name is read and written by Isaac Lab's deployment, as for manager-based tasks.

    Args:
        env: The task's environment, of Isaac Lab's ``DirectRLEnv``.
        yaml_path: The bundle's YAML file.

    Raises:
        KeyError: a connection names an entity that the scene does not have; AttributeError for its properties.
    """
    from isaaclab.envs import leapp_deployment_env as deployment
    from ruamel.yaml import YAML

    class DirectDeployment(deployment.LeappDeploymentEnv):  # type: ignore[misc]
        """Isaac Lab's deployment, which would make scene and resets from managers' configurations."""

        def __init__(self) -> None:
            self.cfg, self.sim, self.scene = env.cfg, env.sim, env.scene
            self.event_manager = self.command_manager = None
            self._step_count = self._sim_step_counter = 0
            self.inference = deployment.InferenceManager(yaml_path)
            self._leapp_desc = YAML(typ="safe", pure=True).load(Path(yaml_path))
            self._input_mapping: dict[str, Any] = {}
            self._output_mapping: dict[str, Any] = {}
            self._resolve_io()

        def reset(self) -> Any:
            """Begin an episode as the task does."""
            env.reset()
            return self._read_inputs()

        def close(self) -> None:
            """Close the task."""
            env.close()

    return DirectDeployment()
