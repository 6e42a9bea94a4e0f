"""A robot that is made up, to close the loop around a policy: what it reads depends on what the policy commands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Array = np.ndarray


class Plant:
    """Readings that are drawn towards a mixture of the commands, with noise of a seed.

    A difference of two policies is led back into their readings and does not die out; it does not explode either.
    """

    def __init__(
        self, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, tuple[int, ...]], seed: int
    ) -> None:
        self._inputs = dict(inputs)
        self._noise = np.random.default_rng(seed)
        fixed = np.random.default_rng(seed + 1)
        commands = sum(int(np.prod(shape)) for shape in outputs.values())
        self._mixing = {name: fixed.normal(size=(int(np.prod(s)), commands)) / commands for name, s in inputs.items()}
        self._readings = {name: np.zeros(int(np.prod(shape))) for name, shape in inputs.items()}

    def readings(self) -> dict[str, Array]:
        """Return float32 arrays for the next step."""
        return {name: self._readings[name].reshape(shape).astype(np.float32) for name, shape in self._inputs.items()}

    def act(self, outputs: Mapping[str, Array]) -> None:
        """Move by what the policy commands."""
        commands = np.concatenate([np.asarray(value, np.float64).ravel() for value in outputs.values()])
        for name, reading in self._readings.items():
            drawn = np.tanh(self._mixing[name] @ commands)
            self._readings[name] = 0.9 * reading + 0.1 * drawn + 0.1 * self._noise.normal(size=reading.shape)
