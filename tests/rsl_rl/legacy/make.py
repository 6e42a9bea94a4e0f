"""Make the checkpoints in this folder with the rsl-rl-lib version that is importable.

For each version: ``pip install --no-deps --target DIR rsl-rl-lib==VERSION`` and ``PYTHONPATH=DIR python make.py``.
Weights and normalizers are random; what counts is the layout, and the actions that this very version computes.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from ruamel.yaml import YAML
from safetensors.torch import save_file
from tensordict import TensorDict

HERE = Path(__file__).parent
WIDTH, ACTIONS, ENVS, STEPS = 5, 2, 2, 4
IMAGE = {"output_channels": [3], "kernel_size": 3, "stride": 2, "activation": "elu", "flatten": True}


def observations() -> TensorDict:
    groups = {"policy": torch.randn(ENVS, WIDTH), "privileged": torch.randn(ENVS, 3)}
    return TensorDict({**groups, "camera": torch.rand(ENVS, 1, 8, 8)}, batch_size=[ENVS])


def randomize(module: torch.nn.Module) -> None:
    for name, buffer in module.named_buffers():
        if name.endswith(("_mean", "_var", "_std")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)


def write(name: str, version: str, checkpoint: dict[str, Any], agent: dict[str, Any], act: Callable[..., Any]) -> None:
    folder = HERE / f"{version}-{name}"
    (folder / "params").mkdir(parents=True, exist_ok=True)
    torch.save({**checkpoint, "iter": 3, "infos": None}, folder / "model_3.pt")
    with (folder / "params" / "agent.yaml").open("w") as stream:
        YAML().dump(agent, stream)
    expected = {}
    with torch.no_grad():
        for step in range(STEPS):
            seen = observations()
            expected.update({f"{group}.{step}": value.clone() for group, value in seen.items()})
            expected[f"action.{step}"] = act(seen).clone()
    save_file(expected, folder / "expected.safetensors")


def version_2(version: str) -> None:
    from rsl_rl.modules import ActorCritic, ActorCriticRecurrent, EmpiricalNormalization, StudentTeacher

    common = {"init_noise_std": 1.0, "activation": "elu"}
    actor_critic = {**common, "actor_hidden_dims": [8, 6], "critic_hidden_dims": [8]}
    distilled = {**common, "student_hidden_dims": [8, 6], "teacher_hidden_dims": [8]}
    cases = [
        ("mlp", ActorCritic, actor_critic, True),
        ("gru", ActorCriticRecurrent, {**actor_critic, "rnn_type": "gru", "rnn_hidden_size": 7}, False),
        ("student", StudentTeacher, distilled, True),
    ]
    for name, kind, policy, normalize in cases:
        model = kind(WIDTH, WIDTH, ACTIONS, **policy)
        normalizer = EmpiricalNormalization(shape=[WIDTH], until=1.0e8) if normalize else torch.nn.Identity()
        randomize(normalizer)
        content = {"model_state_dict": model.state_dict(), "optimizer_state_dict": {}}
        if normalize:
            content["obs_norm_state_dict"] = normalizer.eval().state_dict()
            content["privileged_obs_norm_state_dict"] = EmpiricalNormalization(shape=[3]).state_dict()
        agent = {"empirical_normalization": normalize, "policy": {"class_name": kind.__name__, **policy}}

        def act(seen: TensorDict, model: Any = model, normalizer: Any = normalizer) -> torch.Tensor:
            return model.act_inference(normalizer(seen["policy"]))

        write(name, version, content, agent, act)


def version_3(version: str) -> None:
    from rsl_rl import modules

    common = {"init_noise_std": 1.0, "activation": "tanh", "noise_std_type": "log"}
    actor_critic = {
        **common,
        "actor_hidden_dims": [8, 6],
        "critic_hidden_dims": [8],
        "actor_obs_normalization": True,
        "critic_obs_normalization": True,
    }
    student = {**common, "student_hidden_dims": [8], "teacher_hidden_dims": [8], "student_obs_normalization": True}
    recurrent = {"rnn_type": "lstm", "rnn_hidden_dim": 7, "rnn_num_layers": 2}
    two_groups = {"policy": ["policy", "privileged"], "critic": ["policy"]}
    cases = [
        ("mlp", "ActorCritic", {**actor_critic, "state_dependent_std": True}, two_groups),
        ("lstm", "ActorCriticRecurrent", {**actor_critic, **recurrent}, {"policy": ["policy"], "critic": ["policy"]}),
        (
            "cnn",
            "ActorCriticCNN",
            {**actor_critic, "actor_cnn_cfg": IMAGE},
            {"policy": ["policy", "camera"], "critic": ["privileged"]},
        ),
        (
            "student-lstm",
            "StudentTeacherRecurrent",
            {**student, **recurrent},
            {"policy": ["policy"], "teacher": ["privileged"]},
        ),
    ]
    for name, kind, policy, groups in cases:
        model = getattr(modules, kind)(observations(), groups, ACTIONS, **policy)
        randomize(model)
        model.eval()
        content = {"model_state_dict": model.state_dict(), "optimizer_state_dict": {}}
        agent = {"obs_groups": groups, "policy": {"class_name": kind, **policy}}
        write(name, version, content, agent, model.act_inference)


def version_4(version: str) -> None:
    from rsl_rl import models

    noise: dict[str, Any] = {"stochastic": True, "init_noise_std": 1.0, "noise_std_type": "scalar"}
    if version >= "5":
        noise = {"distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0, "std_type": "log"}}
    base = {"hidden_dims": [8, 6], "activation": "elu", "obs_normalization": True, **noise}
    cases = [
        ("mlp", "MLPModel", base, ["policy", "privileged"]),
        ("gru", "RNNModel", {**base, "rnn_type": "gru", "rnn_hidden_dim": 7, "rnn_num_layers": 1}, ["policy"]),
        ("cnn", "CNNModel", {**base, "cnn_cfg": IMAGE}, ["camera", "policy"]),
    ]
    for name, kind, actor, groups in cases:
        agent = {"obs_groups": {"actor": groups, "critic": ["privileged"]}, "actor": {"class_name": kind, **actor}}
        arguments = {key: dict(value) if isinstance(value, dict) else value for key, value in actor.items()}
        model = getattr(models, kind)(observations(), agent["obs_groups"], "actor", ACTIONS, **arguments)
        randomize(model)
        model.eval()
        content = {"actor_state_dict": model.state_dict(), "critic_state_dict": {}, "optimizer_state_dict": {}}
        write(name, version, content, agent, model)


def main() -> None:
    torch.manual_seed(0)
    version = importlib.metadata.version("rsl-rl-lib")
    {"2": version_2, "3": version_3, "4": version_4, "5": version_4}[version[0]](version)


if __name__ == "__main__":
    main()
