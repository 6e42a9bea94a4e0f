"""Runs in mjlab's environment: nothing random is left in a task that is exported, and what was taken out is said."""

from __future__ import annotations

import pytest

pytest.importorskip("mjlab")

import mjlab.tasks  # noqa: F401 - importing registers the tasks
from mjlab.managers.event_manager import EventTermCfg
from mjlab.tasks.registry import list_tasks, load_env_cfg

from leapp_core.errors import EnvError, UsageError
from leapp_core.plugins.environments import EnvRequest
from leapp_rsl_rl.environments.mjlab.config import load_config
from leapp_rsl_rl.environments.mjlab.provider import MjlabProvider
from leapp_rsl_rl.environments.mjlab.training import MjlabPolicyEnvironment

GO1, CARTPOLE = "Mjlab-Velocity-Flat-Unitree-Go1", "Mjlab-Cartpole-Balance"
MOTION = "env.commands.motion.motion_file"


@pytest.fixture
def motion(tmp_path):
    """An empty file in place of a motion: configurations are only looked at here."""
    path = tmp_path / "motion.npz"
    path.touch()
    return f"{MOTION}={path}"


def test_tasks_are_listed_as_mjlab_registers_them():
    assert sorted(task.name for task in MjlabProvider().tasks()) == sorted(list_tasks())


@pytest.mark.parametrize("task", sorted(list_tasks()))
def test_nothing_random_is_left(task, motion):
    config = load_config(EnvRequest(task, overrides=(motion,) if "Tracking" in task else ()))
    for name, event in config.env.events.items():
        assert event.mode == "reset", name
        assert not event.func.__module__.startswith("mjlab.envs.mdp.dr"), name
    assert not any(group.enable_corruption for group in config.env.observations.values())
    assert config.env.scene.num_envs == 1
    before = load_env_cfg(task, play=True)
    for name in set(before.events) - set(config.env.events):
        assert any(f"event {name!r} " in note for note in config.notes)


def test_noise_and_random_delays_that_were_asked_for_are_taken_out_and_said():
    term = "env.observations.actor.terms.joint_pos"
    given = ("env.observations.actor.enable_corruption=True", f"{term}.delay_min_lag=1", f"{term}.delay_max_lag=3")
    config = load_config(EnvRequest(GO1, overrides=given))
    delayed = config.env.observations["actor"].terms["joint_pos"]
    assert not config.env.observations["actor"].enable_corruption
    assert (delayed.delay_min_lag, delayed.delay_max_lag) == (1, 1)
    assert any("noise of observation group 'actor' is off" in note for note in config.notes)
    assert any("actor/joint_pos is fixed at its least, 1 step (training: random up to 3)" in n for n in config.notes)
    assert any("event 'encoder_bias' (startup, encoder_bias) is off: domain randomisation" in n for n in config.notes)


def test_pushes_are_disturbances():
    config = load_config(EnvRequest(GO1))
    assert "push_robot" not in config.env.events
    training = load_env_cfg(GO1)
    assert training.events["push_robot"].mode == "interval"


def test_a_bias_that_an_event_of_the_users_own_draws_is_refused():
    def own(env, env_ids):
        for entity in env.scene.entities.values():
            entity.data.encoder_bias += 0.01

    config = load_config(EnvRequest(CARTPOLE))
    config.env.events["calibration"] = EventTermCfg(func=own, mode="startup")
    with pytest.raises(EnvError, match=r"joint encoders of 'cartpole' a bias(.*\n)*.*env\.events\.NAME=None"):
        MjlabPolicyEnvironment(CARTPOLE, config, 0, "cpu")
    silenced = load_config(EnvRequest(CARTPOLE, overrides=("env.events.calibration=None",)))
    assert silenced.env.events["calibration"] is None


@pytest.mark.parametrize("given", [(), (f"{MOTION}=/no/such.npz",)])
def test_a_tracking_task_needs_a_motion(given):
    with pytest.raises(EnvError, match=rf"tracks a motion, and .*\n(.*\n)*.*{MOTION}=PATH\.npz"):
        load_config(EnvRequest("Mjlab-Tracking-Flat-Unitree-G1", overrides=given))


def test_an_unknown_task():
    with pytest.raises(UsageError, match=r"no task 'Mjlab-Cartpole-Balnce'\n.*did you mean 'Mjlab-Cartpole-Balance'"):
        load_config(EnvRequest("Mjlab-Cartpole-Balnce"))
