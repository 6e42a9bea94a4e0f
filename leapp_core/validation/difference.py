"""How two bundles differ: in what they say, and in what they do on the same inputs. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from leapp_core.bundle import LoadedBundle
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.validation.episodes import read_episodes
from leapp_core.validation.gains import recorded_gains
from leapp_core.validation.terms import Change, config_changes, values_change

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.runtime import PolicyRuntime


@dataclass(frozen=True)
class WeightChange:
    """How a tensor of a model differs.

    Attributes:
        tensor: Its name in the model.
        first: Its shape in the first bundle; ``None`` if it is not there.
        second: The same in the second.
        largest: Largest absolute difference of an element, if both have one shape.
        scale: Largest absolute value in the first, to judge it by.
    """

    tensor: str
    first: list[int] | None
    second: list[int] | None
    largest: float | None
    scale: float | None


def document_changes(first: BundleDocument, second: BundleDocument) -> tuple[Change, ...]:
    """Return what two documents say differently; the order of nodes and of wires does not count."""
    return (*_interface(first.pipeline, second.pipeline), *_artifacts(first, second))


def initial_value_changes(first: LoadedBundle, second: LoadedBundle) -> tuple[Change, ...]:
    """Return the state that starts otherwise, of what both bundles have in one form."""
    import numpy as np

    changes = []
    for ref in sorted(first.initial_values.keys() & second.initial_values.keys()):
        one, other = first.initial_values[ref], second.initial_values[ref]
        if one.shape == other.shape and not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            worst = float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max())
            changes.append(Change(f"{ref} initial value", "", f"differs by up to {worst:.3g}"))
    return tuple(changes)


def gain_changes(first: LoadedBundle, second: LoadedBundle) -> tuple[Change, ...]:
    """Return the gains that differ, by joint, of what both bundles put out."""
    one, other = recorded_gains(first), recorded_gains(second)
    found: list[Change] = []
    for ref in (ref for ref in one if ref in other):
        axes = first.document.pipeline.output_spec(ref).element_names or (None,)
        names = axes[-1] if isinstance(axes[-1], (list, tuple)) else None
        found += values_change(f"{ref} gain", one[ref], other[ref], names)
    return tuple(found)


def common_inputs(first: PipelineSpec, second: PipelineSpec) -> dict[str, PortSpec] | None:
    """Return outside inputs that both take, so that they can be run side by side; ``None`` if there are others.

    A size that one of them leaves open has the other's number.
    """
    one, other = ({str(ref): spec.input_spec(ref) for ref in spec.inputs} for spec in (first, second))
    if one.keys() != other.keys() or not all(_fit(one[name], other[name]) for name in one):
        return None
    return {name: _closed(port, other[name]) for name, port in one.items()}


def recorded_inputs(bundle: LoadedBundle, ports: Iterable[str]) -> list[dict[str, np.ndarray[Any, Any]]]:
    """Return what a bundle was given while it was recorded: inputs of each step, in order; none if it was not kept.

    Args:
        bundle: The bundle.
        ports: The inputs that are wanted, all of them.
    """
    if bundle.document.validation is None:
        return []
    wanted = set(ports)
    episodes = read_episodes(bundle.folder / bundle.document.validation.path)
    steps = [{str(ref): value for ref, value in step.inputs.items()} for e in episodes[:1] for step in e.steps]
    return [{name: step[name] for name in sorted(wanted)} for step in steps if wanted <= step.keys()]


def weight_changes(
    first: Mapping[str, np.ndarray[Any, Any]], second: Mapping[str, np.ndarray[Any, Any]]
) -> tuple[WeightChange, ...]:
    """Return the tensors of two models that differ, the largest change first; then those that only one has."""
    import numpy as np

    found = []
    for name in first.keys() & second.keys():
        one, other = first[name], second[name]
        if one.shape != other.shape:
            found.append(WeightChange(name, list(one.shape), list(other.shape), None, None))
        elif one.tobytes() != other.tobytes():
            wide = one.astype(np.float64), other.astype(np.float64)
            largest = float(np.nan_to_num(np.abs(wide[0] - wide[1]), nan=np.inf).max(initial=0.0))
            scale = float(np.abs(wide[0]).max(initial=0.0))
            found.append(WeightChange(name, list(one.shape), list(other.shape), largest, scale))
    found.sort(key=lambda change: (-(np.inf if change.largest is None else change.largest), change.tensor))
    found += [WeightChange(n, list(first[n].shape), None, None, None) for n in sorted(first.keys() - second.keys())]
    found += [WeightChange(n, None, list(second[n].shape), None, None) for n in sorted(second.keys() - first.keys())]
    return tuple(found)


def behaviour(
    first: PolicyRuntime, second: PolicyRuntime, inputs: Iterable[Mapping[str, Any]]
) -> dict[str, float | None]:
    """Run both from a reset on the same inputs.

    Returns:
        Largest absolute difference of each output that both have; ``None`` where shapes differ.
    """
    first.reset()
    second.reset()
    worst: dict[str, float | None] = {}
    for given in inputs:
        one, other = first.step(given), second.step(given)
        for name in one.keys() & other.keys():
            worst[name] = _larger(worst.get(name, 0.0), one[name], other[name])
    return dict(sorted(worst.items()))


def _fit(one: PortSpec, other: PortSpec) -> bool:
    sizes = zip(one.shape, other.shape, strict=False)
    same = all(a == b or isinstance(a, str) or isinstance(b, str) for a, b in sizes)
    return one.dtype == other.dtype and len(one.shape) == len(other.shape) and same


def _closed(one: PortSpec, other: PortSpec) -> PortSpec:
    sizes = zip(one.shape, other.shape, strict=True)
    return replace(one, shape=tuple(b if isinstance(a, str) else a for a, b in sizes))


def _larger(so_far: float | None, one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float | None:
    import numpy as np

    if so_far is None or one.shape != other.shape:
        return None
    if one.tobytes() == other.tobytes():
        return so_far
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return max(so_far, float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0)))


def _interface(first: PipelineSpec, second: PipelineSpec) -> Iterator[Change]:
    nodes = [{node.name: node for node in spec.nodes} for spec in (first, second)]
    yield from _present("node", nodes[0], nodes[1])
    for name in sorted(nodes[0].keys() & nodes[1].keys()):
        yield from _node(nodes[0][name], nodes[1][name])
    yield from _value("frequency", first.configs.frequency, second.configs.frequency)
    yield from config_changes(first.configs.extra, second.configs.extra)
    for what in ("data_flow", "feedback"):
        edges = [{f"{e.source} -> {e.target}": e for e in getattr(spec, what)} for spec in (first, second)]
        yield from _present(what, edges[0], edges[1])
    for what in ("inputs", "outputs"):
        refs = [{str(ref): ref for ref in getattr(spec, what)} for spec in (first, second)]
        yield from _present(f"outside {what.removesuffix('s')}", refs[0], refs[1])


def _node(first: NodeSpec, second: NodeSpec) -> Iterator[Change]:
    for side in ("inputs", "outputs"):
        ports = [{port.name: port for port in getattr(node, side)} for node in (first, second)]
        place = f"{first.name}/"
        yield from _present(f"{side.removesuffix('s')} {place}", ports[0], ports[1], glue="")
        for name in sorted(ports[0].keys() & ports[1].keys()):
            yield from _port(f"{place}{name}", ports[0][name], ports[1][name])
        if ports[0].keys() == ports[1].keys():
            yield from _value(f"order of {place}{side}", list(ports[0]), list(ports[1]))


def _port(place: str, first: PortSpec, second: PortSpec) -> Iterator[Change]:
    for field in fields(PortSpec):
        if field.name != "extra":
            yield from _value(f"{place} {field.name}", getattr(first, field.name), getattr(second, field.name))
    names = first.element_names[-1] if first.element_names and first.element_names == second.element_names else None
    for key in sorted(first.extra.keys() | second.extra.keys()):  # such as a default position or limits, by joint
        listed = names if isinstance(names, (list, tuple)) else None
        yield from values_change(f"{place} {key}", first.extra.get(key), second.extra.get(key), listed)


def _artifacts(first: BundleDocument, second: BundleDocument) -> Iterator[Change]:
    for node in sorted(first.artifacts.keys() & second.artifacts.keys()):
        one, other = asdict(first.artifacts[node]), asdict(second.artifacts[node])
        for what in ("format", "parameters"):
            yield from _value(f"{node} {what}", one[what], other[what])
        yield from _value(f"{node} sha256", one["sha256"][:12], other["sha256"][:12])


def _present(what: str, first: Mapping[str, Any], second: Mapping[str, Any], glue: str = " ") -> Iterator[Change]:
    for name in sorted(first.keys() ^ second.keys()):
        yield Change(f"{what}{glue}{name}", "there" if name in first else "", "there" if name in second else "")


def _value(where: str, first: Any, second: Any) -> Iterator[Change]:
    if first != second:
        yield Change(where, _text(first), _text(second))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return "" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
