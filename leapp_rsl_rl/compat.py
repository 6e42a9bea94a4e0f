"""Differences between the checkpoint layouts and configurations of rsl-rl-lib 2.x to 5.x, all in this file.

The rest of the package knows the 5.x layout only: a state dict of the acting model, and a configuration with a
section for that model. Older ones are translated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from leapp_core.errors import CheckpointError
from leapp_core.suggest import suggest
from leapp_rsl_rl.wrappers import unwrapped

StateDict = dict[str, torch.Tensor]


@dataclass(frozen=True)
class ActorState:
    """Weights of the model that acts, under the names rsl-rl-lib 5.x gives them."""

    weights: StateDict
    role: str
    """``actor``, or ``student`` for a distilled policy: the section of the configuration and the set of groups."""
    layout: str
    """Which versions of rsl-rl-lib write such a checkpoint."""


@dataclass(frozen=True)
class ActorConfig:
    """How to build the model that acts."""

    class_name: str
    arguments: Mapping[str, Any]
    obs_groups: tuple[str, ...]


_SPLIT_RENAMES = (("std", "distribution.std_param"), ("log_std", "distribution.log_std_param"))
_JOINT_RENAMES = {
    "actor": (
        ("actor_obs_normalizer.", "obs_normalizer."),
        ("actor_cnns.", "cnns."),
        ("memory_a.rnn.", "rnn.rnn."),
        ("actor.", "mlp."),
        *_SPLIT_RENAMES,
    ),
    "student": (
        ("student_obs_normalizer.", "obs_normalizer."),
        ("memory_s.rnn.", "rnn.rnn."),
        ("student.", "mlp."),
        *_SPLIT_RENAMES,
    ),
}
_WEIGHTS = ("mlp.", "actor.", "student.", "module.", "_orig_mod.")
_JOINT_IGNORED = ("critic", "memory_c.", "teacher", "memory_t.")
_ROLES = {"actor": "an actor", "student": "a distilled student"}
EXPLORATION_ONLY = "distribution."
"""Weights that the deterministic action, which is what is exported, does not depend on."""
_DEFAULT_UNITS = 256
_USE_ANOTHER = "use another checkpoint of the run, as its trainer saved it"
_JOINT_CLASSES = {
    **dict.fromkeys(("ActorCritic", "StudentTeacher"), "MLPModel"),
    **dict.fromkeys(("ActorCriticRecurrent", "StudentTeacherRecurrent"), "RNNModel"),
    "ActorCriticCNN": "CNNModel",
}
"""Policy classes of 2.x and 3.x, which the runners of these versions look up in rsl_rl, and what they became."""
_SEPARATE_NORMALIZER = "obs_norm_state_dict"


def actor_state(content: Mapping[str, Any], where: str) -> ActorState:
    """Return the weights of the acting model, whatever version of rsl-rl-lib wrote the checkpoint.

    Args:
        content: What the checkpoint file holds.
        where: The file, for messages.

    Raises:
        CheckpointError: It holds no model of rsl_rl.
    """
    for role in ("student", "actor"):
        part = content.get(f"{role}_state_dict")
        if isinstance(part, Mapping):
            return ActorState(_rename(unwrapped(part, where), _SPLIT_RENAMES, where), role, "rsl-rl-lib 4.x or 5.x")
    part = content.get("model_state_dict")
    if isinstance(part, Mapping):
        return _joint_state(part, content, where)
    bare = any(str(key).startswith(_WEIGHTS) for key in content)
    raise CheckpointError(
        f"the file is not an rsl_rl checkpoint; it holds {', '.join(map(repr, list(content)[:6])) or 'nothing'}",
        where=where,
        expected="'actor_state_dict' or 'student_state_dict' (4.x, 5.x), or 'model_state_dict' (2.x, 3.x)",
        fix="these are the weights alone; use the file that the runner saved, which holds them and the normalizer"
        if bare
        else None,
        code="K004",
    )


def actor_config(agent: Mapping[str, Any], role: str, available: Mapping[str, Any], where: str) -> ActorConfig:
    """Return how the acting model is built, whatever version of rsl-rl-lib the configuration is for.

    Args:
        agent: The agent configuration.
        role: ``actor`` or ``student``.
        available: Observation groups of the environment.
        where: The checkpoint, for messages.

    Raises:
        CheckpointError: The configuration has no section for the model, or names groups that do not exist.
    """
    section = current_layout(agent, role, where)[role]
    arguments = _with_distribution(_without_unset_cell(dict(section)))
    class_name = str(arguments.pop("class_name", "MLPModel"))
    groups = _groups(agent.get("obs_groups") or {}, role, available, where)
    return ActorConfig(class_name, arguments, groups)


def current_layout(agent: Mapping[str, Any], role: str, where: str) -> dict[str, Any]:
    """Return an agent configuration with a section for the model that acts, as 4.x and 5.x have it.

    Raises:
        CheckpointError: It has no section for that model in any layout.
    """
    if isinstance(agent.get(role), Mapping):
        return dict(agent)
    return {**agent, role: _legacy_section(agent, role, where)}


def _joint_state(part: Mapping[str, Any], content: Mapping[str, Any], where: str) -> ActorState:
    part = unwrapped(part, where)
    role = "student" if any(key.startswith("student.") for key in part) else "actor"
    kept = {key: value for key, value in part.items() if not key.startswith(_JOINT_IGNORED)}
    weights = _rename(kept, _JOINT_RENAMES[role], where)
    separate = content.get(_SEPARATE_NORMALIZER)
    if isinstance(separate, Mapping):
        named = {f"obs_normalizer.{key}": value for key, value in unwrapped(separate, where).items()}
        weights.update(_rename(named, (), where))
    return ActorState(weights, role, "rsl-rl-lib 2.x or 3.x")


def _rename(part: Mapping[str, Any], renames: tuple[tuple[str, str], ...], where: str) -> StateDict:
    weights: StateDict = {}
    for key, value in part.items():
        if not isinstance(value, torch.Tensor):
            raise CheckpointError(
                f"the checkpoint has a {type(value).__name__} under {key!r}",
                where=where,
                expected="a tensor",
                code="K002",
            )
        weights[_renamed(key, renames)] = value
        if not _renamed(key, renames).startswith(EXPLORATION_ONLY):
            _check_values(key, value, where)
    return weights


def _check_values(key: str, value: torch.Tensor, where: str) -> None:
    """Refuse what would be copied into a model without a word and make it act otherwise, or not at all.

    Raises:
        CheckpointError: The tensor holds no values, other than floating-point numbers, or what is no number.
    """
    wrong = None
    if value.is_meta:
        wrong = f"the checkpoint has no values for {key!r}, only a shape (it was saved from the 'meta' device)"
    elif not value.is_floating_point() and not key.endswith("count"):
        wrong = f"the checkpoint has {str(value.dtype).removeprefix('torch.')} values under {key!r}"
    elif not bool(torch.isfinite(value).all()):
        wrong = f"the checkpoint has values that are infinite or no numbers under {key!r}: training had diverged"
    if wrong is not None:
        raise CheckpointError(
            wrong, where=where, expected="finite floating-point numbers", fix=_USE_ANOTHER, code="K002"
        )


def _renamed(key: str, renames: tuple[tuple[str, str], ...]) -> str:
    for old, new in renames:
        if key == old or (old.endswith(".") and key.startswith(old)):
            return new + key[len(old) :]
    return key


def _legacy_section(agent: Mapping[str, Any], role: str, where: str) -> dict[str, Any]:
    """Translate the ``policy`` section of 2.x and 3.x."""
    policy = agent.get("policy")
    if not isinstance(policy, Mapping):
        present = ", ".join(map(str, agent)) or "none"
        raise CheckpointError(
            f"the checkpoint holds {_ROLES[role]}, and the agent configuration has no section for one",
            where=where,
            expected=f"a section {role!r} (4.x, 5.x) or 'policy' (2.x, 3.x); there are {present}",
            fix="copy the params folder of the training run that wrote the checkpoint to where the checkpoint is",
            code="K005",
        )
    normalize = policy.get(f"{role}_obs_normalization")
    if normalize is None:
        normalize = agent.get("empirical_normalization")
    section: dict[str, Any] = {
        "class_name": _joint_class(str(policy.get("class_name") or "ActorCritic"), where),
        "hidden_dims": policy.get(f"{role}_hidden_dims", [256, 256, 256]),
        "activation": policy.get("activation", "elu"),
        "obs_normalization": bool(normalize),
        "stochastic": True,
    }
    copied = ("init_noise_std", "noise_std_type", "state_dependent_std", "rnn_type", "rnn_num_layers")
    section.update({key: policy[key] for key in copied if key in policy})
    if section["class_name"] == "RNNModel":
        # the versions that know both names look at the older one where the newer is left at its default
        newer = policy.get("rnn_hidden_dim", _DEFAULT_UNITS)
        section["rnn_hidden_dim"] = policy.get("rnn_hidden_size", newer) if newer == _DEFAULT_UNITS else newer
    if policy.get("actor_cnn_cfg") is not None:
        section.update(class_name="CNNModel", cnn_cfg=policy["actor_cnn_cfg"])
    return section


def _joint_class(name: str, where: str) -> str:
    package, _, bare = name.replace(":", ".").rpartition(".")
    if bare in _JOINT_CLASSES and package.partition(".")[0] in ("", "rsl_rl"):
        return _JOINT_CLASSES[bare]
    raise CheckpointError(
        f"the policy was trained with the class {name!r}, which is not one of rsl_rl's and may compute otherwise",
        where=where,
        expected=f"one of {', '.join(_JOINT_CLASSES)}",
        fix="a policy adapter of your own can build it: see docs/howto/write-an-environment.md",
        code="K006",
    )


def _without_unset_cell(section: dict[str, Any]) -> dict[str, Any]:
    """Drop the recurrent settings of a configuration that has them for every model, as mjlab's has."""
    if "rnn_type" not in section or section["rnn_type"] is not None:
        return section
    return {key: value for key, value in section.items() if not key.startswith("rnn_")}


def _with_distribution(section: dict[str, Any]) -> dict[str, Any]:
    """Turn the noise settings of 4.x and before into the distribution of 5.x."""
    stochastic = section.pop("stochastic", None)
    std = section.pop("init_noise_std", None)
    std_type = section.pop("noise_std_type", None)
    heteroscedastic = section.pop("state_dependent_std", None)
    if section.get("distribution_cfg") is None and stochastic:
        section["distribution_cfg"] = {
            "class_name": "HeteroscedasticGaussianDistribution" if heteroscedastic else "GaussianDistribution",
            "init_std": std or 1.0,
            "std_type": std_type or "scalar",
        }
    return section


def configured_groups(sets: Mapping[str, Any], role: str) -> tuple[str, ...]:
    """Return the observation groups that a configuration names for a role, or none if it leaves them to defaults.

    ``policy`` is both a group and the set's name in 3.x.
    """
    chosen = next((sets[name] for name in (role, "policy") if sets.get(name)), ())
    return tuple(str(group) for group in chosen)


def _groups(sets: Mapping[str, Any], role: str, available: Mapping[str, Any], where: str) -> tuple[str, ...]:
    groups = configured_groups(sets, role) or ((role,) if role in available else ("policy",))
    for group in groups:
        if group not in available:
            raise CheckpointError(
                f"the policy sees the observation group {group!r}, which the environment does not have",
                where=where,
                expected=suggest(group, available),
                code="K008",
            )
    return groups
