"""Give an ONNX graph exactly a node's ports: names, order, sizes; one value per port."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from leapp_core.errors import ExportError
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.spec.port import PortSpec
from leapp_core.words import counted

if TYPE_CHECKING:
    import onnx_ir as ir


def port_names(spec: NodeSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of inputs and outputs in the file.

    They are the port names. ONNX has one name space for both, so an output that is called like an input gets
    ``_out`` appended; readers that go by position need no care.
    """
    inputs = tuple(port.name for port in spec.inputs)
    taken = {*inputs, *(port.name for port in spec.outputs)}
    outputs = []
    for port in spec.outputs:
        name = port.name
        if name in inputs:
            name = unused(f"{port.name}_out", taken)
            taken.add(name)
        outputs.append(name)
    return inputs, tuple(outputs)


def unused(name: str, taken: Iterable[str]) -> str:
    """Return ``name``, with a number appended if it is taken."""
    known = set(taken)
    candidate, count = name, 1
    while candidate in known:
        count += 1
        candidate = f"{name}_{count}"
    return candidate


def set_interface(model: ir.Model, spec: NodeSpec, present: Sequence[int] | None = None) -> None:
    """Rename and complete inputs and outputs in place.

    Args:
        model: A model whose inputs are the node's inputs by position, or those of them that it uses.
        spec: The ports.
        present: Positions in ``spec.inputs`` of the inputs that the graph has; ``None`` for all.

    Raises:
        ExportError: the graph has another number of ports or other element types than the program.
    """
    graph = model.graph
    positions = tuple(range(len(spec.inputs))) if present is None else tuple(present)
    if len(graph.inputs) != len(positions) or len(graph.outputs) != len(spec.outputs):
        raise ExportError(
            f"the exporter wrote {counted(len(graph.inputs), 'input')} and {counted(len(graph.outputs), 'output')} "
            f"for node {spec.name!r}",
            expected=f"{counted(len(positions), 'input')} and {counted(len(spec.outputs), 'output')}",
            code="X004",
        )
    _add_unused_inputs(graph, spec, positions)
    _separate_outputs(graph)
    inputs, outputs = port_names(spec)
    renames = dict(zip((*graph.inputs, *graph.outputs), (*inputs, *outputs), strict=True))
    _move_out_of_the_way(graph, renames)
    for value, name in renames.items():
        _rename(graph, value, name)
    for value, port in zip((*graph.inputs, *graph.outputs), (*spec.inputs, *spec.outputs), strict=True):
        _set_type(value, port, spec.name)


def _add_unused_inputs(graph: ir.Graph, spec: NodeSpec, positions: Sequence[int]) -> None:
    import onnx_ir as ir

    found = dict(zip(positions, tuple(graph.inputs), strict=True))
    if len(found) == len(spec.inputs):
        return
    graph.inputs.clear()
    graph.inputs.extend(
        found.get(at) or ir.Value(name=f"unused_{at}", type=ir.TensorType(_data_type(port.dtype)))
        for at, port in enumerate(spec.inputs)
    )


def _separate_outputs(graph: ir.Graph) -> None:
    """Copy values that are an input, a weight, or an output twice: a port needs a value that a call makes.

    Generators of C leave outputs that no call makes uninitialised.
    """
    import onnx_ir as ir

    seen: set[ir.Value] = {*graph.inputs, *graph.initializers.values()}
    for at, value in enumerate(tuple(graph.outputs)):
        if value in seen:
            copied = ir.Node("", "Identity", [value], name=f"output_{at}")
            copied.outputs[0].name = f"output_{at}_copy"
            copied.outputs[0].type, copied.outputs[0].shape = value.type, value.shape
            graph.append(copied)
            graph.outputs[at] = copied.outputs[0]
        seen.add(graph.outputs[at])


def _move_out_of_the_way(graph: ir.Graph, renames: Mapping[ir.Value, str]) -> None:
    """Rename inner values that are called like a port, and ports that are called like another port."""
    everything = list(_values(graph))
    taken = {str(value.name) for value in everything} | set(renames.values())
    wanted = set(renames.values())
    for value in everything:
        if value.name in wanted and renames.get(value) != value.name:
            name = unused(f"{value.name}_inner", taken)
            taken.add(name)
            _rename(graph, value, name)


def _values(graph: ir.Graph) -> Iterable[ir.Value]:
    import onnx_ir as ir

    yield from graph.inputs
    yield from (value for value in graph.initializers.values() if value not in set(graph.inputs))
    for node in ir.traversal.RecursiveGraphIterator(graph):
        yield from (value for value in node.outputs if value.name)


def _rename(graph: ir.Graph, value: ir.Value, name: str) -> None:
    initializer = str(value.name) if graph.initializers.get(str(value.name)) is value else None
    if initializer is not None:
        del graph.initializers[initializer]
    value.name = name
    if value.const_value is not None and hasattr(value.const_value, "name"):
        value.const_value.name = name
    if initializer is not None:
        graph.initializers[name] = value


def _set_type(value: ir.Value, port: PortSpec, node: str) -> None:
    import onnx_ir as ir

    expected = _data_type(port.dtype)
    if value.dtype is not None and value.dtype != expected:
        raise ExportError(
            f"the exporter gave port {port.name!r} of node {node!r} element type {value.dtype.name.lower()}",
            expected=port.dtype,
            code="X004",
        )
    value.type = ir.TensorType(expected)
    value.shape = ir.Shape(port.shape)


def _data_type(dtype: str) -> ir.DataType:
    import onnx_ir as ir

    return ir.DataType[{"float32": "FLOAT", "float64": "DOUBLE"}.get(dtype, dtype.upper())]
