"""Random inputs for trying and timing a policy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from leapp_core.runtime.arrays import Array
from leapp_core.spec.dtypes import is_floating, numpy_dtype
from leapp_core.spec.port import PortSpec


def mock_inputs(
    ports: Mapping[str, PortSpec], seed: int = 0, sizes: Mapping[str, int] | None = None
) -> dict[str, Array]:
    """Return one random array per port: standard normal numbers, or 0 and 1 where there are no fractions.

    Args:
        ports: ``runtime.inputs``.
        seed: Equal seeds give equal arrays.
        sizes: Values of symbolic sizes, ``runtime.sizes``.
    """
    random = np.random.default_rng(seed)
    return {key: _random(port, random, sizes or {}) for key, port in ports.items()}


def _random(port: PortSpec, random: np.random.Generator, sizes: Mapping[str, int]) -> Array:
    shape = tuple(sizes.get(size, 1) if isinstance(size, str) else size for size in port.shape)
    values = random.standard_normal(shape) if is_floating(port.dtype) else random.integers(0, 2, shape)
    return np.asarray(values).astype(numpy_dtype(port.dtype))
