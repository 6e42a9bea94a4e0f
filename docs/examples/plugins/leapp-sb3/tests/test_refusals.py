"""What is not loaded, and what is said about it. Nothing in a file is run."""

import base64
import io
import json
import os
import pickle
import zipfile

import pytest
import torch
from leapp_sb3.adapter import Sb3ZipAdapter
from leapp_sb3.provider import GymnasiumProvider
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


def test_an_unknown_task_is_told_with_what_there_is():
    with pytest.raises(UsageError, match="gymnasium has no task 'Cartpole'") as caught:
        GymnasiumProvider().make(EnvRequest("Cartpole"))
    assert "CartPole-v1" in caught.value.expected
