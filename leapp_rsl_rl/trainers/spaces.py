"""Spaces of gymnasium: rebuilt from what a file says of them, or made for an environment's tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
import torch

from leapp_core.checkpoints import PickledObject
from leapp_core.checkpoints.records import name_of
from leapp_core.errors import CheckpointError

_SPACES = ("Box", "Discrete", "MultiDiscrete", "MultiBinary", "Dict")
_MODULES = {"Dict": "dict", "MultiDiscrete": "multi_discrete", "MultiBinary": "multi_binary"}
SPACE_CLASSES = (
    *(f"gymnasium.spaces.{_MODULES.get(name, name.lower())}.{name}" for name in _SPACES),
    *(f"gym.spaces.{_MODULES.get(name, name.lower())}.{name}" for name in _SPACES),
    *(f"numpy.random._pickle.__{what}_ctor" for what in ("generator", "bit_generator", "randomstate")),
    "numpy.random._pcg64.PCG64",
    "numpy.random._mt19937.MT19937",
    "numpy.random.bit_generator.SeedSequence",
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
)
"""Classes that spaces in a pickle may use: their own, and the random generators they carry."""


def rebuilt(space: Any, where: str) -> gymnasium.Space[Any]:
    """Return the space that a pickle describes.

    Raises:
        CheckpointError: it describes none, or one of another kind.
    """
    kind = (name_of(space) or "").rpartition(".")[2]
    if isinstance(space, PickledObject) and kind in _SPACES:
        if kind == "Box":
            low, high = (np.asarray(space.get(end)) for end in ("low", "high"))
            return gymnasium.spaces.Box(low, high, low.shape, space.get("dtype", low.dtype).type)
        if kind == "Discrete":
            return gymnasium.spaces.Discrete(int(space.get("n")))
        if kind == "MultiDiscrete":
            return gymnasium.spaces.MultiDiscrete(np.asarray(space.get("nvec")))
        if kind == "MultiBinary":
            return gymnasium.spaces.MultiBinary(int(space.get("n")))
        parts = space.get("spaces")
        if isinstance(parts, Mapping):
            return gymnasium.spaces.Dict({str(name): rebuilt(part, where) for name, part in parts.items()})
    raise CheckpointError(
        f"the checkpoint's space is {space!r}",
        where=where,
        expected=f"a space of gymnasium: {', '.join(_SPACES)}",
        code="K002",
    )


def box(shape: tuple[int, ...], limit: float = math.inf) -> gymnasium.spaces.Box:
    """Return a box of numbers between ``-limit`` and ``limit``."""
    return gymnasium.spaces.Box(-limit, limit, shape, np.float32)


def space_of(value: Any) -> gymnasium.Space[Any]:
    """Return a space that fits an observation ``[num_envs, ...]`` or a mapping of them."""
    if isinstance(value, torch.Tensor):
        return box(tuple(value.shape[1:]))
    return gymnasium.spaces.Dict({str(name): space_of(part) for name, part in value.items()})
