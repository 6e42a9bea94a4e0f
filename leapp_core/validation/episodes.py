"""Recorded control steps that a bundle must reproduce, kept in memory or in the bundle. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes
from leapp_core.errors import BundleError
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec

if TYPE_CHECKING:
    import numpy as np

Arrays = Mapping[PortRef, "np.ndarray[Any, Any]"]

REPLAY = "replay"
"""Name of the episode that holds what was captured; every other episode is of fresh inputs."""

_SHOWN = 8


@dataclass(frozen=True)
class Step:
    """One control step.

    Attributes:
        inputs: Values of input ports: those fed from outside, and in memory every other too.
        outputs: Values of output ports.
        slack: Difference of an output that rounding alone explains, beside the tolerance.
    """

    inputs: Arrays
    outputs: Arrays
    slack: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Episode:
    """Steps from the initial state on, in order."""

    name: str
    steps: tuple[Step, ...]


def what_proves_nothing(replay: Episode, pipeline: PipelineSpec) -> tuple[str, ...]:
    """Return what a recording cannot show, however well it is reproduced.

    Args:
        replay: The captured steps.
        pipeline: Which inputs come from outside and which outputs go there.
    """
    import numpy as np

    if not replay.steps:
        return ()
    said = []
    for ref in pipeline.outputs:
        values = [step.outputs[ref] for step in replay.steps if ref in step.outputs]
        never = np.logical_and.reduce([_nan(value) for value in values]) if values else np.zeros(0, bool)
        if never.any():
            what = f"output {ref} is" if never.all() else f"of output {ref}, {_elements(never)}"
            said.append(f"{what} NaN in every recorded step: to reproduce that proves nothing")
    for ref in pipeline.inputs:
        with_nan = sum(bool(_nan(step.inputs[ref]).any()) for step in replay.steps if ref in step.inputs)
        if with_nan:
            said.append(
                f"input {ref} holds NaN in {with_nan} of {len(replay.steps)} recorded steps: what the program makes of "
                "numbers there was not seen"
            )
    first, *others = replay.steps
    inputs = [ref for ref in pipeline.inputs if ref in first.inputs and first.inputs[ref].size]
    if inputs and others and all(_same(first.inputs[ref], step.inputs[ref]) for step in others for ref in inputs):
        said.append(
            f"every input is the same in all {len(replay.steps)} recorded steps: replay shows the program at one "
            "point only, and fresh inputs are drawn around it"
        )
    return tuple(said)


def _nan(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)


def _elements(chosen: np.ndarray[Any, Any]) -> str:
    numbers = chosen.reshape(-1).nonzero()[0].tolist()
    more = ", …" if len(numbers) > _SHOWN else ""
    named = f"{', '.join(map(str, numbers[:_SHOWN]))}{more}"
    return f"elements {named} are" if len(numbers) > 1 else f"element {named} is"


def _same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()


def write_episodes(episodes: Iterable[Episode], pipeline: PipelineSpec, max_bytes: int) -> bytes:
    """Return a safetensors file with what can be seen from outside of the episodes: inputs, outputs, state.

    Steps are taken in order until ``max_bytes`` are reached, so that a policy with camera images keeps its first ones.
    """
    seen = {*pipeline.outputs, *(edge.source for edge in pipeline.feedback)}
    tensors: dict[str, np.ndarray[Any, Any]] = {}
    size = 0
    for episode in episodes:
        for number, step in enumerate(episode.steps):
            place = f"{episode.name}/{number:04d}"
            entries = {f"{place}/in/{ref}": step.inputs[ref] for ref in pipeline.inputs}
            entries |= {f"{place}/out/{ref}": step.outputs[ref] for ref in sorted(seen)}
            entries |= {f"{place}/slack/{ref}": step.slack[ref] for ref in sorted(seen) if ref in step.slack}
            size += sum(array.nbytes for array in entries.values())
            if size > max_bytes:
                return tensors_to_bytes(tensors)
            tensors |= entries
    return tensors_to_bytes(tensors)


def check_complete(episodes: Iterable[Episode], pipeline: PipelineSpec) -> None:
    """Refuse recorded steps that lack a value.

    Raises:
        BundleError: naming the step and the port.
    """
    seen = (*pipeline.outputs, *(edge.source for edge in pipeline.feedback))
    for episode in episodes:
        for number, step in enumerate(episode.steps):
            missing = [ref for ref in pipeline.inputs if ref not in step.inputs]
            missing += [ref for ref in seen if ref not in step.outputs]
            if missing:
                raise BundleError(
                    f"the recorded values lack {missing[0]} in step {number} of episode {episode.name!r}",
                    fix="export the bundle again",
                    code="V002",
                )


def read_episodes(path: Path) -> tuple[Episode, ...]:
    """Return the episodes of a file that :func:`write_episodes` made.

    Raises:
        BundleError: the file is damaged or holds something else.
    """
    found: dict[str, dict[str, dict[str, dict[PortRef, Any]]]] = {}
    for name, array in sorted(read_tensors(path).items()):
        parts = name.split("/")
        if len(parts) != 5 or parts[2] not in ("in", "out", "slack"):
            raise BundleError(f"{path.name} holds {name!r}, which is not a recorded value", code="V002")
        episode, number, side, node, port = parts
        found.setdefault(episode, {}).setdefault(number, {}).setdefault(side, {})[PortRef(node, port)] = array
    names = sorted(found, key=lambda name: (name != REPLAY, name))
    return tuple(
        Episode(
            name,
            tuple(
                Step(sides.get("in", {}), sides.get("out", {}), sides.get("slack", {}))
                for _, sides in sorted(found[name].items())
            ),
        )
        for name in names
    )
