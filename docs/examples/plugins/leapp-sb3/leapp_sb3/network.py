"""The policy's network, built from what the checkpoint says and filled with its weights."""

from __future__ import annotations

import importlib
from typing import Any

from leapp_core.checkpoints.records import PickledObject
from leapp_core.errors import CheckpointError
from leapp_sb3.archive import Archive
from leapp_sb3.spaces import SPACE_CLASSES, space_from

_ACTOR_CRITIC = "stable_baselines3.common.policies"
_RECURRENT = "sb3_contrib.common.recurrent.policies"
POLICIES = (
    *(f"{_ACTOR_CRITIC}.{kind}Policy" for kind in ("ActorCritic", "ActorCriticCnn", "MultiInputActorCritic")),
    *(
        f"{_RECURRENT}.{kind}Policy"
        for kind in ("RecurrentActorCritic", "RecurrentActorCriticCnn", "RecurrentMultiInputActorCritic")
    ),
    *(f"stable_baselines3.sac.policies.{kind}Policy" for kind in ("SAC", "Cnn", "MultiInput")),
    *(f"stable_baselines3.td3.policies.{kind}Policy" for kind in ("TD3", "Cnn", "MultiInput")),
    *(f"stable_baselines3.dqn.policies.{kind}Policy" for kind in ("DQN", "Cnn", "MultiInput")),
    *(f"sb3_contrib.tqc.policies.{kind}Policy" for kind in ("TQC", "Cnn", "MultiInput")),
)
"""Policies that are loaded. A class of the user's own stands in the file as code, which is refused."""
_ACTIVATIONS = ("ELU", "ReLU", "LeakyReLU", "Tanh", "SELU", "SiLU", "GELU", "Sigmoid", "Softplus", "Softsign", "Mish")
ARGUMENTS = (
    *(f"torch.nn.modules.activation.{name}" for name in _ACTIVATIONS),
    *(
        f"stable_baselines3.common.torch_layers.{name}"
        for name in ("FlattenExtractor", "CombinedExtractor", "NatureCNN")
    ),
    *(f"torch.optim.{name.lower()}.{name}" for name in ("Adam", "AdamW", "RMSprop", "SGD", "Adamax", "NAdam", "RAdam")),
    "stable_baselines3.common.sb2_compat.rmsprop_tf_like.RMSpropTFLike",
)
"""Classes that ``policy_kwargs`` may name."""
_OF_TRAINING = ("optimizer_class", "optimizer_kwargs")


def build(archive: Archive, device: str) -> Any:
    """Return the policy as the algorithm makes it, with the checkpoint's weights, in evaluation mode.

    Raises:
        CheckpointError: the archive names something that is not on the lists above, or its parts do not fit together.
    """
    policy_class = _real(archive.value("policy_class", *POLICIES), archive)
    observed, acted = (
        space_from(archive.value(key, *SPACE_CLASSES), archive.where) for key in ("observation_space", "action_space")
    )
    given = archive.value("policy_kwargs", *ARGUMENTS) or {}
    arguments = {key: _real_within(value, archive) for key, value in given.items() if key not in _OF_TRAINING}
    if "ActorCritic" in policy_class.__name__:
        arguments.setdefault("use_sde", bool(archive.value("use_sde")))
    try:
        policy = policy_class(observed, acted, lambda _: 0.0, **arguments).to(device)
    except (TypeError, ValueError, AssertionError, KeyError) as error:
        raise CheckpointError(f"the policy cannot be built: {error}", where=archive.where) from error
    _fill(policy, archive, device)
    policy.set_training_mode(False)
    return policy


def _fill(policy: Any, archive: Archive, device: str) -> None:
    weights = archive.weights(device)
    expected = {key: tuple(value.shape) for key, value in policy.state_dict().items()}
    try:
        found = {key: tuple(value.shape) for key, value in weights.items()}
    except AttributeError as error:
        raise CheckpointError("the checkpoint's policy.pth is not a state dict", where=archive.where) from error
    if found != expected:
        different = sorted(key for key in {*found, *expected} if found.get(key) != expected.get(key))
        shown = "; ".join(f"{key} is {found.get(key)}, expected {expected.get(key)}" for key in different[:3])
        raise CheckpointError(
            f"the checkpoint's weights do not fit the policy that it describes: {shown}", where=archive.where
        )
    policy.load_state_dict(weights)


def _real(record: Any, archive: Archive) -> Any:
    """Return the class that stands behind a record; only names of the lists above get here."""
    if not (isinstance(record, type) and issubclass(record, PickledObject)):
        raise CheckpointError(f"the checkpoint has {record!r} where a class is expected", where=archive.where)
    module, _, name = record.class_name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        package = module.partition(".")[0].replace("_", "-")
        raise CheckpointError(
            f"the checkpoint needs {record.class_name}, which is not installed",
            where=archive.where,
            fix=f"pip install {package}",
        ) from error


def _real_within(value: Any, archive: Archive) -> Any:
    if isinstance(value, type):
        return _real(value, archive)
    if isinstance(value, dict):
        return {key: _real_within(item, archive) for key, item in value.items()}
    return [_real_within(item, archive) for item in value] if isinstance(value, list) else value
