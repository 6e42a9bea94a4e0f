"""What is not loaded, and what is said about it. Nothing in a file is run."""

import base64
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.envs.classic_control import CartPoleEnv
from leapp_sb3.adapter import Sb3ZipAdapter
from leapp_sb3.provider import GymnasiumProvider
from leapp_sb3.tasks import CLASSIC, MUJOCO, OBSERVATIONS
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy

from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.policies import PolicyRequest, StandaloneRequest


class Running:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return (os.mkdir, (self.folder,))


def load(checkpoint):
    return Sb3ZipAdapter().load_alone(StandaloneRequest(checkpoint)).policy


def changed(checkpoint, folder, **members):
    """Return a copy of a checkpoint with other members, ``policy`` standing for ``policy.pth``."""
    path = folder / "changed.zip"
    names = {"policy": "policy.pth", "data": "data"}
    with zipfile.ZipFile(checkpoint) as old, zipfile.ZipFile(path, "w") as new:
        replaced = {names[name]: content for name, content in members.items()}
        for name in old.namelist():
            new.writestr(name, replaced.get(name, old.read(name)))
    return path


def with_entry(checkpoint, folder, key, value):
    with zipfile.ZipFile(checkpoint) as archive:
        data = json.loads(archive.read("data"))
    data[key] = {":type:": "x", ":serialized:": base64.b64encode(pickle.dumps(value)).decode()}
    return changed(checkpoint, folder, data=json.dumps(data))


@pytest.mark.parametrize("key", ["policy_class", "policy_kwargs", "observation_space", "action_space"])
def test_code_in_an_entry_is_named_and_not_run(key, trained, tmp_path):
    path = with_entry(trained("PPO-CartPole-v1"), tmp_path, key, {"x": Running(tmp_path / "ran")})
    with pytest.raises(CheckpointError, match=rf"checkpoint's {key} uses posix\.mkdir.*nothing of it was run"):
        load(path)
    assert not (tmp_path / "ran").exists()


def test_code_in_the_weights_is_named_and_not_run(trained, tmp_path):
    buffer = io.BytesIO()
    torch.save({"weights": Running(tmp_path / "ran")}, buffer)
    path = changed(trained("PPO-CartPole-v1"), tmp_path, policy=buffer.getvalue())
    with pytest.raises(CheckpointError, match=r"policy\.pth uses posix\.mkdir"):
        load(path)
    assert not (tmp_path / "ran").exists()


def test_code_in_the_normalizer_is_named_and_not_run(trained, tmp_path):
    path = changed(trained("PPO-Pendulum-v1"), tmp_path)
    (tmp_path / "vecnormalize.pkl").write_bytes(pickle.dumps(Running(tmp_path / "ran")))
    with pytest.raises(CheckpointError, match=r"VecNormalize file uses posix\.mkdir"):
        load(path)
    assert not (tmp_path / "ran").exists()


def test_entries_that_training_alone_needs_are_not_even_read(trained, tmp_path):
    load(with_entry(trained("PPO-CartPole-v1"), tmp_path, "lr_schedule", Running(tmp_path / "ran")))
    assert not (tmp_path / "ran").exists()


def test_a_policy_class_of_ones_own_is_refused_by_name(tmp_path):
    class Own(ActorCriticPolicy):
        pass

    PPO(Own, "CartPole-v1", n_steps=8, batch_size=8, device="cpu").save(tmp_path / "own.zip")
    with pytest.raises(CheckpointError, match=r"checkpoint's policy_class uses cloudpickle\."):
        load(tmp_path / "own.zip")


def test_a_missing_normalizer_is_an_error_and_no_other_policy(trained, tmp_path):
    path = changed(trained("PPO-Pendulum-v1"), tmp_path)
    with pytest.raises(CheckpointError, match="trained with VecNormalize, and its file is not there") as caught:
        load(path)
    assert "vecnormalize.pkl" in caught.value.expected


def test_a_normalizer_of_another_policy_is_refused(trained, tmp_path):
    path = changed(trained("PPO-Rover-v0"), tmp_path)
    other = trained("PPO-Pendulum-v1").with_name("rl_model_vecnormalize_128_steps.pkl")
    (tmp_path / "vecnormalize.pkl").write_bytes(other.read_bytes())
    with pytest.raises(CheckpointError, match="which the policy does not see"):
        load(path)


def test_weights_of_another_network_are_named(trained, tmp_path):
    with zipfile.ZipFile(trained("DQN-Acrobot-v1")) as archive:
        path = changed(trained("PPO-CartPole-v1"), tmp_path, policy=archive.read("policy.pth"))
    with pytest.raises(CheckpointError, match=r"weights do not fit.*action_net\.bias is None, expected \(2,\)"):
        load(path)


def test_a_checkpoint_of_another_task_is_refused(trained):
    env = GymnasiumProvider().make(EnvRequest("Pendulum-v1"))
    request = PolicyRequest.within(env, trained("PPO-CartPole-v1"))
    with pytest.raises(CheckpointError, match=r"trained on observation of shape \(4,\), and the task gives \(3,\)"):
        Sb3ZipAdapter().load(request)


def test_a_refusal_of_another_task_lists_what_the_task_is_made_of(trained, tmp_path):
    """From the command line; which joints and how many values of each kind tells which task was meant."""
    line = [
        "export",
        "--env",
        "gymnasium",
        "--task",
        "HalfCheetah-v5",
        "--checkpoint",
        str(trained("TD3-InvertedPendulum-v5")),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "leapp_core.cli", *line, "--save_path", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == CheckpointError.exit_code
    assert "trained on observation of shape (4,), and the task gives (17,)" in done.stderr
    assert "observation 17 = qpos 8 + qvel 9" in done.stderr
    assert "actions 6 (bthigh 1 + bshin 1 + bfoot 1 + fthigh 1 + fshin 1 + ffoot 1)" in done.stderr


@pytest.mark.parametrize(
    ("task", "observation", "actions"),
    [
        ("InvertedPendulum-v5", {"qpos": 2, "qvel": 2}, {"slider": 1}),
        ("Pendulum-v1", {"cos(theta)": 1, "sin(theta)": 1, "theta_dot": 1}, {"torque": 1}),
        ("Rover-v0", {}, {}),  # a task of one's own, of which nothing is known
    ],
)
def test_terms_are_what_the_task_says_and_nothing_else(task, observation, actions):
    terms = GymnasiumProvider().make(EnvRequest(task)).terms
    assert terms.observations[next(iter(terms.observations))] == observation
    assert terms.actions == actions


@pytest.mark.parametrize("task", [*CLASSIC, *MUJOCO])
def test_the_terms_of_every_task_that_comes_with_gymnasium_add_up(task):
    env = GymnasiumProvider().make(EnvRequest(task))
    assert sum(env.terms.observations["observation"].values()) == env.observations()["observation"].numel()
    assert sum(env.terms.actions.values()) == (0 if env.action_choices else env.num_actions)


def simulated(core):
    """Return what the terms of a task of MuJoCo's are made of, read from its simulation."""
    qpos, qvel = core.data.qpos, core.data.qvel
    if core.spec.id == "InvertedDoublePendulum-v5":
        angles = {"sin(angles)": np.sin(qpos[1:]), "cos(angles)": np.cos(qpos[1:])}
        return {"cart": qpos[:1], **angles, "qvel": qvel, "qfrc_constraint": core.data.qfrc_constraint[:1]}
    tip = core.get_body_com("fingertip" if core.spec.id == "Reacher-v5" else "tips_arm")
    if core.spec.id == "Pusher-v5":
        bodies = {"object": core.get_body_com("object"), "goal": core.get_body_com("goal")}
        return {"qpos": qpos[:7], "qvel": qvel[:7], "fingertip": tip, **bodies}
    joints = {"cos(qpos)": np.cos(qpos[:2]), "sin(qpos)": np.sin(qpos[:2]), "target": qpos[2:], "qvel": qvel[:2]}
    return {**joints, "fingertip - target": (tip - core.get_body_com("target"))[:2]}


def angles(core):
    """Return what the terms of a task of classic control are made of, read from its state."""
    state = [float(value) for value in core.state]
    if core.spec.id == "Acrobot-v1":
        turns = {f"{name}(theta{i})": f(state[i - 1]) for i in (1, 2) for name, f in (("cos", np.cos), ("sin", np.sin))}
        return {**turns, "theta1_dot": state[2], "theta2_dot": state[3]}
    if core.spec.id == "Pendulum-v1":
        return {"cos(theta)": np.cos(state[0]), "sin(theta)": np.sin(state[0]), "theta_dot": state[1]}
    cart = ("cart_position", "cart_velocity", "pole_angle", "pole_angular_velocity")
    return dict(zip(cart if core.spec.id == "CartPole-v1" else ("position", "velocity"), state, strict=True))


@pytest.mark.parametrize("task", OBSERVATIONS)
def test_documented_terms_are_in_the_places_where_the_task_has_them(task):
    env = gymnasium.make(task)
    env.reset(seed=3)
    for _ in range(4):
        seen, *_ = env.step(env.action_space.sample())
    read = (simulated if task in MUJOCO else angles)(env.unwrapped)
    assert list(read) == list(OBSERVATIONS[task])
    assert {name: np.size(values) for name, values in read.items()} == OBSERVATIONS[task]
    np.testing.assert_allclose(seen, np.concatenate([np.ravel(values) for values in read.values()]), atol=1e-6)


def test_a_task_that_goes_by_a_documented_name_and_shows_something_else_has_no_terms():
    class Wide(CartPoleEnv):
        def __init__(self, **how):
            super().__init__(**how)
            self.observation_space = gymnasium.spaces.Box(-1, 1, (5,), np.float32)

        def reset(self, *, seed=None, options=None):
            return np.zeros(5, np.float32), {}

    before = gymnasium.registry["CartPole-v1"]
    try:
        gymnasium.registry["CartPole-v1"] = gymnasium.envs.registration.EnvSpec("CartPole-v1", entry_point=Wide)
        assert GymnasiumProvider().make(EnvRequest("CartPole-v1")).terms.observations == {"observation": {}}
    finally:
        gymnasium.registry["CartPole-v1"] = before


def test_an_unknown_task_is_told_with_what_there_is():
    with pytest.raises(UsageError, match="gymnasium has no task 'Cartpole'") as caught:
        GymnasiumProvider().make(EnvRequest("Cartpole"))
    assert "CartPole-v1" in caught.value.expected
