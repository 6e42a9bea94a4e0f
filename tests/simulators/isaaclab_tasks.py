"""Tasks that Isaac Lab does not have, made of its parts; importing this module registers them."""

from __future__ import annotations

from typing import Any

import gymnasium
from isaaclab.actuators import ImplicitActuatorCfg
from isaaclab.managers import ObservationTermCfg, SceneEntityCfg
from isaaclab.utils import configclass
from isaaclab_tasks.core.velocity.config.go2 import agents
from isaaclab_tasks.core.velocity.config.go2.flat_env_cfg import UnitreeGo2FlatEnvCfg


def foot_forces(env: Any, sensor_cfg: SceneEntityCfg) -> Any:
    """Return the contact forces at some bodies over the sensor's last physics steps (N), flattened."""
    forces = env.scene.sensors[sensor_cfg.name].data.net_forces_w_history.torch
    return forces[:, :, sensor_cfg.body_ids].flatten(start_dim=1)


@configclass
class Go2ContactsEnvCfg(UnitreeGo2FlatEnvCfg):
    """Go2 on flat ground that feels its feet, with motors that the simulator computes."""

    def __post_init__(self) -> None:
        """Change the parent's settings."""
        super().__post_init__()
        feet = SceneEntityCfg("contact_forces", body_names=".*_foot", preserve_order=True)
        self.observations.policy.foot_forces = ObservationTermCfg(
            func=foot_forces, params={"sensor_cfg": feet}, scale=0.01
        )
        self.scene.robot.actuators = {
            "hips": ImplicitActuatorCfg(joint_names_expr=[".*_hip_joint"], stiffness=25.0, damping=0.5),
            "legs": ImplicitActuatorCfg(
                joint_names_expr=[".*_thigh_joint", ".*_calf_joint"], stiffness=30.0, damping=0.75
            ),
        }


gymnasium.register(
    id="Isaac-Velocity-Flat-Go2-Contacts",
    entry_point="isaaclab.envs:ManagerBasedRLEnv",
    disable_env_checker=True,
    kwargs={
        "env_cfg_entry_point": f"{__name__}:Go2ContactsEnvCfg",
        "rsl_rl_cfg_entry_point": f"{agents.__name__}.rsl_rl_ppo_cfg:UnitreeGo2FlatPPORunnerCfg",
    },
)
