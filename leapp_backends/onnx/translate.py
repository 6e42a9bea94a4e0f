"""ExportedProgram to ONNX by PyTorch's translator, without the work it repeats on every call.

``torch.onnx.export`` builds a table of some 500 translations for each call and decomposes a program that already is
decomposed: nine tenths of its time for a small policy. Here the table is read as far as it is needed and kept, and
decomposition is left out when every operator of the program has a translation. The parts used are not public, so where
a PyTorch release has others, the public function is called instead; results are the same.
"""

from __future__ import annotations

import copy
import operator
from typing import TYPE_CHECKING, Any

from leapp_backends.common.failures import unsupported
from leapp_backends.common.functional import calls, op_name
from leapp_backends.onnx.registry import lazy_registry, whole_registry
from leapp_backends.onnx.rewrites import apply
from leapp_backends.onnx.tidy import STACK

if TYPE_CHECKING:
    import onnx_ir as ir
    from torch.export import ExportedProgram


def translate(program: ExportedProgram, opset: int | None, *, optimize: bool) -> ir.Model:
    """Return the ONNX model of a program; the program is left unchanged.

    Args:
        program: Functional program.
        opset: ONNX operator set, or ``None`` for PyTorch's default.
        optimize: Fold constants and fuse operators.

    Raises:
        ExportError: an operator has no translation.
    """
    parts = _load_parts()
    if parts is None:
        return _translate_publicly(program, opset, optimize=optimize)
    core, passes, constants = parts
    wanted = opset or _default_opset()
    program = apply(program)
    table = max(wanted, constants.TORCHLIB_OPSET)
    registry = lazy_registry(table)
    if not all("val" in node.meta and _is_known(node.target, registry) for node in calls(program)):
        registry = whole_registry(table)
        prepared = core._prepare_exported_program_for_export(program, registry=registry)
    else:
        prepared = _prepare(program, passes)
    _check_translated(prepared, registry)

    def translated() -> Any:
        made = core._exported_program_to_onnx_program(prepared, registry=registry)
        if wanted != made.model.opset_imports.get(""):
            _convert(made.model, wanted)
        return made

    onnx_program = translated()
    if optimize:
        onnx_program.optimize()
    model: ir.Model = onnx_program.model
    return model if _is_whole(model) else _simplified(translated().model)


def _is_whole(model: ir.Model) -> bool:
    """Return whether every value that is read is made: onnxscript (0.7) loses one of two equal limits of a tensor."""
    made = {id(value) for value in (*model.graph.inputs, *model.graph.initializers.values())}
    made |= {id(value) for node in model.graph for value in node.outputs}
    return all(value is None or id(value) in made for node in model.graph for value in node.inputs)


def _simplified(model: ir.Model) -> ir.Model:
    """Fold constants only, without the rules that fuse operators."""
    from onnxscript import optimizer

    optimizer.inline(model)
    optimizer.fold_constants(model)
    optimizer.remove_unused_nodes(model)
    return model


def _convert(model: ir.Model, opset: int) -> None:
    """Change the operator set in place.

    ONNX's own converter, which older sets need, drops the notes of where nodes come from: the first of each operator is
    put back.
    """
    import onnx_ir as ir
    from onnxscript import version_converter

    notes: dict[str, str] = {}
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        if STACK in node.metadata_props:
            notes.setdefault(node.op_type, node.metadata_props[STACK])
    version_converter.convert_version(model, opset, fallback=True)
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        if node.op_type in notes:
            node.metadata_props.setdefault(STACK, notes[node.op_type])


def _load_parts() -> tuple[Any, Any, Any] | None:
    try:
        from torch.onnx._internal.exporter import _constants, _core, _fx_passes, _registration
    except ImportError:
        return None
    needed = (
        (_core, "_exported_program_to_onnx_program"),
        (_core, "_prepare_exported_program_for_export"),
        (_fx_passes, "insert_type_promotion_nodes"),
        (_fx_passes, "remove_assertion_nodes"),
        (_constants, "TORCHLIB_OPSET"),
        # Older registries know one operator set only and take no argument.
        (_registration.ONNXRegistry, "_cleanup_registry_based_on_opset_version"),
    )
    if all(hasattr(holder, name) for holder, name in needed):
        return _core, _fx_passes, _constants
    return None


def _default_opset() -> int:
    from torch.onnx import _constants

    return int(_constants.ONNX_DEFAULT_OPSET)


def _prepare(program: ExportedProgram, passes: Any) -> ExportedProgram:
    """Return the program as PyTorch prepares it, but for the decomposition."""
    from torch import fx

    graph = copy.deepcopy(program.graph_module)  # weights are not in the module, so this copies the graph only
    assert isinstance(graph, fx.GraphModule)
    for old, new in zip(program.graph.nodes, graph.graph.nodes, strict=True):
        new.name = old.name  # copying renames what is called like a Python builtin; the signature goes by name
    passes.insert_type_promotion_nodes(graph)
    prepared = copy.copy(program)
    prepared._graph_module = passes.remove_assertion_nodes(graph)
    return prepared


def _is_known(target: Any, registry: Any) -> bool:
    return target is operator.getitem or bool(registry.is_registered(target))


def _check_translated(program: ExportedProgram, registry: Any) -> None:
    for node in calls(program):
        if not _is_known(node.target, registry):
            raise unsupported("ONNX", node, f"{op_name(node)} has no translation to ONNX")


def _translate_publicly(program: ExportedProgram, opset: int | None, *, optimize: bool) -> ir.Model:
    import torch

    made = torch.onnx.export(apply(program), (), dynamo=True, verbose=False, opset_version=opset, optimize=optimize)
    assert made is not None
    model: ir.Model = made.model
    return model
