"""Find the program of one node: a fixpoint of slicing the reference step and carrying its state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leapp_core.errors import CaptureError
from leapp_core.tracing.align import Alignment
from leapp_core.tracing.events import TensorInfo
from leapp_core.tracing.leaves import (
    InPlaceState,
    Leaf,
    LeafClassifier,
    ProducedState,
    Unexplained,
)
from leapp_core.tracing.regions import Masks
from leapp_core.tracing.slicing import LiveRead, Slicer, StepSlice
from leapp_core.tracing.steps import Step


@dataclass(frozen=True)
class NodeAnalysis:
    """What one node's program is made of.

    Attributes:
        node: Its name.
        steps: Its captured steps.
        reference: Index of the step the program is built from.
        alignment: Which calls correspond over the steps.
        classifier: Classifier of live memory in the reference step.
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
    sliced: StepSlice
    leaves: dict[int, Leaf]
    reads: dict[int, list[LiveRead]]
    end_need: Masks

    @property
    def step(self) -> Step:
        """The reference step."""
        return self.steps[self.reference]

    def chains(self) -> dict[tuple[int, int], int]:
        """Return ``(producer event, result position)`` of states kept by reference, to the oldest age read."""
        oldest: dict[tuple[int, int], int] = {}
        for leaf in self.leaves.values():
            if isinstance(leaf, ProducedState):
                key = (leaf.producer, leaf.output)
                oldest[key] = max(oldest.get(key, 0), leaf.age)
        return oldest


def analyse(node: str, slicer: Slicer, steps: tuple[Step, ...]) -> NodeAnalysis:
    """Analyse one node.

    Args:
        node: Its name.
        slicer: Slicer of the record.
        steps: Its complete steps.

    Raises:
        CaptureError: memory is read that no recorded call explains.
    """
    alignment = Alignment(slicer.recorder.events, steps)
    last = len(steps) - 1
    # The last step may lack what other steps do after their outputs; then the one before it is the reference.
    found = _fixpoint(node, slicer, steps, alignment, last)
    trouble = _first_unexplained(found)
    if trouble is not None and trouble.reason == "tail" and last >= 2:
        found = _fixpoint(node, slicer, steps, alignment, last - 1)
        trouble = _first_unexplained(found)
    if trouble is not None:
        raise _unexplained_error(found, slicer, trouble)
    return found


def _fixpoint(node: str, slicer: Slicer, steps: tuple[Step, ...], alignment: Alignment, reference: int) -> NodeAnalysis:
    classifier = LeafClassifier(slicer, steps, alignment, reference)
    step = steps[reference]
    end_need = slicer.masks()
    for name, declaration in step.inputs.items():  # declared state that is written in place has no update
        if declaration.role == "state" and name[: -len("_in")] + "_out" not in step.outputs:
            end_need.add(declaration.info.storage, slicer.regions.of(declaration.info))
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
                chain = _chain(slicer, alignment, reference, leaf)
                members.update(chain)
                infos = [leaf.successor, *(_birth_info(slicer, m) for m in chain.values())]
                grown |= _need_at_end(slicer, infos, end_need)
        if not grown:
            break
    return NodeAnalysis(node, steps, reference, alignment, classifier, sliced, leaves, reads, end_need)


def _chain(slicer: Slicer, alignment: Alignment, reference: int, leaf: ProducedState) -> dict[int, ProducedState]:
    """Return the younger members of a chain by storage: they move up by one when the step ends."""
    found: dict[int, ProducedState] = {}
    for age in range(1, leaf.age):
        info = chain_member(slicer, alignment, reference, (leaf.producer, leaf.output), age)
        if info is not None:
            found[info.storage] = replace(leaf, storage=info.storage, age=age)
    return found


def _birth_info(slicer: Slicer, leaf: ProducedState) -> TensorInfo:
    birth = slicer.recorder.storages[leaf.storage].birth
    return slicer.recorder.events[birth].outs[leaf.output]


def _need_at_end(slicer: Slicer, infos: list[TensorInfo], end_need: Masks) -> bool:
    grown = False
    for info in infos:
        needed = slicer.masks()
        needed.add(info.storage, slicer.regions.of(info))
        grown |= end_need.merge(info.storage, needed.get(info.storage))
    return grown


def chain_member(
    slicer: Slicer, alignment: Alignment, reference: int, chain: tuple[int, int], age: int
) -> TensorInfo | None:
    """Return where the value a chain's producer made ``age`` steps before the reference step lies."""
    at = alignment.between(reference, reference - age).get(chain[0])
    if at is None:
        return None
    outs = slicer.recorder.events[at].outs
    return outs[chain[1]] if chain[1] < len(outs) else None


def _first_unexplained(found: NodeAnalysis) -> Unexplained | None:
    troubles = [leaf for leaf in found.leaves.values() if isinstance(leaf, Unexplained)]
    return min(troubles, key=lambda t: (t.reason != "outside", t.read.event), default=None)


def _unexplained_error(found: NodeAnalysis, slicer: Slicer, trouble: Unexplained) -> CaptureError:
    from leapp_core.tracing.messages import describe_read

    what, where = describe_read(slicer, found, trouble.read)
    if trouble.reason == "tail":
        return CaptureError(
            f"node {found.node!r}: {what} was made by a call that not every step makes",
            where=where,
            expected="steps that all do the same",
            fix="capture more steps, or take the Python branch out of the step",
        )
    return CaptureError(
        f"node {found.node!r}: {what} is another tensor in each step, and no recorded call made it (undeclared input)",
        where=where,
        expected="a declared input, a constant, or state made by recorded calls",
        fix=f"declare it: session.input_tensors({found.node!r}, {{'name': tensor}})",
    )
