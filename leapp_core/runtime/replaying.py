"""Run recorded or stored inputs through a policy again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.arrays import Array, as_stored
from leapp_core.runtime.inputs import describe, element_name
from leapp_core.runtime.policy import PolicyRuntime
from leapp_core.runtime.recording import DAMAGE, Recording


@dataclass(frozen=True)
class ReplayReport:
    """A replay against its recording.

    Attributes:
        steps: Steps replayed.
        identical: Every output was equal bit for bit.
        worst: Output name to the largest absolute difference.
        first_difference: Where the first differing bit was: output, step, element, both values.
    """

    steps: int
    identical: bool
    worst: dict[str, float]
    first_difference: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def replay(runtime: PolicyRuntime, path: str | Path) -> ReplayReport:
    """Feed a recording to a policy and compare what it answers.

    State and resets are as recorded, so the policy's own state afterwards is that of the recording's end.

    Raises:
        BundleError: the recording is damaged.
        RuntimeInputError: it was made with a policy that has other inputs, outputs or state.
    """
    steps = 0
    worst = dict.fromkeys(runtime.outputs, 0.0)
    first: str | None = None
    for step, recorded in enumerate(Recording(path)):
        if set(recorded.outputs) != set(worst):
            raise RuntimeInputError(
                f"the recording has outputs {', '.join(sorted(recorded.outputs))}",
                where=str(path),
                expected=", ".join(worst),
                code="R012",
            )
        if recorded.state is not None:
            _restore(runtime, recorded.inputs, recorded.state)
        outputs = runtime.step(recorded.inputs)
        for key, found in outputs.items():
            difference = _difference(found, recorded.outputs[key])
            if difference is None:
                continue
            worst[key] = max(worst[key], difference)
            first = first or _describe(runtime, key, step, recorded.outputs[key], found)
        steps += 1
    return ReplayReport(steps, first is None, worst, first)


def _restore(runtime: PolicyRuntime, inputs: Any, state: Any) -> None:
    runtime.reset()
    runtime.fit(inputs)
    runtime.load_state(state)


def _difference(found: Array, recorded: Array) -> float | None:
    """Return the largest absolute difference, or ``None`` if all bits are equal."""
    if found.shape != recorded.shape or found.dtype != recorded.dtype:
        return float("inf")
    if found.tobytes() == recorded.tobytes():
        return None
    with np.errstate(invalid="ignore"):
        gaps = np.abs(found.astype(np.float64) - recorded.astype(np.float64))
    gaps = np.where(np.isnan(gaps), np.where(np.isnan(found) & np.isnan(recorded), 0.0, np.inf), gaps)
    return float(gaps.max())


def _describe(runtime: PolicyRuntime, key: str, step: int, recorded: Array, found: Array) -> str:
    if found.shape != recorded.shape or found.dtype != recorded.dtype:
        was = f"{recorded.dtype} {list(recorded.shape)}"
        return f"{key}, step {step}: recorded {was}, now {describe(runtime.outputs[key])}"
    index = tuple(int(i) for i in np.argwhere(found != recorded)[0]) if (found != recorded).any() else (0,) * found.ndim
    place = element_name(runtime.outputs[key], index)
    return f"{key}, step {step}, {place}: recorded {recorded[index]}, now {found[index]}"


def stored_inputs(runtime: PolicyRuntime, path: str | Path) -> Iterator[dict[str, Array]]:
    """Yield the inputs of each step from a plain ``.npz`` file.

    Each member is named like an input (``port`` or ``node/port``) and holds either one step, or several along a first
    axis in front of the port's own.

    Raises:
        RuntimeInputError: the file is missing or damaged, a member is no input, an input is missing, or the lengths
            differ.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            stored = {name: as_stored(file[name]) for name in file.files}
    except DAMAGE as error:
        reason = "it is missing" if isinstance(error, FileNotFoundError) else "the file is not a complete .npz archive"
        raise RuntimeInputError(
            f"the inputs cannot be read: {reason}",
            where=str(path),
            expected=f"an .npz file with an array for each of {', '.join(runtime.inputs)}",
            fix=f"numpy.savez(FILE, {', '.join(f'{name}=...' for name in runtime.inputs)})"
            if all(name.isidentifier() for name in runtime.inputs)
            else "numpy.savez(FILE, **{name: array, ...})",
            code="R012",
        ) from error
    values = runtime.by_key(stored)
    lengths: dict[str, int] = {}
    for key, value in values.items():
        if value.ndim == len(runtime.inputs[key].shape) + 1:
            lengths[key] = len(value)
    if len(set(lengths.values())) > 1:
        raise RuntimeInputError(
            f"inputs have different numbers of steps: {', '.join(f'{key} {n}' for key, n in lengths.items())}",
            where=str(path),
            code="R012",
        )
    if 0 in lengths.values():
        raise RuntimeInputError(
            "the inputs hold no step", where=str(path), expected="one step or more along axis 0", code="R012"
        )
    for step in range(max(lengths.values(), default=1)):
        yield {key: value[step] if key in lengths else value for key, value in values.items()}
