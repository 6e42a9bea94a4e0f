"""Write an untrained checkpoint as rsl_rl's own runner saves it: ``isaaclab_checkpoint TASK FILE``.

Its agent configuration is written beside it, as Isaac Lab's training script does. Isaac Lab's own exporter loads critic
and optimizer too, so that the acting model alone is not enough for it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from leapp_core import compat


def main(task: str, path: str) -> None:
    """Start the task with one environment on the CPU, build its runner, save."""
    compat.activate()
    from isaaclab.app import launch_simulation
    from isaaclab_tasks.utils.hydra import resolve_task_config

    env_cfg, agent_cfg = resolve_task_config(
        task, "rsl_rl_cfg_entry_point", overrides=["presets=newton_mjwarp", "agent.device=cpu"]
    )
    env_cfg.scene.num_envs, env_cfg.sim.device = 1, "cpu"
    with launch_simulation(env_cfg, {"headless": True, "device": "cpu"}):
        _save(task, path, env_cfg, agent_cfg)


def _save(task: str, path: str, env_cfg: Any, agent_cfg: Any) -> None:
    from importlib.metadata import version

    import gymnasium
    from isaaclab.utils import to_dict
    from isaaclab.utils.io import dump_yaml
    from isaaclab_rl.rsl_rl import RslRlVecEnvWrapper, handle_deprecated_rsl_rl_cfg
    from rsl_rl.runners import OnPolicyRunner

    agent: dict[str, Any] = to_dict(handle_deprecated_rsl_rl_cfg(agent_cfg, version("rsl-rl-lib")))
    dump_yaml(str(Path(path).parent / "params" / "agent.yaml"), agent)
    env = RslRlVecEnvWrapper(gymnasium.make(task, cfg=env_cfg, render_mode=None))
    OnPolicyRunner(env, agent, None, "cpu").save(path)
    env.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
