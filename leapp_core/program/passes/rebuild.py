"""From an edited graph back to a valid program."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from torch.export.graph_signature import ExportGraphSignature, InputSpec, OutputSpec, TensorArgument
from torch.fx import GraphModule, Node

from leapp_core.program.passes.editor import LIFTED, Editor

if TYPE_CHECKING:
    from torch.export import ExportedProgram


def rebuild(editor: Editor, exported: ExportedProgram) -> ExportedProgram:
    """Return a program with the edited graph and only the weights and constants that it reads."""
    from torch.export import ExportedProgram as Program

    _prune_placeholders(editor)
    signature = _signature(editor, exported.graph_signature)
    editor.graph.lint()
    module = GraphModule({}, editor.graph)
    module.meta.update(exported.graph_module.meta)
    kept = {spec.target for spec in signature.input_specs if spec.kind in LIFTED}
    constants = {**exported.constants, **editor.added}
    lifted = {spec.target for spec in exported.graph_signature.input_specs}
    return Program(
        root=module,
        graph=module.graph,
        graph_signature=signature,
        state_dict={name: value for name, value in exported.state_dict.items() if name in kept},
        range_constraints=copy.copy(exported.range_constraints),
        module_call_graph=copy.copy(exported.module_call_graph),
        example_inputs=exported.example_inputs,
        constants={
            name: value
            for name, value in constants.items()
            if name in kept or (name not in lifted and name not in editor.added)
        },
        verifiers=exported.verifiers,
    )


def _prune_placeholders(editor: Editor) -> None:
    for node, spec in list(editor.specs.items()):
        if spec.kind in LIFTED and not node.users:
            editor.graph.erase_node(node)
            del editor.specs[node]
            editor.tensors.pop(node, None)


def _signature(editor: Editor, old: ExportGraphSignature) -> ExportGraphSignature:
    placeholders = [node for node in editor.graph.nodes if node.op == "placeholder"]
    inputs = [_input_spec(node, editor.specs[node]) for node in placeholders]
    results = editor.graph.output_node().args[0]
    outputs = [
        OutputSpec(spec.kind, TensorArgument(node.name) if isinstance(node, Node) else spec.arg, spec.target)
        for node, spec in zip(results, old.output_specs, strict=True)  # type: ignore[arg-type] # outputs are a tuple
    ]
    return ExportGraphSignature(input_specs=inputs, output_specs=outputs)


def _input_spec(node: Node, spec: InputSpec) -> InputSpec:
    argument = TensorArgument(node.name) if isinstance(spec.arg, TensorArgument) else spec.arg
    return InputSpec(spec.kind, argument, spec.target, spec.persistent)
