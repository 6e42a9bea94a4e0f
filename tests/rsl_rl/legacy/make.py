"""Train the checkpoints in this folder with the rsl-rl-lib version that is importable.

For each version: ``pip install --no-deps --target DIR rsl-rl-lib==VERSION`` and ``PYTHONPATH=DIR python make.py``,
with the names of policies to make only these.
That version's own runner trains a small network for a few iterations and saves it; beside it is the agent
configuration, as training scripts write it, and what that very version's inference policy says to some observations.
"""

from __future__ import annotations

import copy
import importlib
import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from ruamel.yaml import YAML
from safetensors.torch import save_file
from tensordict import TensorDict

HERE = Path(__file__).parent
WIDTH, ACTIONS, STEPS, ITERATIONS = 5, 2, 4, 3
IMAGE = {"output_channels": [3], "kernel_size": 3, "stride": 2, "activation": "elu", "flatten": True}
CELL = {"rnn_hidden_dim": 7, "rnn_num_layers": 1}
PPO = {
    **{"class_name": "PPO", "num_learning_epochs": 1, "num_mini_batches": 1, "clip_param": 0.2, "gamma": 0.99},
    **{"lam": 0.95, "value_loss_coef": 1.0, "entropy_coef": 0.01, "learning_rate": 1.0e-3, "max_grad_norm": 1.0},
    **{"use_clipped_value_loss": True, "schedule": "fixed", "desired_kl": 0.01, "rnd_cfg": None, "symmetry_cfg": None},
}
DISTILLATION = {
    **{"class_name": "Distillation", "num_learning_epochs": 1, "learning_rate": 1.0e-3, "gradient_length": 4},
}


@dataclass(frozen=True)
class Student:
    """A distilled policy: its agent configuration, and that of the teacher, which is trained first."""

    agent: dict[str, Any]
    teacher: dict[str, Any]


Agent = dict[str, Any] | Student


class World:
    """A few points that should be pushed to the origin; the interface of rsl_rl's ``VecEnv``, whatever its version."""

    num_actions, max_episode_length, num_obs, device, cfg = ACTIONS, 20, WIDTH, "cpu", {}

    def __init__(self, joined: bool, num_envs: int = 4) -> None:
        self.joined, self.num_envs = joined, num_envs  # joined: one tensor and a dictionary of more, as in 2.x
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long)
        self.state = torch.randn(num_envs, WIDTH)
        self.unwrapped = self

    def seen(self) -> dict[str, torch.Tensor]:
        camera = torch.rand(self.num_envs, 1, 8, 8) + self.state[:, :1, None, None]
        return {"policy": 3 * self.state + 1, "privileged": self.state[:, :3] - 2, "camera": camera}

    def get_observations(self) -> Any:
        seen = self.seen()
        if self.joined:
            more = {"critic": seen["policy"], "teacher": seen["policy"]}
            return seen["policy"], {"observations": more}
        return TensorDict(seen, batch_size=[self.num_envs])

    def step(self, actions: torch.Tensor) -> tuple[Any, torch.Tensor, torch.Tensor, dict[str, Any]]:
        self.state[:, :ACTIONS] += 0.1 * actions
        self.state += 0.05 * torch.randn_like(self.state)
        self.episode_length_buf += 1
        late = self.episode_length_buf >= self.max_episode_length
        self.state[late] = torch.randn(int(late.sum()), WIDTH)
        self.episode_length_buf[late] = 0
        found = self.get_observations()
        observations, extras = found if self.joined else (found, {})
        return observations, -self.state.square().mean(-1), late.long(), {**extras, "time_outs": late}


def settings(algorithm: dict[str, Any]) -> dict[str, Any]:
    return {
        **{"num_steps_per_env": 8, "save_interval": 100, "logger": "tensorboard", "seed": 0, "run_name": ""},
        "algorithm": dict(algorithm),
    }


def version_2() -> Iterator[tuple[str, Agent]]:
    base = {"init_noise_std": 1.0, "activation": "elu", "actor_hidden_dims": [8, 6], "critic_hidden_dims": [8]}
    cell = {"rnn_hidden_size": 7, "rnn_num_layers": 1}

    def agent(kind: str, normalized: bool, **policy: Any) -> dict[str, Any]:
        return {
            **settings(PPO),
            **{"empirical_normalization": normalized, "policy": {"class_name": kind, **base, **policy}},
        }

    def student(kind: str, **policy: Any) -> Student:
        dims = {"student_hidden_dims": [8, 6], "teacher_hidden_dims": [8, 6], "activation": "elu"}
        distilled = {"empirical_normalization": True, "policy": {"class_name": kind, **dims, **policy}}
        return Student({**settings(DISTILLATION), **distilled}, agent("ActorCritic", True))

    yield "mlp", agent("ActorCritic", True)
    yield "mlp-plain", agent("ActorCritic", False)
    yield "gru", agent("ActorCriticRecurrent", False, rnn_type="gru", **cell)
    yield "gru-normalized", agent("ActorCriticRecurrent", True, rnn_type="gru", **cell)
    yield "lstm", agent("ActorCriticRecurrent", True, rnn_type="lstm", **cell)
    yield "student", student("StudentTeacher")


def version_3() -> Iterator[tuple[str, Agent]]:
    base = {
        **{"init_noise_std": 1.0, "activation": "tanh", "noise_std_type": "log"},
        **{"actor_hidden_dims": [8, 6], "critic_hidden_dims": [8], "critic_obs_normalization": True},
    }
    both, one = {"policy": ["policy", "privileged"]}, {"policy": ["policy"]}

    def agent(kind: str, groups: dict[str, Any], normalized: bool = True, **policy: Any) -> dict[str, Any]:
        acting = {"class_name": kind, **base, "actor_obs_normalization": normalized, **policy}
        return {**settings(PPO), "obs_groups": {"critic": ["policy"], **groups}, "policy": acting}

    def student(kind: str, **policy: Any) -> Student:
        dims = {"student_hidden_dims": [8], "teacher_hidden_dims": [8, 6], "activation": "tanh"}
        normalized = {"student_obs_normalization": True, "teacher_obs_normalization": True}
        acting = {"class_name": kind, **dims, **normalized, **policy}
        groups = {"obs_groups": {"policy": ["policy"], "teacher": ["privileged"]}}
        return Student(
            {**settings(DISTILLATION), **groups, "policy": acting}, agent("ActorCritic", {"policy": ["privileged"]})
        )

    yield "mlp", agent("ActorCritic", both, state_dependent_std=True)
    yield "mlp-plain", agent("ActorCritic", one, normalized=False)
    yield "gru", agent("ActorCriticRecurrent", one, rnn_type="gru", **CELL)
    yield "lstm", agent("ActorCriticRecurrent", one, rnn_type="lstm", rnn_hidden_dim=7, rnn_num_layers=2)
    yield "cnn", agent("ActorCriticCNN", {"policy": ["policy", "camera"]}, actor_cnn_cfg=IMAGE)
    yield "student", student("StudentTeacher")
    yield "student-lstm", student("StudentTeacherRecurrent", rnn_type="lstm", **CELL)


def version_4(distributions: bool) -> Iterator[tuple[str, Agent]]:
    noise: dict[str, Any] = {"stochastic": True, "init_noise_std": 1.0, "noise_std_type": "scalar"}
    two = {**noise, "state_dependent_std": True}
    if distributions:
        noise = {"distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0, "std_type": "log"}}
        two = {"distribution_cfg": {"class_name": "HeteroscedasticGaussianDistribution", "init_std": 1.0}}
    base = {"hidden_dims": [8, 6], "activation": "elu", "obs_normalization": True}
    critic = {"class_name": "MLPModel", **base}

    def agent(kind: str, groups: list[str], **actor: Any) -> dict[str, Any]:
        acting = {"class_name": kind, **base, **(actor if "distribution_cfg" in actor else {**noise, **actor})}
        return {
            **settings(PPO),
            "obs_groups": {"actor": groups, "critic": ["privileged"]},
            **{"actor": acting, "critic": critic},
        }

    def student(kind: str, **actor: Any) -> Student:
        teacher = agent("MLPModel", ["privileged"])
        models = {"student": {"class_name": kind, **base, **noise, **actor}, "teacher": teacher["actor"]}
        groups = {"obs_groups": {"student": ["policy"], "teacher": ["privileged"]}}
        return Student({**settings(DISTILLATION), **groups, **models}, teacher)

    yield "mlp", agent("MLPModel", ["policy", "privileged"])
    yield "mlp-plain", agent("MLPModel", ["policy"], obs_normalization=False)
    yield "mlp-two", agent("MLPModel", ["policy"], **two)
    if hasattr(importlib.import_module("rsl_rl.modules"), "BetaDistribution"):
        beta = {"class_name": "BetaDistribution", "action_range": [-2.0, 1.0]}
        yield "mlp-beta", agent("MLPModel", ["policy"], distribution_cfg=beta)
    yield "gru", agent("RNNModel", ["policy"], rnn_type="gru", **CELL)
    yield "lstm", agent("RNNModel", ["policy"], rnn_type="lstm", rnn_hidden_dim=7, rnn_num_layers=2)
    yield "cnn", agent("CNNModel", ["camera", "policy"], cnn_cfg=IMAGE)
    yield "student", student("MLPModel")
    yield "student-gru", student("RNNModel", rnn_type="gru", **CELL)


def train(agent: dict[str, Any], joined: bool, logs: str, teacher: Path | None = None) -> Any:
    """Return a runner after a few iterations."""
    from rsl_rl import runners

    distilling = teacher is not None and hasattr(runners, "DistillationRunner")
    runner_class = runners.DistillationRunner if distilling else runners.OnPolicyRunner
    runner = runner_class(World(joined), copy.deepcopy(agent), logs, "cpu")
    if teacher is not None:
        runner.load(str(teacher))
    runner.learn(ITERATIONS)
    return runner


def write(name: str, made: Agent, version: str, joined: bool, logs: str) -> None:
    """Train a policy, save it, and note what it says."""
    folder = HERE / f"{version}-{name}"
    (folder / "params").mkdir(parents=True, exist_ok=True)
    teacher = None
    if isinstance(made, Student):
        teacher = Path(logs) / f"teacher-{name}.pt"
        train(made.teacher, joined, logs).save(str(teacher))
    agent = json.loads(json.dumps(made.agent if isinstance(made, Student) else made))  # nothing is shared any more
    with (folder / "params" / "agent.yaml").open("w") as stream:
        YAML().dump(agent, stream)
    runner = train(agent, joined, logs, teacher)
    runner.save(str(folder / "model_2.pt"))
    policy = runner.get_inference_policy(device="cpu")
    for module in (getattr(runner.alg, "policy", None), policy):
        if isinstance(module, torch.nn.Module):
            module.reset()
    world, said = World(joined, num_envs=2), {}
    with torch.inference_mode():
        for step in range(STEPS):
            seen = world.seen()
            given = seen["policy"] if joined else TensorDict(seen, batch_size=[2])
            said.update({f"{group}.{step}": value.clone() for group, value in seen.items()})
            said[f"action.{step}"] = policy(given).clone()
            world.step(said[f"action.{step}"])
    save_file(said, folder / "expected.safetensors")


def main() -> None:
    torch.manual_seed(0)
    version = importlib.metadata.version("rsl-rl-lib")
    joined = version.startswith("2")
    cases = {"2": version_2, "3": version_3}.get(version[0], lambda: version_4(version >= "5"))
    for name, made in cases():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as logs:
            write(name, made, version, joined, logs)


if __name__ == "__main__":
    main()
