"""Load a policy from its checkpoint alone, where no environment can be started that would show its observations.

Weights tell how many values a policy sees in all; how these are divided into groups, and the size of images, they do
not tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import StandalonePolicy, StandaloneRequest
from leapp_rsl_rl.agent_config import AGENT_FILE, read_agent_file
from leapp_rsl_rl.checkpoint import read_checkpoint
from leapp_rsl_rl.compat import ActorConfig, ActorState, actor_config, actor_state, configured_groups
from leapp_rsl_rl.model import build_model, construct
from leapp_rsl_rl.policy import RslRlPolicy
from leapp_rsl_rl.widths import FIRST_LAYERS

JOINED = "observations"
"""Input that takes several groups one after the other, as the network does."""

_OPTION = "--observation_shape"

Shape = tuple[int, ...]


def load_standalone(request: StandaloneRequest) -> StandalonePolicy:
    """Load a checkpoint without its environment.

    Raises:
        CheckpointError: It cannot be used, or something is needed that neither weights nor configuration tell.
    """
    where = str(request.checkpoint)
    state = actor_state(read_checkpoint(request.checkpoint, request.device), where)
    agent = _agent(request)
    images = _image_groups(state)
    groups = configured_groups(agent.get("obs_groups") or {}, state.role) or ("policy", *images)
    _refuse_unknown(request.shapes, groups, where)
    image_shapes = {group: _image_shape(group, state, request.shapes, where) for group in groups if group in images}
    vectors = tuple(group for group in groups if group not in images)
    config = actor_config({**agent, "obs_groups": {state.role: list(groups)}}, state.role, dict.fromkeys(groups), where)
    split, notes = _vector_shapes(vectors, request.shapes, _width(config, state, vectors, image_shapes, where), where)
    shapes = {**split, **image_shapes}
    config = replace(config, obs_groups=tuple(shapes))
    examples = {group: torch.zeros(1, *shape, device=request.device) for group, shape in shapes.items()}
    model = build_model(config, state, examples, None, where)
    policy = RslRlPolicy(model.to(request.device), config.obs_groups, state.layout)
    return StandalonePolicy(policy, shapes, notes, groups)


def _agent(request: StandaloneRequest) -> dict[str, Any]:
    path = request.agent_file or request.checkpoint.parent / AGENT_FILE
    if path.is_file():
        return read_agent_file(path)
    if request.agent_file is not None:
        raise CheckpointError("there is no such agent configuration", where=str(path), code="K001")
    raise CheckpointError(
        "the weights do not tell how the policy was built: its activation function and kind of output are not in them",
        where=str(request.checkpoint),
        expected=f"the agent configuration of the training run, {AGENT_FILE.as_posix()} beside the checkpoint",
        fix="pass it with --agent FILE",
        code="K005",
    )


def _image_groups(state: ActorState) -> tuple[str, ...]:
    """Return the groups that go through a convolutional network."""
    return tuple(dict.fromkeys(key.split(".")[1] for key in state.weights if key.startswith("cnns.")))


def _refuse_unknown(shapes: Mapping[str, Shape], groups: tuple[str, ...], where: str) -> None:
    unknown = [group for group in shapes if group not in groups]
    if unknown:
        raise CheckpointError(
            f"a shape was given for the observation group {unknown[0]!r}, which the policy does not see",
            where=where,
            expected=f"one of {', '.join(groups)}",
            code="K008",
        )


def _image_shape(group: str, state: ActorState, given: Mapping[str, Shape], where: str) -> Shape:
    if group in given:
        return given[group]
    weights = [w for key, w in state.weights.items() if key.startswith(f"cnns.{group}.") and w.ndim == 4]
    channels = f"{weights[0].shape[1]}" if weights else "C"
    raise CheckpointError(
        f"the weights do not tell how large the images of observation group {group!r} are",
        where=where,
        expected=f"channels x height x width, with {channels} channels" if weights else "channels x height x width",
        fix=f"pass {_OPTION} {group}={channels}xHEIGHTxWIDTH",
        code="K010",
    )


def _width(
    config: ActorConfig, state: ActorState, vectors: tuple[str, ...], images: Mapping[str, Shape], where: str
) -> int:
    """Return how many values besides images the policy sees.

    A model for a single value shows how many inputs of the first layer are something else, such as image features.
    """
    if not vectors:
        return 0
    key = next((key for key in FIRST_LAYERS if key in state.weights), None)
    if key is None:
        raise CheckpointError("the checkpoint has no weights of a network's first layer", where=where, code="K007")
    config = replace(config, obs_groups=(vectors[0], *images))
    examples = {vectors[0]: torch.zeros(1, 1), **{group: torch.zeros(1, *shape) for group, shape in images.items()}}
    least = construct(config, state.role, examples, 1, where).state_dict()
    if key not in least:
        raise CheckpointError(
            f"the checkpoint has {key}, which a {config.class_name} does not have",
            where=where,
            fix="pass the agent configuration of the run that wrote this checkpoint with --agent FILE",
            code="K007",
        )
    return int(state.weights[key].shape[1] - least[key].shape[1] + 1)


def _vector_shapes(
    groups: tuple[str, ...], given: Mapping[str, Shape], total: int, where: str
) -> tuple[dict[str, Shape], tuple[str, ...]]:
    """Divide the values among their groups; without knowing how, take them as one input."""
    known = {group: given[group] for group in groups if group in given}
    rest = [group for group in groups if group not in known]
    left = total - sum(shape[0] for shape in known.values())
    if left < len(rest) or (left > 0 and not rest):
        raise CheckpointError(
            f"the policy sees {total} values, which the shapes given do not add up to",
            where=where,
            expected=f"{total} in all for {', '.join(groups)}",
            code="K010",
        )
    if len(rest) > 1 and known:
        raise CheckpointError(
            f"the {left} values of {', '.join(rest)} cannot be told apart",
            where=where,
            fix=f"pass {_OPTION} for each of them, or for none",
            code="K010",
        )
    if len(rest) > 1:
        order = f"input {JOINED!r} takes the groups {', '.join(rest)} in this order; {_OPTION} separates them"
        return {JOINED: (total,)}, (order,)
    return {group: known.get(group, (left,)) for group in groups}, ()
