"""Ports as C sees them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leapp_core.plugins.exporters import NodeProgram
from leapp_core.spec.port import PortSpec

TYPES = {
    "float32": "float",
    "float64": "double",
    "bool": "_Bool",
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
"""Element type to C type."""

_WORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while"""
_RESERVED = frozenset(_WORDS.split())
_FACTS = ("default", "effort_limit", "velocity_limit", "stiffness", "damping", "armature")


@dataclass(frozen=True)
class CPort:
    """A port.

    Attributes:
        name: Identifier.
        label: Name of the port.
        type: C type of an element.
        size: Number of elements.
        kind: What it means, or nothing.
        elements: Names of the elements, or none.
        constants: Suffix of an identifier to one number per element.
    """

    name: str
    label: str
    type: str
    size: int
    kind: str
    elements: tuple[str, ...]
    constants: Mapping[str, tuple[str, ...]]

    @property
    def places(self) -> tuple[str, ...]:
        """What the place of each element is called."""
        taken = {"SIZE"}
        return tuple(identifier(name.upper(), taken) for name in self.elements)

    @property
    def floating(self) -> bool:
        """Whether it can hold NaN."""
        return self.type in ("float", "double")


@dataclass(frozen=True)
class State:
    """A tensor that is carried to the next step.

    Attributes:
        port: The input that takes it.
        output: Position of the output that gives it.
        first: First values as C writes them.
    """

    port: CPort
    output: int
    first: tuple[str, ...]


@dataclass(frozen=True)
class Interface:
    """What a node takes and gives.

    Attributes:
        inputs: All inputs, in order.
        outputs: All outputs, in order.
        states: State by position of the input.
    """

    inputs: tuple[CPort, ...]
    outputs: tuple[CPort, ...]
    states: Mapping[int, State]

    @property
    def taken(self) -> tuple[CPort, ...]:
        """Inputs that the user fills."""
        return tuple(port for at, port in enumerate(self.inputs) if at not in self.states)

    @property
    def given(self) -> tuple[CPort, ...]:
        """Outputs that the user gets: those that are no state, and state that means something outside."""
        fed = {state.output for state in self.states.values()}
        return tuple(port for at, port in enumerate(self.outputs) if at not in fed or port.kind)

    @property
    def read(self) -> tuple[str, ...]:
        """Where the model reads each input."""
        return tuple(
            f"self->state.{port.name}" if at in self.states else f"in->{port.name}"
            for at, port in enumerate(self.inputs)
        )

    @property
    def written(self) -> tuple[tuple[str, CPort], ...]:
        """Where the model writes each output, with the port."""
        places = {at: f"self->result.{port.name}" for at, port in enumerate(self.outputs)}
        for state in reversed(self.states.values()):
            places[state.output] = f"self->next.{state.port.name}"
        return tuple((places[at], port) for at, port in enumerate(self.outputs))

    @property
    def copies(self) -> tuple[tuple[str, str], ...]:
        """Further places that an output goes to, each with where it is."""
        wanted = [(f"self->next.{state.port.name}", state.output) for state in self.states.values()]
        wanted += [(f"self->result.{port.name}", at) for at, port in enumerate(self.outputs) if port in self.given]
        return tuple((place, self.written[at][0]) for place, at in wanted if place != self.written[at][0])


def describe(program: NodeProgram, metadata: Mapping[str, str]) -> Interface:
    """Return the interface of a node.

    Args:
        program: The node.
        metadata: Facts of the export; state and first values are taken from the program and its samples without them.
    """
    inputs, outputs = _ports(program.spec.inputs), _ports(program.spec.outputs)
    places = {port.label: at for at, port in enumerate(outputs)}
    edges = _feedback(program, metadata)
    values = json.loads(metadata.get("leapp.initial_values", "{}"))
    alike = json.loads(metadata.get("leapp.initial_fill", "{}"))
    states = {}
    for at, port in enumerate(inputs):
        if port.label in edges:
            first = values.get(port.label)
            if first is None:  # too long for the metadata: one number that all are, or what the recording began with
                sample = program.samples[0].inputs[port.label]
                first = (sample * 0 + alike[port.label] if port.label in alike else sample).tolist()
            states[at] = State(port, places[edges[port.label]], tuple(number(x, port.type) for x in _flat(first)))
    return Interface(inputs, outputs, states)


def _feedback(program: NodeProgram, metadata: Mapping[str, str]) -> dict[str, str]:
    """Return input port to the node's own output that feeds it."""
    flow = metadata.get("leapp.feedback_flow")
    if flow is None:
        return {target: source for source, target in program.feedback.items()}
    own = f"{program.spec.name}/"
    return {
        target.removeprefix(own): source.removeprefix(own)
        for source, target in json.loads(flow)
        if source.startswith(own) and target.startswith(own)
    }


def _ports(specs: Sequence[PortSpec]) -> tuple[CPort, ...]:
    taken: set[str] = set()
    return tuple(_port(spec, taken) for spec in specs)


def _port(spec: PortSpec, taken: set[str]) -> CPort:
    size = math.prod(int(extent) for extent in spec.shape)
    names = next((axis for axis in spec.element_names or () if isinstance(axis, tuple) and len(axis) == size), ())
    constants = {name: _numbers(spec.extra[name], size) for name in _FACTS if name in spec.extra}
    limits = spec.extra.get("range")
    if isinstance(limits, list | tuple) and limits:
        pairs = limits if isinstance(limits[0], list | tuple) else [limits]
        constants["lowest"], constants["highest"] = (_numbers([pair[end] for pair in pairs], size) for end in (0, 1))
    return CPort(
        identifier(spec.name, taken),
        spec.name,
        TYPES[spec.dtype],
        size,
        spec.kind or "",
        tuple(str(name) for name in names),
        {name: values for name, values in constants.items() if values},
    )


def _numbers(given: Any, size: int) -> tuple[str, ...]:
    """Return one number per element; a limit that an element has not is infinite. Nothing if it is no such fact."""
    values = list(_flat(given))
    if len(values) == 1:
        values *= size
    if len(values) != size or not all(isinstance(value, int | float | None) for value in values):
        return ()
    return tuple(number(math.inf if value is None else value, "float") for value in values)


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def number(value: Any, type_: str) -> str:
    """Return a number as C writes it, so that it reads back exactly."""
    if type_ not in ("float", "double"):
        if type_ == "int64_t" and int(value) == -(2**63):
            return "INT64_MIN"  # C reads the digits first, and they are beyond the type
        return f"{int(value)}" + ("LL" if type_ == "int64_t" else "ULL" if type_ == "uint64_t" else "")
    value = float(value)
    if not math.isfinite(value):
        return "NAN" if math.isnan(value) else "INFINITY" if value > 0 else "-INFINITY"
    return f"{value!r}f" if type_ == "float" else repr(value)


def identifier(name: str, taken: set[str]) -> str:
    """Return a name as a C identifier that is not taken yet, and take it."""
    base = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not base or base[0].isdigit() or base in _RESERVED:
        base = f"_{base}"
    found, number_ = base, 2
    while found in taken:
        found, number_ = f"{base}_{number_}", number_ + 1
    taken.add(found)
    return found
