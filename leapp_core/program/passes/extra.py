"""Passes of plugins: their order, and what each is held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import torch
from torch.fx import GraphModule, Interpreter

from leapp_core.errors import PluginError
from leapp_core.program.passes.editor import Editor, drop_dead, propagate

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from leapp_core.plugins.exporters import ProgramPass

_ROUNDING = {torch.float64: 1e-9, torch.float32: 2e-5, torch.float16: 2e-2, torch.bfloat16: 1e-1}


def in_order(passes: Sequence[ProgramPass]) -> list[ProgramPass]:
    """Return passes by name, each behind those that it requires.

    Raises:
        PluginError: a required pass is missing, or passes require each other.
    """
    by_name = {p.name: p for p in sorted(passes, key=lambda p: p.name)}
    for program_pass in by_name.values():
        for name in program_pass.requires:
            if name not in by_name:
                raise PluginError(
                    f"program pass {program_pass.name!r} requires pass {name!r}, which no installed plugin has",
                    fix="install the plugin that brings it",
                    code="P003",
                )
    try:
        order = list(TopologicalSorter({name: sorted(p.requires) for name, p in by_name.items()}).static_order())
    except CycleError as error:
        raise PluginError(f"program passes require each other: {' -> '.join(error.args[1])}", code="P003") from error
    return [by_name[name] for name in order]


def run_checked(editor: Editor, program_pass: ProgramPass, exported: ExportedProgram) -> None:
    """Run a pass and hold it to its contract.

    Raises:
        PluginError: it failed, left an invalid graph or calls that it says it removes, or changed results.
    """
    trials = list(_trials(editor, exported))
    before = [_results(editor, inputs) for inputs in trials]
    interface = [node.name for node in editor.graph.nodes if node.op == "placeholder"]
    if not _run(editor, program_pass):
        return
    drop_dead(editor.graph)
    if [node.name for node in editor.graph.nodes if node.op == "placeholder"] != interface:
        raise _broken(program_pass, "changed the placeholders of the graph", "the inputs that it was given")
    left = {str(node.target) for node in editor.graph.nodes if node.op == "call_function"}
    kept = [name for name in program_pass.removes if name in left]
    if kept:
        raise _broken(program_pass, f"left calls of {', '.join(kept)}", "none, as its 'removes' says")
    for inputs, wanted in zip(trials, before, strict=True):
        for index, (one, other) in enumerate(zip(wanted, _results(editor, inputs), strict=True)):
            if not _same(one, other, exact=program_pass.keeps_bits):
                bits = "the same bits" if program_pass.keeps_bits else "the same within rounding"
                raise _broken(program_pass, f"changed result {index} of the program", bits)


def _run(editor: Editor, program_pass: ProgramPass) -> bool:
    """Run a pass on the editor's graph; return whether it changed anything."""
    module = GraphModule({}, editor.graph)
    before = str(editor.graph)
    try:
        says = program_pass.run(module)
        if not says and str(module.graph) == before:
            return False
        module.graph.lint()
        editor.graph = module.graph
        for node in editor.graph.nodes:
            if node.op == "call_function" and "val" not in node.meta:
                propagate(node)
    except Exception as error:
        raise PluginError(
            f"program pass {program_pass.name!r} failed or left a graph that is not a valid program: {error}",
            where=program_pass.name,
            expected="a linted, functional ATen graph whose placeholders are unchanged",
            fix="plugin author: keep the graph in topological order and call ATen overloads only",
            code="P003",
        ) from error
    if not says:
        raise _broken(program_pass, "changed the program and returned False", "whether anything changed")
    return True


def _broken(program_pass: ProgramPass, what: str, expected: str) -> PluginError:
    return PluginError(
        f"program pass {program_pass.name!r} {what}",
        where=program_pass.name,
        expected=expected,
        fix="plugin author: rewrite only what computes the same; or block the plugin with LEAPP_DISABLE_PLUGINS",
        code="P003",
    )


def _trials(editor: Editor, exported: ExportedProgram) -> Iterator[list[torch.Tensor]]:
    """Yield inputs in the order of the placeholders: the captured ones, and some moved away from them."""
    example = exported.example_inputs
    if example is None:
        return
    generator = torch.Generator().manual_seed(0)
    for moved in (False, True):
        given = iter(example[0])
        inputs = []
        for node in editor.graph.nodes:
            if node.op == "placeholder":
                value = editor.tensors[node] if node in editor.tensors else next(given)
                if moved and node not in editor.tensors and value.is_floating_point():
                    value = value + torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value.dtype)
                inputs.append(value)
        yield inputs


def _results(editor: Editor, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    with torch.no_grad():
        results: Any = Interpreter(GraphModule({}, editor.graph)).run(*(value.clone() for value in inputs))
    return [result.clone() for result in results]


def _same(one: torch.Tensor, other: torch.Tensor, *, exact: bool) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    tolerance = 0.0 if exact else _ROUNDING.get(one.dtype, 0.0)
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance * 0.1, equal_nan=True)
