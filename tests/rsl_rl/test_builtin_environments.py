"""Actions, commands, events, episodes and determinism of the built-in environments."""

from __future__ import annotations

import pytest
import torch

from leapp_core.errors import UsageError
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, BuiltinTask, find_task
from leapp_rsl_rl.environments.builtin.env import ManagerBasedEnv

ALL_TASKS = pytest.mark.parametrize("task", BUILTIN_TASKS, ids=[task.name for task in BUILTIN_TASKS])


def run(task: BuiltinTask, seed: int, steps: int = 30) -> torch.Tensor:
    env = ManagerBasedEnv(task.env_config(), num_envs=4, seed=seed)
    actions = torch.sin(torch.arange(steps * env.num_actions).float()).reshape(steps, 1, -1).expand(-1, 4, -1)
    observed = [env.step(action)[0]["policy"] for action in actions]
    return torch.cat([torch.stack(observed).flatten(), env.robot.joint_pos.flatten()])


@ALL_TASKS
def test_equal_seeds_give_equal_runs(task: BuiltinTask) -> None:
    assert torch.equal(run(task, seed=5), run(task, seed=5))
    assert not torch.equal(run(task, seed=5), run(task, seed=6))


@ALL_TASKS
def test_one_environment_behaves_as_it_does_among_many(task: BuiltinTask) -> None:
    """No environment of a batch may influence another."""
    config = task.env_config().for_deployment()
    many, one = ManagerBasedEnv(config, num_envs=3, seed=1), ManagerBasedEnv(config, num_envs=1, seed=2)
    for mine, theirs in _state(one, many):
        mine[:] = theirs[1:2]
    one.observation_manager.reset(torch.tensor([0]))
    many.observation_manager.reset(torch.tensor([0, 1, 2]))
    for _ in range(20):
        torch.testing.assert_close(one.observe()["policy"], many.observe()["policy"][1:2], rtol=0, atol=1e-5)
        one.act(torch.full((1, one.num_actions), 0.3))
        many.act(torch.full((3, one.num_actions), 0.3))
        one.advance()
        many.advance()


def _state(one: ManagerBasedEnv, many: ManagerBasedEnv) -> list[tuple[torch.Tensor, torch.Tensor]]:
    names = ("joint_pos", "joint_vel", "joint_pos_target", "base_pos", "base_vel")
    pairs = [(getattr(one.robot, n), getattr(many.robot, n)) for n in names if hasattr(one.robot, n)]
    return pairs + [(one.command(term.name), many.command(term.name)) for term in one.config.commands]


def test_action_terms_scale_offset_and_clip_in_order() -> None:
    env = ManagerBasedEnv(find_task("Builtin-Reach-Arm").env_config(), num_envs=1)
    env.act(torch.tensor([[1.0, -9.0, 2.0]]))
    # shoulder 0.8 + 0.8 * 1.0, elbow -1.2 - 0.8 * 9.0 clipped to -2.6, wrist -0.4 + 0.5 * 2.0
    torch.testing.assert_close(env.robot.joint_pos_target, torch.tensor([[1.6, -2.6, 0.6]]))
    assert env.last_action().tolist() == [[1.0, -9.0, 2.0]]
    env.act(torch.zeros(1, 3))
    assert env.action_manager.prev_action.tolist() == [[1.0, -9.0, 2.0]]
    torch.testing.assert_close(env.robot.joint_pos_target, env.robot.default_joint_pos[None])


def test_effort_action_moves_the_driven_joint_only() -> None:
    env = ManagerBasedEnv(find_task("Builtin-Balance-Partial").env_config(), num_envs=1)
    env.act(torch.tensor([[3.0]]))
    assert env.robot.joint_effort_target.tolist() == [[20.0, 0.0]]


def test_time_out_resets_and_says_so() -> None:
    env = ManagerBasedEnv(find_task("Builtin-Reach-Arm").env_config(), num_envs=2)
    env.episode_length_buf = torch.tensor([env.max_episode_length - 1, 3])
    env.act(torch.ones(2, 3))
    _, _, dones, extras = env.step(torch.ones(2, 3))
    assert dones.tolist() == [1, 0]
    assert extras["time_outs"].tolist() == [True, False]
    assert env.episode_length_buf.tolist() == [0, 4]
    assert env.last_action().tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    assert "Episode_Reward/near" in extras["log"]


def test_failure_is_no_time_out() -> None:
    env = ManagerBasedEnv(find_task("Builtin-Balance-Partial").env_config(), num_envs=1)
    env.robot.joint_pos[0, 1] = 1.5
    _, _, dones, extras = env.step(torch.zeros(1, 1))
    assert dones.tolist() == [1]
    assert extras["time_outs"].tolist() == [False]


def test_commands_are_drawn_anew_after_their_time() -> None:
    env = ManagerBasedEnv(find_task("Builtin-Reach-Arm").env_config().for_deployment(), num_envs=1)
    targets = []
    for _ in range(env.max_episode_length - 1):
        env.step(torch.zeros(1, 3))
        targets.append(tuple(env.command("target_position")[0].tolist()))
    # 8 s with a new target every 2 to 4 s
    assert 2 <= len(set(targets)) <= 5


def test_deployment_form_has_no_noise_and_no_disturbances() -> None:
    config = find_task("Builtin-Velocity-Hopper").env_config()
    assert [event.name for event in config.events] == ["reset_joints", "reset_base", "push"]
    assert [event.name for event in config.for_deployment().events] == ["reset_joints", "reset_base"]
    assert not any(group.enable_corruption for group in config.for_deployment().observations)


def test_arm_without_drive_keeps_its_energy() -> None:
    """The equations of motion of the arm are right if nothing is gained or lost without effort."""
    env = ManagerBasedEnv(find_task("Builtin-Reach-Arm").env_config(), num_envs=3, seed=2)
    arm = env.robot
    arm.stiffness[:] = 0.0
    arm.damping[:] = 0.0
    arm.joint_pos[:] = torch.tensor([[0.5, 0.2, 0.1], [1.0, 0.5, -0.5], [0.2, -0.8, 0.4]])
    arm.joint_vel[:] = 0.2
    arm.lower_limit[:] = -100.0
    arm.upper_limit[:] = 100.0
    start = _energy(arm.joint_pos, arm.joint_vel)
    for _ in range(2000):
        arm.step(1e-4)
    torch.testing.assert_close(_energy(arm.joint_pos, arm.joint_vel), start, rtol=0, atol=2e-2)
    assert float(arm.joint_vel.abs().max()) > 1.0


def _energy(position: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
    lengths, masses = torch.tensor([0.4, 0.3, 0.2]), torch.tensor([1.0, 0.6, 0.3])
    angle, spin = position.cumsum(-1), velocity.cumsum(-1)
    heights = (lengths * angle.sin()).cumsum(-1)
    along, up = (-lengths * angle.sin() * spin).cumsum(-1), (lengths * angle.cos() * spin).cumsum(-1)
    moving = 0.5 * (masses * (along.square() + up.square())).sum(-1)
    rotors = 0.5 * (torch.tensor([0.05, 0.04, 0.02]) * velocity.square()).sum(-1)
    return moving + rotors + 9.81 * (masses * heights).sum(-1)


def test_unknown_task_suggests_the_nearest() -> None:
    message = r"unknown built-in task 'Builtin-Reach-Leg'\n.*did you mean 'Builtin-Reach-Arm'"
    with pytest.raises(UsageError, match=message):
        find_task("Builtin-Reach-Leg")
