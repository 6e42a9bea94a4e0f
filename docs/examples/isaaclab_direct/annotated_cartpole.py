"""Isaac Lab's direct-workflow cartpole with its inputs and outputs annotated, registered as a task of its own."""

from __future__ import annotations

import gymnasium
import torch
from isaaclab_tasks.core.cartpole.cartpole_direct_env import CartpoleEnv
from leapp import InputKindEnum, OutputKindEnum, TensorSemantics, annotate

TASK = "Annotated-Cartpole-Direct"


class AnnotatedCartpoleEnv(CartpoleEnv):
    """Says what is read from the robot and what is written to it; everything between is recorded as it runs."""

    def _get_observations(self) -> dict:
        joints = list(self.cartpole.joint_names)
        position = TensorSemantics(
            name="joint_pos",
            ref=self.cartpole.data.joint_pos.torch,
            kind=InputKindEnum.JOINT_POSITION,
            element_names=joints,
            extra={"isaaclab_connection": "state:cartpole:joint_pos"},
        )
        velocity = TensorSemantics(
            name="joint_vel",
            ref=self.cartpole.data.joint_vel.torch,
            kind=InputKindEnum.JOINT_VELOCITY,
            element_names=joints,
            extra={"isaaclab_connection": "state:cartpole:joint_vel"},
        )
        self.joint_pos, self.joint_vel = annotate.input_tensors(TASK, [position, velocity])
        return super()._get_observations()

    def _pre_physics_step(self, actions: torch.Tensor) -> None:
        super()._pre_physics_step(actions)
        effort = TensorSemantics(
            name="joint_effort",
            ref=self.actions,
            kind=OutputKindEnum.JOINT_EFFORT,
            element_names=[self.cfg.cart_dof_name],
            extra={"isaaclab_connection": "write:cartpole:set_joint_effort_target_index"},
        )
        self.actions = annotate.output_tensors(TASK, [effort])


def register() -> None:
    """Do nothing more: importing this module has registered the task. Isaac Lab's training asks for a function."""


gymnasium.register(
    id=TASK,
    entry_point=f"{__name__}:AnnotatedCartpoleEnv",
    disable_env_checker=True,
    kwargs=dict(gymnasium.spec("Isaac-Cartpole-Direct").kwargs),
)
