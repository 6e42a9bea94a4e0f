"""Stable-Baselines3 and sb3-contrib: a zip archive of JSON, pickles and weights, and a normalizer beside it."""

from __future__ import annotations

import base64
import binascii
import contextlib
import importlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch

from leapp_core.checkpoints import PickledObject, read_pickle, read_torch_file
from leapp_core.checkpoints.records import name_of
from leapp_core.errors import CheckpointError, MissingExtraError
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.trainers.network import State, TrainerPolicy, load_weights, observation
from leapp_rsl_rl.trainers.runs import agent_of_run
from leapp_rsl_rl.trainers.spaces import SPACE_CLASSES, rebuilt

GROUP = "policy"
"""The observation group that Isaac Lab's wrapper gives to Stable-Baselines3."""
POLICY_CLASSES = (
    *(f"stable_baselines3.common.policies.{name}" for name in ("ActorCriticPolicy", "ActorCriticCnnPolicy")),
    "stable_baselines3.common.policies.MultiInputActorCriticPolicy",
    *(f"sb3_contrib.common.recurrent.policies.RecurrentActorCritic{kind}Policy" for kind in ("", "Cnn")),
    "sb3_contrib.common.recurrent.policies.RecurrentMultiInputActorCriticPolicy",
    *(f"stable_baselines3.sac.policies.{kind}Policy" for kind in ("SAC", "Cnn", "MultiInput")),
    *(f"stable_baselines3.td3.policies.{kind}Policy" for kind in ("TD3", "Cnn", "MultiInput")),
    *(f"sb3_contrib.tqc.policies.{kind}Policy" for kind in ("TQC", "Cnn", "MultiInput")),
    "sb3_contrib.crossq.policies.CrossQPolicy",
)
"""Policies that are loaded: their actions are continuous."""
_ACTIVATIONS = ("ELU", "ReLU", "LeakyReLU", "Tanh", "SELU", "SiLU", "GELU", "Sigmoid", "Softplus", "Softsign", "Mish")
_ARGUMENT_CLASSES = (
    *(f"torch.nn.modules.activation.{name}" for name in _ACTIVATIONS),
    "torch.nn.modules.linear.Identity",
    *(f"stable_baselines3.common.torch_layers.{name}Extractor" for name in ("Flatten", "Combined")),
    "stable_baselines3.common.torch_layers.NatureCNN",
)
_OPTIMIZERS = (
    *(f"torch.optim.{name.lower()}.{name}" for name in ("Adam", "AdamW", "RMSprop", "SGD", "Adamax", "NAdam", "RAdam")),
    "stable_baselines3.common.sb2_compat.rmsprop_tf_like.RMSpropTFLike",
)
_NORMALIZER_CLASSES = (
    "stable_baselines3.common.vec_env.vec_normalize.VecNormalize",
    "stable_baselines3.common.running_mean_std.RunningMeanStd",
    *SPACE_CLASSES,
)
_IGNORED_ARGUMENTS = ("optimizer_class", "optimizer_kwargs")


class Sb3Network:
    """A policy with its normalizer, acting as ``predict(deterministic=True)`` does.

    Args:
        policy: The policy, in evaluation mode.
        normalize: Statistics to normalize observations with, by observation key (``""`` for a plain one).
        group: Observation group it reads.
        where: The checkpoint, for messages.
    """

    def __init__(self, policy: Any, normalize: Mapping[str, Normalizer], group: str, where: str) -> None:
        self._policy, self._normalize, self._group, self._where = policy, normalize, group, where
        self._recurrent = hasattr(policy, "lstm_actor")

    def initial_state(self, batch: int) -> State:
        """Return hidden and cell state of an LSTM, zero."""
        if not self._recurrent:
            return ()
        layers, _, size = self._policy.lstm_hidden_state_shape
        return tuple(torch.zeros(layers, batch, size, device=self._policy.device) for _ in range(2))

    def act(self, observations: Mapping[str, torch.Tensor], state: State) -> tuple[torch.Tensor, State]:
        """See :class:`leapp_rsl_rl.trainers.network.ActingNetwork`."""
        seen = self._normalized(observation(observations, self._group, self._where))
        with _distributions_unchecked():
            if not state:
                return self._limited(self._policy._predict(seen, deterministic=True)), ()
            fresh = torch.zeros(state[0].shape[1], device=self._policy.device)
            action, following = self._policy._predict(seen, lstm_states=state, episode_starts=fresh, deterministic=True)
        return self._limited(action), tuple(following)

    def _normalized(self, seen: Any) -> Any:
        if isinstance(seen, torch.Tensor):
            return self._normalize[""](seen) if "" in self._normalize else seen
        return {key: self._normalize[key](part) if key in self._normalize else part for key, part in seen.items()}

    def _limited(self, action: torch.Tensor) -> torch.Tensor:
        space = self._policy.action_space
        low, high = (torch.as_tensor(end, device=action.device, dtype=action.dtype) for end in (space.low, space.high))
        if self._policy.squash_output:
            return low + 0.5 * (action + 1.0) * (high - low)
        return torch.maximum(torch.minimum(action, high), low)


class Normalizer:
    """Mean and variance of ``VecNormalize``, as tensors.

    Args:
        mean: Mean of an observation.
        var: Its variance.
        epsilon: Added to the variance.
        clip: Limit of what comes out.
        device: Torch device.
    """

    def __init__(self, mean: Any, var: Any, epsilon: float, clip: float, device: str) -> None:
        self.mean = torch.as_tensor(np.asarray(mean), dtype=torch.float32, device=device)
        self.deviation = torch.sqrt(torch.as_tensor(np.asarray(var) + epsilon, device=device)).to(torch.float32)
        self.clip = float(clip)

    def __call__(self, value: torch.Tensor) -> torch.Tensor:
        """Return a normalized observation."""
        return ((value - self.mean) / self.deviation).clamp(-self.clip, self.clip)


def load_sb3(request: PolicyRequest) -> TrainerPolicy:
    """Load a checkpoint of Stable-Baselines3 or sb3-contrib.

    Raises:
        CheckpointError: missing, damaged, unsafe, of an algorithm without continuous actions, or without the
            normalizer it was trained with.
    """
    where = str(request.checkpoint)
    archive = _Archive(request.checkpoint)
    policy = _build(archive, request.device)
    load_weights(policy, archive.tensors("policy.pth", request.device), where)
    policy.set_training_mode(False)
    _check_sizes(policy, observation(request.observations, GROUP, where), request, where)
    normalize = _normalizers(request)
    name = type(policy).__name__
    parts = [name.removesuffix("Policy"), "normalized observations" if normalize else "no normalizer"]
    if hasattr(policy, "lstm_actor"):
        parts.insert(1, f"LSTM {policy.lstm_actor.num_layers}x{policy.lstm_actor.hidden_size}")
    summary = f"{', '.join(parts)} on {GROUP} (checkpoint of Stable-Baselines3 {archive.version})"
    return TrainerPolicy(Sb3Network(policy, normalize, GROUP, where), (GROUP,), summary)


class _Archive:
    """A checkpoint's archive; its pickles are read as data.

    Raises:
        CheckpointError: it is no archive of Stable-Baselines3.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with zipfile.ZipFile(path) as archive:
                names = set(archive.namelist()) & {"data", "policy.pth", "_stable_baselines3_version"}
                self._files = {name: archive.read(name) for name in names}
            self._data = json.loads(self._files["data"])
        except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
            raise CheckpointError(
                "the file is not a checkpoint of Stable-Baselines3, or it is damaged",
                where=str(path),
                expected="a .zip with 'data' and 'policy.pth', as model.save() writes it",
                code="K004",
            ) from error
        self.version = self._files.get("_stable_baselines3_version", b"?").decode("utf-8", "replace").strip()

    def value(self, key: str, *classes: str) -> Any:
        """Return an entry; those that are pickles may use the classes only.

        Raises:
            CheckpointError: it uses others, or is damaged.
        """
        entry = self._data.get(key)
        if not isinstance(entry, dict) or ":serialized:" not in entry:
            return entry
        try:
            content = base64.b64decode(entry[":serialized:"], validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise CheckpointError(f"the checkpoint's {key} is damaged", where=str(self.path), code="K002") from error
        return read_pickle(content, classes, where=str(self.path), what=f"checkpoint's {key}")

    def tensors(self, name: str, device: str) -> Any:
        """Return a file of weights.

        Raises:
            CheckpointError: it is missing or damaged.
        """
        if name not in self._files:
            raise CheckpointError(f"the checkpoint has no {name}", where=str(self.path), code="K007")
        return read_torch_file(self.path, device=device, what=f"checkpoint's {name}", content=self._files[name])


def _build(archive: _Archive, device: str) -> Any:
    """Make the policy as the algorithm's constructor does; what only training needs is left out."""
    where = str(archive.path)
    policy_class = _real(archive.value("policy_class", *POLICY_CLASSES), where)
    spaces = [rebuilt(archive.value(f"{what}_space", *SPACE_CLASSES), where) for what in ("observation", "action")]
    if not isinstance(spaces[1], gymnasium.spaces.Box):
        raise CheckpointError(
            f"the policy's actions are {type(spaces[1]).__name__}",
            where=where,
            expected="continuous actions (Box)",
            code="K006",
        )
    given = archive.value("policy_kwargs", *_ARGUMENT_CLASSES, *_OPTIMIZERS) or {}
    arguments = {k: _real_in(v, where) for k, v in dict(given).items() if k not in _IGNORED_ARGUMENTS}
    if "ActorCritic" in policy_class.__name__:
        arguments.setdefault("use_sde", bool(archive.value("use_sde")))
    try:
        return policy_class(*spaces, lambda _: 0.0, **arguments).to(device)
    except (TypeError, ValueError, AssertionError, KeyError) as error:
        raise CheckpointError(f"the policy cannot be built: {error}", where=where, code="K006") from error


def _real(named: Any, where: str) -> Any:
    """Return the class that a record of the file names; only names of the lists get here."""
    name = name_of(named)
    if name is None:
        raise CheckpointError(
            f"the checkpoint has a {type(named).__name__} where a class is expected", where=where, code="K002"
        )
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        package = module.partition(".")[0].replace("_", "-")
        raise MissingExtraError(
            f"the checkpoint was written by {package}, which is not installed",
            where=where,
            fix=f"pip install {package}",
            code="P004",
        ) from error


def _real_in(value: Any, where: str) -> Any:
    if isinstance(value, type):
        return _real(value, where)
    if isinstance(value, dict):
        return {key: _real_in(item, where) for key, item in value.items()}
    return [_real_in(item, where) for item in value] if isinstance(value, list) else value


def _check_sizes(policy: Any, seen: Any, request: PolicyRequest, where: str) -> None:
    space = policy.observation_space
    if isinstance(seen, torch.Tensor) and tuple(seen.shape[1:]) != tuple(space.shape or ()):
        raise CheckpointError(
            f"the policy was trained on observations {tuple(space.shape or ())} and the task gives "
            f"{tuple(seen.shape[1:])}",
            where=where,
            expected="the task that the checkpoint was trained on",
            code="K008",
        )
    actions = int(np.prod(policy.action_space.shape))
    if request.num_actions is not None and actions != request.num_actions:
        raise CheckpointError(
            f"the policy has {actions} actions and the task takes {request.num_actions}",
            where=where,
            expected="the task that the checkpoint was trained on",
            code="K008",
        )


def normalizer_file(checkpoint: Path) -> Path:
    """Return where training writes ``VecNormalize``: ``model_100.zip`` belongs to ``model_vecnormalize_100.pkl``."""
    return checkpoint.with_name(f"{checkpoint.stem.replace('model', 'model_vecnormalize', 1)}.pkl")


def _normalizers(request: PolicyRequest) -> dict[str, Normalizer]:
    path = normalizer_file(request.checkpoint)
    if path == request.checkpoint.with_suffix(".pkl") or not path.is_file():
        agent = {} if request.agent is None and not _has_agent(request) else agent_of_run(request)
        if agent.get("normalize_input"):
            raise CheckpointError(
                "the policy was trained with normalized observations and its normalizer is not there",
                where=str(request.checkpoint),
                expected=f"the file {path.name} beside the checkpoint, which training writes",
                fix="copy it from the training run",
                code="K011",
            )
        return {}
    saved = read_pickle(path.read_bytes(), _NORMALIZER_CLASSES, where=str(path), what="normalizer file")
    if not isinstance(saved, PickledObject) or (saved.get("obs_rms") is None and saved.get("norm_obs")):
        raise CheckpointError("the file holds no VecNormalize", where=str(path), code="K011")
    if not saved.get("norm_obs"):
        return {}
    statistics = saved.get("obs_rms")
    by_key = statistics if isinstance(statistics, Mapping) else {"": statistics}
    keys = saved.get("norm_obs_keys") or by_key.keys()
    limits = (float(saved.get("epsilon")), float(saved.get("clip_obs")), request.device)
    return {key: Normalizer(by_key[key].get("mean"), by_key[key].get("var"), *limits) for key in keys}


def _has_agent(request: PolicyRequest) -> bool:
    return (request.checkpoint.parent / "params" / "agent.yaml").is_file()


@contextlib.contextmanager
def _distributions_unchecked() -> Iterator[None]:
    """Let distributions not check their arguments: that asks tensors for Python's yes or no and changes no action."""
    distribution = torch.distributions.Distribution
    before = distribution._validate_args
    distribution.set_default_validate_args(False)
    try:
        yield
    finally:
        distribution.set_default_validate_args(before)
