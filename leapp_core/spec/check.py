"""Whether the parts of a bundle's document fit each other: ports, edges, shapes, files named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from leapp_core.errors import UsageError
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.dtypes import itemsize
from leapp_core.spec.names import PortRef, check_name
from leapp_core.spec.order import find_cycle
from leapp_core.spec.pipeline import Edge, NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.problems import Problem
from leapp_core.spec.semantics import check_element_names
from leapp_core.suggest import suggest

MAX_PORT_BYTES = 1 << 30
"""A tensor that crosses a port has at most this size; a control loop moves kilobytes."""


_SUGGESTIONS = 40


def check_document(document: BundleDocument) -> Iterator[Problem]:
    """Yield everything that does not fit, for a document whose parts have the right types."""
    for node in document.pipeline.nodes:
        yield from _check_node(node)
        artifact, place = document.artifacts[node.name], ("models", node.name, "parameters")
        yield from _check_file(artifact.path, (*place, "model_path"))
        for file in artifact.data:
            yield from _check_file(file.path, (*place, "data_files"))
    yield from check_wiring(document.pipeline)
    if document.initial_values is not None:
        yield from _check_file(document.initial_values, ("pipeline", "initial_values"))
    elif document.pipeline.feedback:
        yield Problem("has feedback_flow but no initial_values", ("pipeline",))
    if document.validation is not None:
        yield from _check_file(document.validation.path, ("validation", "samples"))


def check_wiring(pipeline: PipelineSpec) -> Iterator[Problem]:
    """Yield edges and port lists that name nothing, clash or leave ports open."""
    ports = _Ports(pipeline)
    for key, edges in (("data_flow", pipeline.data_flow), ("feedback_flow", pipeline.feedback)):
        for edge in edges:
            yield from ports.check_edge(edge, key)
    for key, refs in (("inputs", pipeline.inputs), ("outputs", pipeline.outputs)):
        for ref in refs:
            yield from ports.check_listed(ref, key)
    yield from ports.check_shared(pipeline.shared_inputs)
    yield from ports.check_fed()
    cycle = find_cycle([node.name for node in pipeline.nodes], pipeline.data_flow)
    if cycle:
        names = " -> ".join(cycle)
        yield Problem(f"nodes feed each other in a cycle within one step: {names}", ("pipeline", "data_flow"))


def _check_node(node: NodeSpec) -> Iterator[Problem]:
    yield from _check_names(node.name, "node", ("models", node.name))
    for side, ports in (("inputs", node.inputs), ("outputs", node.outputs)):
        names = Counter(port.name for port in ports)
        for index, port in enumerate(ports):
            path = ("models", node.name, side, index)
            yield from _check_names(port.name, "port", path)
            if names[port.name] > 1:
                yield Problem(f"{side} of {node.name!r} have the name {port.name!r} more than once", path)
            yield from (Problem(message, path) for message in _port_faults(port))


def _check_names(name: str, what: str, path: tuple[str | int, ...]) -> Iterator[Problem]:
    try:
        check_name(name, what)
    except UsageError as error:
        yield Problem(error.message, path)


def _port_faults(port: PortSpec) -> Iterator[str]:
    if not port.dtype:
        return
    wrong = check_element_names(port)
    if wrong:
        yield wrong
    size = itemsize(port.dtype)
    for extent in port.shape:
        size *= extent if isinstance(extent, int) else 1
    if size > MAX_PORT_BYTES:
        yield f"shape {list(port.shape)} takes {size} bytes, more than {MAX_PORT_BYTES}"


def leaves_folder(path: str) -> bool:
    """Return whether a relative path is not one, goes up, or means another place on another system."""
    parts = path.split("/")
    return path.startswith("/") or ".." in parts or "\\" in path or ":" in parts[0] or "\x00" in path


def _check_file(path: str, place: tuple[str, ...]) -> Iterator[Problem]:
    if leaves_folder(path):
        yield Problem(f"is {path!r}, expected a path inside the bundle's folder", place)


def _check_alike(
    edge: Edge, source: PortSpec | None, target: PortSpec | None, path: tuple[str, ...]
) -> Iterator[Problem]:
    """Check that the ends of an edge have one dtype and shape; what is missing or faulty is reported elsewhere."""
    if source is None or target is None or not source.dtype or not target.dtype:
        return
    if (source.dtype, source.shape) != (target.dtype, target.shape):
        was = f"{source.dtype}{list(source.shape)}"
        yield Problem(f"{edge.source} is {was}, {edge.target} is {target.dtype}{list(target.shape)}", path)


class _Ports:
    """Every port by reference, and how often each input is fed and each output used."""

    def __init__(self, pipeline: PipelineSpec) -> None:
        self.inputs = {PortRef(node.name, port.name): port for node in pipeline.nodes for port in node.inputs}
        self.outputs = {PortRef(node.name, port.name): port for node in pipeline.nodes for port in node.outputs}
        self._fed: Counter[PortRef] = Counter()
        self._used: set[PortRef] = set()
        self._listed: set[tuple[str, PortRef]] = set()
        self._suggestions = 0

    def check_edge(self, edge: Edge, key: str) -> Iterator[Problem]:
        path = ("pipeline", key, str(edge.source))
        self._fed[edge.target] += 1
        self._used.add(edge.source)
        source, target = self.outputs.get(edge.source), self.inputs.get(edge.target)
        if source is None:
            yield Problem(f"{edge.source} is not an output{self._nearest(edge.source, self.outputs)}", path)
        if target is None:
            yield Problem(f"{edge.target} is not an input{self._nearest(edge.target, self.inputs)}", path)
        yield from _check_alike(edge, source, target, path)

    def check_shared(self, edges: tuple[Edge, ...]) -> Iterator[Problem]:
        """Check inputs that take the value of another input; the lists of inputs were checked before."""
        taken = Counter(edge.target for edge in edges)
        for edge in edges:
            path = ("pipeline", "shared_inputs", str(edge.source))
            for ref in (edge.source, edge.target):
                if ("inputs", ref) not in self._listed:
                    yield Problem(f"{ref} is not listed in pipeline.inputs", path)
            if edge.source in taken:
                yield Problem(f"{edge.source} takes the value of another input itself", path)
            if taken[edge.target] > 1:
                yield Problem(f"{edge.target} takes the values of {taken[edge.target]} inputs", path)
            yield from _check_alike(edge, self.inputs.get(edge.source), self.inputs.get(edge.target), path)

    def _nearest(self, ref: PortRef, known: Mapping[PortRef, PortSpec]) -> str:
        """Return names that exist; a hostile file with thousands of wrong ones must not cost as many searches."""
        self._suggestions += 1
        few = self._suggestions <= _SUGGESTIONS and len(known) <= _SUGGESTIONS
        return f"; {suggest(str(ref), map(str, known))}" if few else ""

    def check_listed(self, ref: PortRef, key: str) -> Iterator[Problem]:
        path = ("pipeline", key, ref.node)
        known = self.inputs if key == "inputs" else self.outputs
        if ref not in known:
            yield Problem(f"{ref} is not among the {key}{self._nearest(ref, known)}", path)
        if (key, ref) in self._listed:
            yield Problem(f"{ref} is listed twice", path)
        elif key == "inputs":
            self._fed[ref] += 1
        self._listed.add((key, ref))
        self._used.add(ref)

    def check_fed(self) -> Iterator[Problem]:
        for ref in self.inputs:
            if self._fed[ref] != 1:
                often = "by nothing" if not self._fed[ref] else f"{self._fed[ref]} times"
                yield Problem(f"input {ref} is fed {often}, expected once", ("models", ref.node, "inputs"))
        for ref in self.outputs:
            if ref not in self._used:
                yield Problem(
                    f"output {ref} goes nowhere; list it in pipeline.outputs", ("models", ref.node, "outputs")
                )
