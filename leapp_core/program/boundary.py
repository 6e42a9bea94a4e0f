"""Change what a program takes and returns at its ports, its computation untouched."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch.export.graph_signature import InputKind
from torch.fx import Node
from torch.utils import _pytree

from leapp_core.program.passes.editor import Editor, fake_mode, open_editor
from leapp_core.program.passes.rebuild import rebuild

if TYPE_CHECKING:
    from torch.export import ExportedProgram, ModuleCallEntry

aten = torch.ops.aten


def unread_inputs(exported: ExportedProgram) -> tuple[int, ...]:
    """Return the positions of inputs that nothing reads."""
    names = {node.name: node for node in exported.graph.nodes if node.op == "placeholder"}
    wanted = exported.graph_signature.user_inputs
    return tuple(at for at, name in enumerate(wanted) if isinstance(name, str) and not names[name].users)


def without_inputs(exported: ExportedProgram, positions: Collection[int]) -> ExportedProgram:
    """Return the program without some inputs, which nothing reads."""
    editor = open_editor(exported, frozenset())
    for at, node in enumerate(_user_inputs(editor)):
        if at in positions:
            editor.graph.erase_node(node)
            del editor.specs[node]
    made = rebuild(editor, exported)
    count = len(_user_inputs(editor))
    # What unpacks the arguments of a call has to know their new number.
    structure = _pytree.tree_structure(((0,) * count, {}))
    made._module_call_graph = [_taking(entry, structure, positions) for entry in made.module_call_graph]
    arguments, keywords = exported.example_inputs or ((), {})
    made._example_inputs = (tuple(a for at, a in enumerate(arguments) if at not in positions), keywords)
    return made


def _taking(entry: ModuleCallEntry, structure: _pytree.TreeSpec, positions: Collection[int]) -> ModuleCallEntry:
    """Return what is known of a call of the whole program, for fewer arguments."""
    if entry.fqn != "" or entry.signature is None:
        return entry
    changed = copy.copy(entry)
    names = entry.signature.forward_arg_names
    kept = None if names is None else [name for at, name in enumerate(names) if at not in positions]
    changed.signature = replace(entry.signature, in_spec=structure, forward_arg_names=kept)
    return changed


def cast_ports(
    exported: ExportedProgram, inputs: Mapping[int, torch.dtype], outputs: Collection[int], outside: torch.dtype
) -> ExportedProgram:
    """Return the program with another element type at some of its ports, converted right inside.

    Args:
        exported: The program.
        inputs: Position of an input to the element type that the program computes with.
        outputs: Positions of outputs.
        outside: Element type at those ports.
    """
    editor = open_editor(exported, frozenset())
    placeholders = _user_inputs(editor)
    arguments = list((exported.example_inputs or ((), {}))[0])
    body = next(node for node in editor.graph.nodes if node.op != "placeholder")
    for at, inside in inputs.items():
        _cast_input(editor, placeholders[at], body, inside, outside)
        if at < len(arguments):
            arguments[at] = arguments[at].to(outside)
    result = editor.graph.output_node()
    values = result.args[0]
    assert isinstance(values, (tuple, list))
    returned = [
        _cast(editor, value, result, outside) if at in outputs and isinstance(value, Node) else value
        for at, value in enumerate(values)
    ]
    result.args = (tuple(returned),)
    made = rebuild(editor, exported)
    if exported.example_inputs is not None:
        made._example_inputs = (tuple(arguments), exported.example_inputs[1])
    return made


def _user_inputs(editor: Editor) -> list[Node]:
    return [node for node in editor.graph.nodes if node in editor.specs and _is_user(editor, node)]


def _is_user(editor: Editor, node: Node) -> bool:
    return editor.specs[node].kind is InputKind.USER_INPUT


def _cast_input(editor: Editor, node: Node, body: Node, inside: torch.dtype, outside: torch.dtype) -> None:
    mode = fake_mode(node)
    with mode:
        node.meta["val"] = node.meta["val"].to(outside)
    node.meta.pop("tensor_meta", None)
    users = list(node.users)
    if not users:
        return
    converted = _cast(editor, node, body, inside)
    for user in users:
        user.replace_input_with(node, converted)


def _cast(editor: Editor, value: Node, before: Node, dtype: torch.dtype) -> Node:
    return editor.call(before, aten._to_copy.default, value, dtype=dtype)
