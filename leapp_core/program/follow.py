"""Run a captured program over steps that user code made, state carried, and compare all that was declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from leapp_core.program.pipeline import ReferencePipeline, Values
from leapp_core.program.replay import TOLERANCE
from leapp_core.spec.names import PortRef
from leapp_core.tracing.record.recorder import unrecorded
from leapp_core.tracing.result import CapturedPipeline

_LONG_RUN = 10.0  # rounding of a state that is carried over many steps, beside that of one step
_VARIANTS = 3
_SAFETY = 8.0


@dataclass(frozen=True)
class Declared:
    """What user code declared in one step.

    Attributes:
        inputs: Inputs and declared state by port.
        outputs: Outputs, static outputs and next values of declared state by port.
        reset: State begins anew with this step.
    """

    inputs: Values
    outputs: Values
    reset: bool = False


@dataclass(frozen=True)
class Difference:
    """The first value that is not what user code has.

    Attributes:
        step: Which step, counted from the first one captured.
        port: The port.
        of_input: It is what an edge or carried state gives for an input that user code declared.
        detail: Element and values.
    """

    step: int
    port: PortRef
    of_input: bool
    detail: str


class Follower:
    """A program beside the user's code.

    A step that begins with initial state in the user's code (an episode ended) is taken for a reset if the program
    with its initial state gives what the step gave.

    Args:
        captured: The program; it begins behind its captured steps.
        least: Tolerance that is allowed whatever the dtype, for programs that were recorded on another device.

    Attributes:
        steps: Steps that agreed.
        resets: Which of them began with initial state.
        stopped: Why steps from some one on could not be compared.
        max_error: Largest difference within tolerance, by port.
    """

    def __init__(self, captured: CapturedPipeline, least: float = 0.0) -> None:
        self._captured = captured
        self._pipeline = ReferencePipeline(captured)
        self._least = least
        self._first = min(len(program.samples) for program in captured.programs.values())
        self._reach: Values = {}
        self.max_error: dict[PortRef, float] = {}
        self.steps = 0
        self.resets: list[int] = []
        self.stopped: str | None = None
        last = {node: program.samples[-1] for node, program in captured.programs.items()}
        self._carry({PortRef(n, port): v for n, sample in last.items() for port, v in sample.outputs.items()})

    @property
    def number(self) -> int:
        """Number of the next step, counted from the first one captured."""
        return self._first + self.steps

    def follow(self, declared: Declared) -> Difference | None:
        """Run the next step; return the first value that differs.

        Nothing is compared any more once :attr:`stopped` says why.
        """
        if self.stopped is not None:
            return None
        missing = [ref for ref in self._captured.spec.inputs if ref not in declared.inputs]
        if missing:
            self.stopped = f"step {self.number} does not declare input {missing[0]}"
            return None
        if declared.reset:
            self._pipeline.reset()
        before = self._pipeline.state
        found = self._attempt(before, declared)
        if found is not None and self._begins_anew(before, declared):
            self.resets.append(self.number)
            found = None
        if found is not None:
            if self._rounding_decides(before, declared, found):
                self.stopped = f"from step {self.number} on rounding decides what {found.port} is"
                found = None
            return found
        self._carry(declared.outputs)
        self.steps += 1
        return None

    def _attempt(self, state: Values, declared: Declared) -> Difference | None:
        """Run the step from a state and return the first difference."""
        self._pipeline.state = state
        try:
            fed, given = self._pipeline.step(declared.inputs)
        except (RuntimeError, ValueError, IndexError) as error:
            port = next(iter(declared.outputs))
            return Difference(self.number, port, False, f"the program raises {type(error).__name__}: {error}"[:300])
        own = set(self._captured.spec.inputs)
        with unrecorded():
            for ref, wanted in declared.inputs.items():
                if ref not in own and ref in fed and (detail := self._detail(ref, wanted, fed[ref])):
                    return Difference(self.number, ref, True, detail)
            for ref, wanted in declared.outputs.items():
                if ref in given and (detail := self._detail(ref, wanted, given[ref])):
                    return Difference(self.number, ref, False, detail)
        return None

    def _begins_anew(self, before: Values, declared: Declared) -> bool:
        """Return whether the step gives what it does because all state, or that of some rows, is at its first value."""
        after = self._pipeline.state
        for state in self._fresh_states(before, declared):
            if self._attempt(state, declared) is None:
                return True
        self._pipeline.state = after
        return False

    def _fresh_states(self, before: Values, declared: Declared) -> Iterator[Values]:
        initial = {ref: value.clone() for ref, value in self._pipeline.initial.items()}
        with unrecorded():
            if all(torch.equal(initial[ref], value) for ref, value in before.items()):
                return
            yield initial
            # A hidden state that the user declares may go on while the rest begins anew, or the other way round.
            kept = {
                ref: before[ref]
                for ref, wanted in declared.inputs.items()
                if ref in before and wanted.shape == before[ref].shape and torch.equal(wanted, before[ref])
            }
            if kept and len(kept) < len(initial):
                yield {**initial, **kept}
            rows = self._wrong_rows(before, declared)
            if rows is not None:
                yield {ref: _mixed(value, initial[ref], rows) for ref, value in before.items()}

    def _wrong_rows(self, before: Values, declared: Declared) -> torch.Tensor | None:
        """Return which rows of a batch differ, if outputs have rows and some agree."""
        self._pipeline.state = before
        fed, given = self._pipeline.step(declared.inputs)
        pairs = [(v, given[r]) for r, v in declared.outputs.items() if r in given]
        pairs += [(v, fed[r]) for r, v in declared.inputs.items() if r in fed]
        sizes = {wanted.shape[0] if wanted.dim() else 1 for wanted, _ in pairs}
        if len(sizes) != 1 or sizes == {1} or any(a.shape != b.shape for a, b in pairs):
            return None
        wrong = [~torch.isclose(a, b, 1e-3, 1e-4, equal_nan=True).flatten(1).all(1) for a, b in pairs if a.dim() > 1]
        return torch.stack(wrong).any(0) if wrong else None

    def _rounding_decides(self, before: Values, declared: Declared, found: Difference) -> bool:
        """Return whether rounding in another way changes the value about as much as it differs."""
        wanted = (declared.inputs if found.of_input else declared.outputs).get(found.port)
        if wanted is None or "raises" in found.detail:
            return False
        results = []
        for seed in (None, *range(_VARIANTS)):
            noise = None if seed is None else torch.Generator().manual_seed(seed)
            self._pipeline.round_as(noise)
            self._pipeline.state = before if noise is None else {r: _nudged(v, noise) for r, v in before.items()}
            inputs = declared.inputs if noise is None else {r: _nudged(v, noise) for r, v in declared.inputs.items()}
            fed, given = self._pipeline.step(inputs)
            results.append((fed if found.of_input else given)[found.port])
        self._pipeline.round_as(None)
        if wanted.shape != results[0].shape or wanted.dtype != results[0].dtype:
            return False
        with unrecorded():
            base = results[0].double()
            moved = torch.stack([(other.double() - base).abs() for other in results[1:]]).amax(0)
            allowed = self._allowed(found.port, wanted) + _SAFETY * moved
            return bool(((wanted.double() - base).abs() <= allowed).all())

    def _detail(self, ref: PortRef, wanted: torch.Tensor, got: torch.Tensor) -> str | None:
        if wanted.shape != got.shape or wanted.dtype != got.dtype:
            return f"it is {list(got.shape)} {got.dtype}, your code gives {list(wanted.shape)} {wanted.dtype}"
        size = wanted.abs().double().nan_to_num(0.0, 0.0, 0.0) if wanted.dtype.is_floating_point else None
        if size is not None:
            self._reach[ref] = torch.maximum(self._reach.get(ref, size), size)
        if torch.equal(wanted, got):
            self.max_error.setdefault(ref, 0.0)
            return None
        distance = (wanted.double() - got.double()).abs()
        same = (wanted == got) | (wanted.isnan() & got.isnan())
        wrong = ~(same | (distance <= self._allowed(ref, wanted)))
        if not bool(wrong.any()):
            most = float(torch.where(same, 0.0, distance).max())
            self.max_error[ref] = max(most, self.max_error.get(ref, 0.0))
            return None
        worst = int(torch.where(wrong, distance.nan_to_num(float("inf")), -1.0).argmax())
        element = f"element {worst} is " if got.numel() > 1 else "it is "
        return f"{element}{got.reshape(-1)[worst].item()!r}, your code gives {wanted.reshape(-1)[worst].item()!r}"

    def _allowed(self, ref: PortRef, wanted: torch.Tensor) -> torch.Tensor | float:
        if wanted.dtype not in TOLERANCE:
            return 0.0
        tolerance = max(TOLERANCE[wanted.dtype] * _LONG_RUN, self._least)
        return tolerance * (0.1 + self._reach[ref]) if ref in self._reach else tolerance

    def _carry(self, outputs: Mapping[PortRef, torch.Tensor]) -> None:
        """Take what user code declared for what feedback carries on, so that rounding does not add up."""
        state = dict(self._pipeline.state)
        for edge in self._captured.spec.feedback:
            if edge.source in outputs and outputs[edge.source].shape == state[edge.target].shape:
                state[edge.target] = outputs[edge.source].clone()
        self._pipeline.state = state


def _mixed(carried: torch.Tensor, initial: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    axis = next((a for a, size in enumerate(carried.shape) if size == len(rows)), None)
    if axis is None:
        return carried
    shape = [len(rows) if a == axis else 1 for a in range(carried.dim())]
    return torch.where(rows.reshape(shape), initial, carried)


def _nudged(value: torch.Tensor, noise: torch.Generator) -> torch.Tensor:
    if not value.is_floating_point():
        return value
    sign = 1.0 - 2.0 * torch.randint(0, 2, value.shape, generator=noise).to(value.dtype)
    return value * (1.0 + 4.0 * torch.finfo(value.dtype).eps * sign)
