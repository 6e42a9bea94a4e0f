"""rl_games: weights in a file of ``torch.save``, the network described by the agent configuration."""

from __future__ import annotations

import contextlib
import copy
import io
import math
from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import torch

from leapp_core.checkpoints import read_torch_file
from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import PolicyRequest
from leapp_rsl_rl.trainers.network import State, TrainerPolicy, load_weights, observation
from leapp_rsl_rl.trainers.runs import agent_of_run, section
from leapp_rsl_rl.trainers.spaces import box

_SEPARATE_NORMALIZER = "running_mean_std"
_PLAYERS = {"a2c_continuous": "PpoPlayerContinuous", "sac": "SACPlayer"}


class RlGamesNetwork:
    """A player of rl_games between the limits that Isaac Lab's wrapper sets to observations and actions.

    Args:
        player: The player, with its weights.
        settings: Section ``params.env`` of the agent configuration.
        groups: Observation groups it reads.
        where: The checkpoint, for messages.
    """

    def __init__(self, player: Any, settings: Mapping[str, Any], groups: tuple[str, ...], where: str) -> None:
        self._player, self._groups, self._where = player, groups, where
        self._clip_observations = float(settings.get("clip_observations", math.inf))
        self._clip_actions = float(settings.get("clip_actions", math.inf))
        self._joined = bool(settings.get("concate_obs_groups", True))

    def initial_state(self, batch: int) -> State:
        """Return the recurrent state of a new episode, zero."""
        if not self._player.is_rnn:
            return ()
        self._player.batch_size = batch
        self._player.init_rnn()
        return tuple(self._player.states)

    def act(self, observations: Mapping[str, torch.Tensor], state: State) -> tuple[torch.Tensor, State]:
        """See :class:`leapp_rsl_rl.trainers.network.ActingNetwork`."""
        self._player.states = list(state) if state else None
        action = self._player.get_action(self._seen(observations), is_deterministic=True)
        following = tuple(self._player.states or ()) if state else ()
        return action.clamp(-self._clip_actions, self._clip_actions), following

    def _seen(self, observations: Mapping[str, torch.Tensor]) -> Any:
        parts = {name: observation(observations, name, self._where) for name in self._groups}
        limit = self._clip_observations
        clipped = {name: part.clamp(-limit, limit) for name, part in parts.items()}
        return joined(list(clipped.values()), self._where) if self._joined else clipped


def joined(parts: list[torch.Tensor], where: str) -> torch.Tensor:
    """Join observation groups as Isaac Lab's wrapper does: along features, or along the channels of images.

    Raises:
        CheckpointError: their shapes cannot be joined.
    """
    shapes = [tuple(part.shape[1:]) for part in parts]
    if len(parts) == 1:
        return parts[0]
    if len({len(shape) for shape in shapes}) == 1:
        if len({shape[:-1] for shape in shapes}) == 1:
            return torch.cat(parts, dim=-1)
        if len({shape[1:] for shape in shapes}) == 1:
            return torch.cat(parts, dim=1)
    raise CheckpointError(f"observation groups of shapes {shapes} cannot be joined", where=where, code="K008")


def load_rl_games(request: PolicyRequest) -> TrainerPolicy:
    """Load a checkpoint of rl_games.

    Raises:
        CheckpointError: missing, damaged, unsafe, of an algorithm without continuous actions, or not fitting the
            agent configuration or the task.
    """
    where = str(request.checkpoint)
    content = read_torch_file(request.checkpoint, device=request.device)
    _check_content(content, where)
    agent = agent_of_run(request)
    settings = section(agent, "params.env", where) if "env" in section(agent, "params", where) else {}
    groups = tuple((settings.get("obs_groups") or {}).get("obs") or ("policy",))
    player = _player(agent, request, settings, groups)
    _load(player, content, where)
    network = RlGamesNetwork(player, settings, groups, where)
    return TrainerPolicy(network, groups, f"{_describe(player)} on {', '.join(groups)} (checkpoint of rl_games)")


def _player(agent: Mapping[str, Any], request: PolicyRequest, settings: Mapping[str, Any], groups: Any) -> Any:
    from rl_games.algos_torch import players

    where = str(request.checkpoint)
    params = copy.deepcopy(section(agent, "params", where))
    algorithm = section(agent, "params.algo", where).get("name")
    if algorithm not in _PLAYERS:
        raise CheckpointError(
            f"the agent's algorithm is {algorithm!r}",
            where=where,
            expected=f"one of {', '.join(_PLAYERS)}",
            code="K006",
        )
    config = params.setdefault("config", {})
    config |= {"device": request.device, "device_name": request.device, "env_info": _spaces(request, settings, groups)}
    config.setdefault("env_name", "rlgpu")
    config["player"] = {}  # how many games to play, what to watch: none of it belongs to the policy
    try:
        with _plain_python(), contextlib.redirect_stdout(io.StringIO()):
            player = getattr(players, _PLAYERS[algorithm])(params)
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError) as error:
        raise CheckpointError(
            f"rl_games cannot build the agent that is configured: {type(error).__name__}: {error}",
            where=where,
            code="K006",
        ) from error
    player.has_batch_dimension = True
    player.model.eval()
    return player


def _spaces(request: PolicyRequest, settings: Mapping[str, Any], groups: tuple[str, ...]) -> dict[str, Any]:
    where = str(request.checkpoint)
    parts = {name: observation(request.observations, name, where) for name in groups}
    if request.num_actions is None:
        raise CheckpointError(
            "the number of actions is not known", where=where, expected="a task that tells it", code="K010"
        )
    if settings.get("concate_obs_groups", True):
        seen: gymnasium.Space[Any] = box(tuple(joined(list(parts.values()), where).shape[1:]))
    else:
        seen = gymnasium.spaces.Dict({name: box(tuple(part.shape[1:])) for name, part in parts.items()})
    limit = float(settings.get("clip_actions", math.inf))
    return {"observation_space": seen, "action_space": box((request.num_actions,), limit), "agents": 1, "value_size": 1}


def _check_content(content: Any, where: str) -> None:
    if not isinstance(content, Mapping) or not {"model", "actor"} & content.keys():
        raise CheckpointError(
            "the file is not a checkpoint of rl_games",
            where=where,
            expected="a dictionary with 'model' (or, of SAC, 'actor')",
            code="K004",
        )


def _load(player: Any, content: Mapping[str, Any], where: str) -> None:
    model = player.model
    if "model" in content:
        load_weights(model, content["model"], where)
    else:
        load_weights(model.sac_network.actor, content["actor"], where, "actor")
    statistics = content.get(_SEPARATE_NORMALIZER)
    if player.normalize_input and statistics is not None:
        load_weights(model.running_mean_std, statistics, where, "normalizer")
    elif player.normalize_input and "model" not in content:
        raise CheckpointError(
            "the agent normalizes observations and the checkpoint has no normalizer",
            where=where,
            expected=f"an entry {_SEPARATE_NORMALIZER!r}",
            code="K011",
        )


def _describe(player: Any) -> str:
    network: Any = getattr(player.model, "a2c_network", None)
    parts = [type(player).__name__.replace("Player", "").replace("Continuous", "").upper()]
    if player.is_rnn:
        parts.append(f"{str(network.rnn_name).upper()} {network.rnn_layers}x{network.rnn_units}")
    parts.append("normalized observations" if player.normalize_input else "no normalizer")
    return ", ".join(parts)


@contextlib.contextmanager
def _plain_python() -> Iterator[None]:
    """Build modules as Python, as Isaac Lab's exporters do: rl_games compiles its normalizer to TorchScript."""
    state = torch.jit._state
    enabled = state._enabled.enabled
    state.disable()
    try:
        yield
    finally:
        if enabled:
            state.enable()
