"""What capture gives to the layers above: programs, wiring, initial values and what was not provable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from leapp_core.plugins.exporters import NodeProgram
from leapp_core.spec.markup import pipeline_html
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ConstantRecord:
    """A captured constant that is neither a parameter nor a registered buffer.

    Attributes:
        node: Node it is part of.
        name: Its name in the program.
        dtype: Canonical dtype; also ``complex64`` and ``complex128``, which no port can have.
        shape: Sizes.
        minimum: Smallest value (``None`` when empty or not numeric).
        maximum: Largest value.
        where: ``file:line`` at which it entered the computation.
        call: The ATen call that read it.
        origin: ``literal``, ``tensor`` (made by PyTorch) or ``foreign`` (memory owned by other software).
        warning: Why it deserves a look, or ``None``.
        elements: How many elements the program reads; minimum and maximum are theirs.
    """

    node: str
    name: str
    dtype: str
    shape: tuple[int, ...]
    minimum: float | None
    maximum: float | None
    where: str
    call: str
    origin: str
    warning: str | None = None
    elements: int = 0


@dataclass(frozen=True)
class BackendChoice:
    """Backend asked for by a node (``None``: the pipeline's) and its options."""

    name: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """What a captured program was held against beside the recorded steps.

    Attributes:
        watched: Later steps of the session over which the program gave what the user's code gave.
        shaken: Those of them whose inputs were changed before the user's code read them.
        dropped: Later steps that were not kept, as the session's memory for them is bounded.
        resets: Steps, counted from the first one recorded, that began with initial state.
        stopped: Why later steps were not compared from some one on.
        max_error: Largest difference of a later step by port, all within tolerance.
    """

    watched: int = 0
    shaken: int = 0
    dropped: int = 0
    resets: tuple[int, ...] = ()
    stopped: str | None = None
    max_error: Mapping[PortRef, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CapturedPipeline:
    """A captured session, compiled.

    Attributes:
        name: Graph name.
        spec: Interfaces, wiring, execution order.
        programs: Node name to program.
        initial_values: First value of every fed-back input port.
        choices: Node name to the backend it asked for.
        constants: Captured constants that are neither parameters nor registered buffers.
        notes: What the user should know.
        warnings: What to look at before the bundle runs on a robot.
        unproven: Checks that could not be made, and why.
        steps: Captured steps per node.
        evidence: What it was held against beside them.
    """

    name: str
    spec: PipelineSpec
    programs: Mapping[str, NodeProgram]
    initial_values: Mapping[PortRef, torch.Tensor]
    choices: Mapping[str, BackendChoice] = field(default_factory=dict)
    constants: tuple[ConstantRecord, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    steps: Mapping[str, int] = field(default_factory=dict)
    evidence: Evidence = Evidence()

    def _repr_html_(self) -> str:
        """Return the ports as a notebook shows them."""
        return pipeline_html(self.name, self.spec)
