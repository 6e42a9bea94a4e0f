"""Compare what a bundle's document says with what the export wrote into the artifacts themselves.

The document is text that anybody can edit; names, kinds, order and rate in it decide which joint moves and how fast.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from leapp_core.errors import BundleError
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.encode import encode_port
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.problems import Path, Problem

if TYPE_CHECKING:
    from leapp_core.runtime.arrays import Array

Facts = Mapping[str, str]


def embedded_problems(
    document: BundleDocument, initial_values: Mapping[PortRef, Array], facts: Mapping[str, Facts]
) -> Iterator[Problem]:
    """Yield where a document differs from the facts in its artifacts.

    Facts that an artifact does not hold are not compared: other writers embed none. What the document says beyond the
    facts, such as keys that a user added to a port, is the user's own.

    Args:
        document: What the YAML file says.
        initial_values: First value of every fed-back input port.
        facts: Node name to the facts in its artifact.
    """
    for node in document.pipeline.nodes:
        known = _Known(node.name, facts.get(node.name, {}))
        place: Path = ("models", node.name)
        for side, ports in (("inputs", node.inputs), ("outputs", node.outputs)):
            stated = known.get(f"leapp.{side}")
            if isinstance(stated, list):
                yield from _ports(ports, stated, (*place, side))
        if node is document.pipeline.nodes[0]:  # the same in every artifact of a bundle
            yield from _configs(document.pipeline, known.get("leapp.configs"))
        for key, edges in (("data_flow", document.pipeline.data_flow), ("feedback_flow", document.pipeline.feedback)):
            yield from _edges(node.name, edges, known.get(f"leapp.{key}"), ("pipeline", key))
        shared = known.get("leapp.shared_inputs")
        if shared is None and known.get("leapp.inputs") is not None:
            shared = []  # written only where there are some
        yield from _edges(node.name, document.pipeline.shared_inputs, shared, ("pipeline", "shared_inputs"))
        for key in ("leapp.initial_values", "leapp.initial_fill"):
            yield from _values(node.name, initial_values, known.get(key))


class _Known:
    """The facts of one artifact."""

    def __init__(self, node: str, facts: Facts) -> None:
        self._node, self._facts = node, facts

    def get(self, name: str) -> Any:
        text = self._facts.get(name)
        if text is None:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BundleError(
                f"the fact {name!r} in the model of node {self._node!r} is damaged",
                fix="export the bundle again",
                code="B004",
            ) from error


def _ports(ports: tuple[PortSpec, ...], stated: list[Any], place: Path) -> Iterator[Problem]:
    names = [port.name for port in ports]
    known = [entry.get("name") for entry in stated if isinstance(entry, dict)]
    if names != known:
        yield Problem(f"are {', '.join(names)}; the model was exported with {', '.join(map(str, known))}", place)
        return
    for index, (port, entry) in enumerate(zip(ports, stated, strict=True)):
        found = encode_port(port)
        for key, value in entry.items():
            mine = found.get(key)
            if key == "shape" and _same_shape(port.shape, value):
                continue
            if key == "element_names" and _same_names(mine, value):
                continue
            if not _equal(mine, value):
                message = f"{key} is {_text(mine)}, the model was exported with {_text(value)}"
                yield Problem(f"{key} of {port.name!r}: {message}", (*place, index))
        added = [key for key in ("kind", "element_names", "temporal_period_ms") if key in found and key not in entry]
        for key in added:
            yield Problem(
                f"{key} of {port.name!r} is {_text(found[key])}, the model was exported without", (*place, index)
            )


def _same_shape(shape: tuple[Any, ...], stated: Any) -> bool:
    """A symbolic size was 1 when the model was recorded."""
    return (
        isinstance(stated, list)
        and len(stated) == len(shape)
        and all(
            mine == other or isinstance(mine, str) or isinstance(other, str)
            for mine, other in zip(shape, stated, strict=True)
        )
    )


def _same_names(mine: Any, stated: Any) -> bool:
    return [axis or None for axis in mine or ()] == [axis or None for axis in stated or ()]


def _configs(pipeline: PipelineSpec, stated: Any) -> Iterator[Problem]:
    if not isinstance(stated, dict):
        return
    found = {"frequency": pipeline.configs.frequency, **pipeline.configs.extra}
    for key, value in stated.items():
        if not _equal(found.get(key), value):
            message = f"is {_text(found.get(key))}, the model was exported with {_text(value)}"
            yield Problem(message, ("pipeline", "configs", key))


def _edges(node: str, edges: tuple[Edge, ...], stated: Any, place: Path) -> Iterator[Problem]:
    if not isinstance(stated, list):
        return
    found = {f"{e.source} -> {e.target}" for e in edges if node in (e.source.node, e.target.node)}
    known = {" -> ".join(map(str, pair)) for pair in stated if isinstance(pair, list)}
    for edge in sorted(found - known):
        yield Problem(f"has {edge}, which the model of node {node!r} was exported without", place)
    for edge in sorted(known - found):
        yield Problem(f"lacks {edge}, which the model of node {node!r} was exported with", place)


def _values(node: str, values: Mapping[PortRef, Array], stated: Any) -> Iterator[Problem]:
    if not isinstance(stated, dict):
        return
    for port, value in stated.items():
        found = values.get(PortRef(node, port))
        if found is None:
            continue  # a missing edge was named above
        known = _stated(value, found.shape)
        wide = found.astype(np.float64) if found.dtype.kind in "fV" else found
        if known is None or not np.array_equal(wide, known, equal_nan=found.dtype.kind in "fV"):
            yield Problem(
                f"first value of {node}/{port} is not the one the model was exported with",
                ("pipeline", "initial_values"),
            )


def _stated(value: Any, shape: tuple[int, ...]) -> Array | None:
    """Return stated values as an array of a shape: of nested lists of numbers, or of one number for all elements."""
    if not isinstance(value, list):
        return np.full(shape, value) if isinstance(value, (bool, int, float)) else None
    try:
        stated = np.asarray(value)
    except ValueError:  # lists of unequal lengths
        return None
    return stated.reshape(shape) if stated.dtype.kind in "biuf" and stated.size == math.prod(shape) else None


def _equal(mine: Any, stated: Any) -> bool:
    """Compare plain values; a tuple is a list, and 50 is 50.0."""
    if isinstance(mine, (list, tuple)) and isinstance(stated, list):
        return len(mine) == len(stated) and all(map(_equal, mine, stated))
    if isinstance(mine, Mapping) and isinstance(stated, Mapping):
        return mine.keys() == stated.keys() and all(_equal(mine[key], stated[key]) for key in mine)
    return bool(mine == stated)


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."
