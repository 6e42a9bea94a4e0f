"""Find the program of one node: a fixpoint of slicing the reference step and carrying its state."""

from __future__ import annotations

from dataclasses import dataclass

from leapp_core.errors import CaptureError, RecordingTooShortError
from leapp_core.tracing.find.align import Alignment
from leapp_core.tracing.find.chains import Chain, ChainTable
from leapp_core.tracing.find.leaves import (
    InPlaceState,
    Leaf,
    LeafClassifier,
    ProducedState,
    Unexplained,
)
from leapp_core.tracing.find.slicing import LiveRead, Slicer, StepSlice
from leapp_core.tracing.find.steps import Step
from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.regions import Masks


@dataclass(frozen=True)
class NodeAnalysis:
    """What one node's program is made of.

    Attributes:
        node: Its name.
        steps: Its captured steps.
        reference: Index of the step the program is built from.
        alignment: Which calls correspond over the steps.
        classifier: Classifier of live memory in the reference step.
        chain_table: Where kept values lie over the steps.
        sliced: The calls of the reference step that matter, and the bytes live before it.
        leaves: What each live storage is.
        reads: Live operands by storage, in order.
        end_need: Bytes needed when the step ends.
    """

    node: str
    steps: tuple[Step, ...]
    reference: int
    alignment: Alignment
    classifier: LeafClassifier
    chain_table: ChainTable
    sliced: StepSlice
    leaves: dict[int, Leaf]
    reads: dict[int, list[LiveRead]]
    end_need: Masks

    @property
    def step(self) -> Step:
        """The reference step."""
        return self.steps[self.reference]

    def chains(self) -> dict[Chain, int]:
        """Return the chains of values kept by reference, to the oldest age read."""
        oldest: dict[Chain, int] = {}
        for leaf in self.leaves.values():
            if isinstance(leaf, ProducedState):
                oldest[leaf.chain] = max(oldest.get(leaf.chain, 0), leaf.age)
        return oldest


def analyse(node: str, slicer: Slicer, steps: tuple[Step, ...]) -> NodeAnalysis:
    """Analyse one node.

    Args:
        node: Its name.
        slicer: Slicer of the record.
        steps: Its complete steps.

    Returns:
        The analysis; :func:`check_explained` says whether it explains everything.
    """
    alignment = Alignment(slicer.recorder.events, steps, slicer.recorder.numbers.computed)
    last = len(steps) - 1
    # The last step may lack what other steps do after their outputs; then the one before it is the reference.
    found = _fixpoint(node, slicer, steps, alignment, last)
    trouble = _first_unexplained(found)
    if trouble is not None and trouble.reason == "tail" and last >= 2:
        found = _fixpoint(node, slicer, steps, alignment, last - 1)
    return found


def check_explained(slicer: Slicer, found: NodeAnalysis) -> None:
    """Refuse memory that no recorded call explains.

    Raises:
        CaptureError: naming the tensor, where it is read, and the fix.
    """
    trouble = _first_unexplained(found)
    if trouble is not None:
        raise _unexplained_error(found, slicer, trouble)


def _fixpoint(node: str, slicer: Slicer, steps: tuple[Step, ...], alignment: Alignment, reference: int) -> NodeAnalysis:
    classifier = LeafClassifier(slicer, steps, alignment, reference)
    step = steps[reference]
    end_need = slicer.masks()
    for name, declaration in step.inputs.items():  # declared state that is written in place has no update
        if declaration.role == "state" and name[: -len("_in")] + "_out" not in step.outputs:
            end_need.add(declaration.info.storage, slicer.regions.of(declaration.info))
    table = ChainTable(slicer.recorder.events, steps, alignment, reference)
    members: dict[int, ProducedState] = {}
    while True:
        sliced = slicer.backward(step, end_need)
        reads: dict[int, list[LiveRead]] = {}
        for read in slicer.live_reads(step, sliced):
            reads.setdefault(read.info.storage, []).append(read)
        leaves: dict[int, Leaf] = {}
        grown = False
        for storage in sliced.live_in:
            mask = sliced.live_in.get(storage)
            known = members.get(storage)
            leaf = known if known is not None else classifier.classify(storage, mask, reads.get(storage, []))
            leaves[storage] = leaf
            if isinstance(leaf, InPlaceState):
                grown |= end_need.merge(storage, mask)
            elif isinstance(leaf, ProducedState):
                younger = _younger(table, reference, leaf)
                members.update(younger)
                infos = [table.successor(leaf.chain), *(m.birth for m in younger.values())]
                grown |= _need_at_end(slicer, infos, end_need)
        if not grown:
            break
    return NodeAnalysis(node, steps, reference, alignment, classifier, table, sliced, leaves, reads, end_need)


def _younger(table: ChainTable, reference: int, leaf: ProducedState) -> dict[int, ProducedState]:
    """Return the younger members of a chain by storage: they move up by one when the step ends."""
    found: dict[int, ProducedState] = {}
    for age in range(1, leaf.age):
        info = table.made_in(leaf.chain, reference - age)
        if info is not None:
            found[info.storage] = ProducedState(info.storage, age, leaf.chain, info)
    return found


def _need_at_end(slicer: Slicer, infos: list[TensorInfo], end_need: Masks) -> bool:
    grown = False
    for info in infos:
        needed = slicer.masks()
        needed.add(info.storage, slicer.regions.of(info))
        grown |= end_need.merge(info.storage, needed.get(info.storage))
    return grown


def _first_unexplained(found: NodeAnalysis) -> Unexplained | None:
    troubles = [leaf for leaf in found.leaves.values() if isinstance(leaf, Unexplained)]
    return min(troubles, key=lambda t: (t.reason != "outside", t.read.event), default=None)


def _unexplained_error(found: NodeAnalysis, slicer: Slicer, trouble: Unexplained) -> CaptureError:
    from leapp_core.tracing.find import messages

    what, where = messages.describe_read(slicer, found, trouble.read)
    declared = messages.declared_elsewhere(slicer, found.node, trouble.storage)
    if trouble.reason == "tail":
        return RecordingTooShortError(
            f"node {found.node!r}: {what} was made by a call that not every step makes",
            where=where,
            expected="steps that all do the same",
            fix="capture more steps, or take the Python branch out of the step",
            code="C010",
        )
    in_turn = messages.chosen_in_turn(slicer, found, trouble.read.event, trouble.read.position)
    if in_turn is not None and not declared:
        return in_turn
    return RecordingTooShortError(
        f"node {found.node!r}: {what} is another tensor in each step, and no recorded call made it (undeclared input)"
        + (f"; it is {declared}" if declared else messages.origin(slicer, trouble.storage)),
        where=where,
        expected="a declared input, a constant, or state made by recorded calls",
        fix=f"declare it: session.input_tensors({found.node!r}, {{'name': tensor}}); if it is a history, a delay or a "
        "pair of buffers that change places, capture more steps than it is long, or keep it in one tensor"
        + messages.numpy_fix(slicer, trouble.storage),
        code="C009",
    )
