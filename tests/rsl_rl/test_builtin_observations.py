"""Observation pipeline of the built-in environments against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from leapp_rsl_rl.environments.builtin.catalog import find_task
from leapp_rsl_rl.environments.builtin.env import ManagerBasedEnv
from leapp_rsl_rl.environments.builtin.managers.buffers import DelayBuffer, HistoryBuffer
from leapp_rsl_rl.environments.builtin.managers.observation import (
    ObservationGroup,
    ObservationManager,
    ObservationTerm,
)
from leapp_rsl_rl.environments.builtin.tasks import terms

CPU = torch.device("cpu")


@pytest.fixture
def env() -> ManagerBasedEnv:
    return ManagerBasedEnv(find_task("Builtin-Reach-Arm").env_config().for_deployment(), num_envs=2, seed=0)


def manager(env: ManagerBasedEnv, *observed: ObservationTerm, corrupt: bool = False) -> ObservationManager:
    return ObservationManager((ObservationGroup("policy", observed, enable_corruption=corrupt),), env)


def show(env: ManagerBasedEnv, *rows: list[float]) -> None:
    env.robot.joint_pos[:] = torch.tensor(rows)


def test_history_is_filled_by_the_first_frame_and_ordered_oldest_first() -> None:
    history = HistoryBuffer(num_envs=2, length=3, width=1, device=CPU)
    for value in (1.0, 2.0, 3.0):
        history.push(torch.tensor([[value], [-value]]))
    assert history.frames.squeeze(-1).tolist() == [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]


def test_history_reset_concerns_the_named_environments_only() -> None:
    history = HistoryBuffer(num_envs=2, length=2, width=1, device=CPU)
    history.push(torch.tensor([[1.0], [1.0]]))
    history.reset(torch.tensor([1]))
    history.push(torch.tensor([[2.0], [5.0]]))
    assert history.frames.squeeze(-1).tolist() == [[1.0, 2.0], [5.0, 5.0]]


def test_history_of_no_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="length of at least 1, got 0"):
        HistoryBuffer(num_envs=1, length=0, width=1, device=CPU)


def test_delay_returns_the_frame_from_some_steps_ago() -> None:
    delay = DelayBuffer(num_envs=1, steps=2, width=1, device=CPU)
    seen = [float(delay.push(torch.tensor([[float(step)]]))) for step in range(5)]
    assert seen == [0.0, 0.0, 0.0, 1.0, 2.0]


def test_clip_comes_before_scale(env: ManagerBasedEnv) -> None:
    observed = manager(env, ObservationTerm("q", terms.joint_pos, clip=(-1.0, 1.0), scale=(2.0, 3.0, 4.0)))
    show(env, [5.0, 0.5, -5.0], [0.1, 0.2, 0.3])
    torch.testing.assert_close(
        observed.compute_group("policy"), torch.tensor([[2.0, 1.5, -4.0], [0.2, 0.6, 1.2]]), rtol=0, atol=1e-7
    )


def test_the_raw_signal_is_never_changed(env: ManagerBasedEnv) -> None:
    observed = manager(env, ObservationTerm("q", terms.joint_pos, clip=(-0.1, 0.1), scale=7.0, noise=1.0), corrupt=True)
    before = env.robot.joint_pos.clone()
    observed.compute_group("policy")
    assert torch.equal(env.robot.joint_pos, before)


def test_delay_comes_before_history_and_groups_are_term_major(env: ManagerBasedEnv) -> None:
    observed = manager(
        env,
        ObservationTerm("q", terms.joint_pos, delay_steps=1, history_length=2),
        ObservationTerm("again", terms.joint_pos, scale=10.0),
    )
    frames = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0])
    results = []
    for frame in frames:
        show(env, list(frame), list(frame))
        results.append(observed.compute_group("policy")[0].tolist())
    assert results[0] == [1, 2, 3, 1, 2, 3, 10, 20, 30]
    assert results[1] == [1, 2, 3, 1, 2, 3, 40, 50, 60]
    assert results[2] == [1, 2, 3, 4, 5, 6, 70, 80, 90]
    assert observed.layout("policy") == (("q", 6), ("again", 3))


def test_noise_needs_corruption_and_stays_within_its_width(env: ManagerBasedEnv) -> None:
    term = ObservationTerm("q", terms.joint_pos, noise=0.2)
    clean = manager(env, term).compute_group("policy")
    noisy = manager(env, term, corrupt=True).compute_group("policy")
    assert torch.equal(clean, env.robot.joint_pos)
    assert 0.0 < float((noisy - clean).abs().max()) <= 0.2


def test_scale_of_the_wrong_length_is_refused(env: ManagerBasedEnv) -> None:
    with pytest.raises(ValueError, match="'q' has 3 elements, but 2 scale factors"):
        manager(env, ObservationTerm("q", terms.joint_pos, scale=(1.0, 2.0)))


def test_last_action_is_what_the_policy_gave(env: ManagerBasedEnv) -> None:
    observed = manager(env, ObservationTerm("a", terms.last_action, clip=(-2.0, 2.0)))
    env.step(torch.tensor([[0.5, -3.0, 1.0], [0.0, 0.0, 0.0]]))
    assert observed.compute_group("policy").tolist() == [[0.5, -2.0, 1.0], [0.0, 0.0, 0.0]]


def test_clock_runs_from_each_reset() -> None:
    config = find_task("Builtin-Velocity-Hopper").env_config().for_deployment()
    group = config.observations[0]
    clock = tuple(term for term in group.terms if term.name == "hop_clock")
    env = ManagerBasedEnv(replace(config, observations=(replace(group, terms=clock),)), num_envs=1)
    observations = torch.cat([env.get_observations()["policy"], env.step(torch.zeros(1, 2))[0]["policy"]])
    angle = 2.0 * torch.pi * 2.5 * 0.02 * torch.tensor([1.0, 2.0])
    torch.testing.assert_close(observations, torch.stack((angle.sin(), angle.cos()), dim=-1))
    assert torch.equal(env.reset()["policy"], observations[:1])
