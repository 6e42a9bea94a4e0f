"""Spaces of gymnasium, made from what a pickle says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from leapp_core.checkpoints.records import PickledObject
from leapp_core.errors import CheckpointError

_MODULES = {
    "Box": "box",
    "Discrete": "discrete",
    "MultiDiscrete": "multi_discrete",
    "MultiBinary": "multi_binary",
    "Dict": "dict",
}
_RANDOM = (
    "numpy.random._pickle.__generator_ctor",
    "numpy.random._pickle.__bit_generator_ctor",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pcg64.PCG64",
    "numpy.random._mt19937.MT19937",
    "numpy.random.bit_generator.SeedSequence",
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
)
SPACE_CLASSES = (
    *(f"{package}.spaces.{module}.{name}" for package in ("gymnasium", "gym") for name, module in _MODULES.items()),
    *_RANDOM,
)
"""What pickled spaces are made of: their own classes, and the random generators that they carry."""


def space_from(record: Any, where: str) -> spaces.Space[Any]:
    """Return the space that a record describes.

    Raises:
        CheckpointError: it describes none that SB3 takes.
    """
    kind = record.class_name.rpartition(".")[2] if isinstance(record, PickledObject) else type(record).__name__
    if kind == "Box":
        low, high = np.asarray(record.get("low")), np.asarray(record.get("high"))
        return spaces.Box(low, high, low.shape, np.dtype(record.get("dtype", low.dtype)).type)
    if kind == "Discrete":
        return spaces.Discrete(int(record.get("n")), start=int(record.get("start", 0)))
    if kind == "MultiDiscrete":
        return spaces.MultiDiscrete(np.asarray(record.get("nvec")))
    if kind == "MultiBinary":
        return spaces.MultiBinary(record.get("n"))
    parts = record.get("spaces") if kind == "Dict" else None
    if isinstance(parts, Mapping):
        return spaces.Dict({str(name): space_from(part, where) for name, part in parts.items()})
    raise CheckpointError(
        f"the checkpoint's space is a {kind}", where=where, expected=f"one of {', '.join(_MODULES)} of gymnasium"
    )
