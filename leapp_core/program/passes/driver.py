"""Runs the passes until nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from torch.fx.node import map_arg

from leapp_core.plugins.exporters import NOTES
from leapp_core.program.passes.choices import choose_before_calls
from leapp_core.program.passes.constants import fold_constants, share_constants
from leapp_core.program.passes.copies import expand_copies, fill_without_template
from leapp_core.program.passes.cse import share_equal_calls
from leapp_core.program.passes.devices import drop_devices
from leapp_core.program.passes.editor import Editor, drop_dead, open_editor
from leapp_core.program.passes.extra import in_order, run_checked
from leapp_core.program.passes.fixed import place_fixed_writes
from leapp_core.program.passes.flat import flatten_strided_writes
from leapp_core.program.passes.found import found_rows_to_masks
from leapp_core.program.passes.layout import operand_layouts, repropagate, restore_layouts, with_ancestors
from leapp_core.program.passes.masks import drop_size_checks, masked_writes_to_where
from leapp_core.program.passes.noops import drop_dropout, drop_noops
from leapp_core.program.passes.outputs import output_values, separate_outputs
from leapp_core.program.passes.rearrange import simplify_rows
from leapp_core.program.passes.rebuild import rebuild
from leapp_core.program.passes.spelling import split_rolls, use_common_names
from leapp_core.program.passes.strided import read_back_strided
from leapp_core.program.passes.views import cancel_views
from leapp_core.words import counted

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from leapp_core.plugins.exporters import ProgramPass

PASSES: tuple[Callable[[Editor], bool], ...] = (
    drop_devices,
    use_common_names,
    split_rolls,
    drop_dropout,
    fill_without_template,
    expand_copies,
    drop_noops,
    cancel_views,
    share_equal_calls,
    choose_before_calls,
    read_back_strided,
    flatten_strided_writes,
    simplify_rows,
    found_rows_to_masks,
    masked_writes_to_where,
    drop_size_checks,
    fold_constants,
    share_constants,
)
LAST = place_fixed_writes
"""Runs when the others are done: they know what scatters mean."""
MOST_ROUNDS = 20
MOST_RETRIES = 4


def clean_program(exported: ExportedProgram, extra: Sequence[ProgramPass] = ()) -> ExportedProgram:
    """Return a smaller program with bit-identical results.

    The program given is not changed. Outputs keep memory of their own: no two outputs, and no output and input, share
    it. Weights and constants that are no longer read are left out.

    Args:
        exported: A functional program, as ``run_decompositions({})`` gives it.
        extra: Passes of plugins; they run after the built-in ones.

    Returns:
        The program; ``graph_module.meta[NOTES]`` says where passes gave up.

    Raises:
        PluginError: an extra pass broke its contract.
    """
    pinned: frozenset[str] = frozenset()
    notes: list[str] = []
    for _ in range(MOST_RETRIES):
        editor = open_editor(exported, pinned)
        outputs = output_values(editor)
        pins, settled = _clean(editor)
        if not pins:
            break
        pinned |= with_ancestors(list(exported.graph.nodes), pins)
    else:
        notes.append(
            f"the layout of {counted(len(pins), 'value')} could not be kept: results may differ in their last bit"
        )
    if not settled:
        notes.append(
            f"clean-up stopped after {MOST_ROUNDS} rounds that each changed something: the graph may be larger"
        )
    for program_pass in in_order(extra):
        run_checked(editor, program_pass, exported)
    separate_outputs(editor, outputs)
    drop_dead(editor.graph)
    rebuilt = rebuild(editor, exported)
    rebuilt.graph_module.meta[NOTES] = tuple(notes)
    return rebuilt


def _clean(editor: Editor) -> tuple[frozenset[str], bool]:
    """Run all passes to the end; return the nodes to leave alone in another attempt, and whether nothing changes."""
    layouts = operand_layouts(editor)
    drop_dead(editor.graph)
    settled, before = False, ""
    for _ in range(MOST_ROUNDS):
        # A list, not a generator: every pass must run in every round.
        settled = not any([_run(editor, p) for p in PASSES]) and not _run(editor, LAST)
        now = _structure(editor)  # a pass may put equal calls in the place of others, which is no progress
        settled, before = settled or now == before, now
        if settled:
            break
    repropagate(editor)
    return restore_layouts(editor, layouts), settled


def _structure(editor: Editor) -> str:
    """Return what a graph computes, whatever its nodes are called."""
    places = {node: place for place, node in enumerate(editor.graph.nodes)}
    lines = []
    for node in editor.graph.nodes:
        args, kwargs = map_arg((node.args, node.kwargs), places.__getitem__)
        lines.append(f"{node.op} {node.target} {args} {kwargs}")
    return "\n".join(lines)


def _run(editor: Editor, program_pass: Callable[[Editor], bool]) -> bool:
    changed = program_pass(editor)
    if changed:
        drop_dead(editor.graph)
        try:
            editor.graph.lint()
        except RuntimeError as error:  # a fault of ours: say whose
            raise RuntimeError(f"clean-up pass {program_pass.__name__} left an invalid graph: {error}") from error
    return changed
