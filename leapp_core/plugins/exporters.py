"""What an export backend is: it turns a node's program into a file."""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from leapp_core.plugins.options import NoOptions, parse_options
from leapp_core.plugins.requirements import require
from leapp_core.spec.pipeline import NodeSpec

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram
    from torch.fx import Node


NOTES = "leapp.notes"
"""Where ``graph_module.meta`` of a program holds what passes have to say."""
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')


@dataclass(frozen=True)
class Sample:
    """One captured step of a node.

    Attributes:
        inputs: CPU tensors by port name, state included.
        outputs: What the node gave for them, by port name, next state included.
    """

    inputs: Mapping[str, torch.Tensor]
    outputs: Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class NodeProgram:
    """The program of one node, the only thing a backend receives.

    Attributes:
        spec: Its interface.
        exported: Functional program (no in-place calls, no mutation of inputs or buffers). It takes one tensor per
            ``spec.inputs`` in that order and returns a tuple with one tensor per ``spec.outputs``.
        samples: Captured steps, in order.
        feedback: Output port to input port of the node's own state.
    """

    spec: NodeSpec
    exported: ExportedProgram
    samples: tuple[Sample, ...]
    feedback: Mapping[str, str] = field(default_factory=dict)

    def sample_inputs(self, step: int = 0) -> tuple[torch.Tensor, ...]:
        """Return the captured inputs of a step in positional order."""
        return tuple(self.samples[step].inputs[port.name] for port in self.spec.inputs)

    def portable(self) -> ExportedProgram:
        """Return the program for ``torch.export.save``, without source locations and module names of this machine.

        Saved like that, equal programs give equal bytes. ``exported`` stays as it is.
        """
        bare = copy.copy(self.exported)
        module = copy.deepcopy(self.exported.graph_module)
        for old, new in zip(self.exported.graph.nodes, module.graph.nodes, strict=True):
            new.name = old.name  # copying renames what is called like a Python builtin; the signature goes by name
            new.meta = {key: old.meta[key] for key in ("val", "tensor_meta") if key in old.meta}
        module.meta.clear()
        bare._graph_module = module
        return bare


def line_of(node: Node) -> str | None:
    """Return ``file:line`` of the user's code that a call of a program comes from, ``None`` if it is not known.

    What refusals say as ``where``. Decompositions keep it, so it may also be asked of the calls that they make.
    """
    frames = _FRAME.findall(str(node.meta.get("stack_trace") or ""))
    return ":".join(frames[-1]) if frames else None


@dataclass(frozen=True)
class ExportRequest:
    """One artifact to write.

    Attributes:
        program: What to export.
        destination: The file to write, in a staging directory that exists; the name ends with the exporter's suffix.
            A format of several files writes the others beside it, with names that begin with its stem (``walker.xml``,
            ``walker.bin``), and its runner tells them in :meth:`~leapp_core.plugins.runners.Runner.reads`.
        options: An instance of the exporter's ``options_type``.
        metadata: Facts to embed in the file where the format can hold them (names to text).
    """

    program: NodeProgram
    destination: Path
    options: Any
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenArtifact:
    """What an exporter wrote.

    Attributes:
        path: The file.
        parameters: Facts for the YAML read from the file itself, such as ``opset_version``.
        spec: The interface the file really has: equal to the program's, but for dimensions the user made symbolic.
        notes: What the user should know (a fallback taken, a warning of the exporter).
        operators: How often each operator stands in the file, for the report; those of the program if left out.
        origins: Operator to ``file:line`` of the user's call that it was first written for, as far as is known.
    """

    path: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    spec: NodeSpec | None = None
    notes: tuple[str, ...] = ()
    operators: Mapping[str, int] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


class Exporter(ABC):
    """An export backend.

    Attributes:
        name: What users type, ``onnx-dynamo``.
        aliases: Other names users know it by.
        format: ``backend`` in the YAML, the key of the runner that loads the artifact.
        suffix: File suffix with the dot.
        summary: One line for listings.
        options_type: Frozen dataclass of options; field metadata ``help`` is shown to users.
        requires: Import names that must be installed.
        extra: Extra of ``leapp-framework`` that brings them; ``None`` if your own distribution does.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    format: ClassVar[str]
    suffix: ClassVar[str]
    summary: ClassVar[str] = ""
    options_type: ClassVar[type] = NoOptions
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = None

    def parse_options(self, given: Mapping[str, Any]) -> Any:
        """Check options and return an instance of ``options_type``; done before any work starts.

        Raises:
            UsageError: an unknown option (the nearest is suggested) or a value of the wrong type.
        """
        return parse_options(self.options_type, given, f"backend {self.name!r}")

    def check(self, program: NodeProgram, options: Any) -> None:  # noqa: B027 - most formats express everything
        """Refuse what the format cannot express, before any artifact is written.

        Raises:
            ExportError: naming the limit and what to do.
        """

    def require(self) -> None:
        """Raise :class:`~leapp_core.errors.MissingExtraError` unless everything needed is installed."""
        require(f"backend {self.name!r}", self.requires, self.extra)

    @abstractmethod
    def export(self, request: ExportRequest) -> WrittenArtifact:
        """Write the artifact.

        Raises:
            ExportError: the program cannot be expressed in this format; say what and where.
        """


class ProgramPass(ABC):
    """A rewrite of a node's functional graph, run after the built-in ones.

    After each pass the graph must be valid, hold none of the calls that the pass says it removes, and give on the
    captured inputs, and on others, what it gave before. A pass that breaks this is named in the error.

    Attributes:
        name: Unique name; passes run in its order, but for ``requires``.
        summary: One line for listings.
        requires: Names of passes that must have run before.
        removes: Overloads (``aten.roll.default``) that no call of the graph has afterwards.
        keeps_bits: Results are the same to the bit; otherwise they may differ by rounding.
    """

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    removes: ClassVar[tuple[str, ...]] = ()
    keeps_bits: ClassVar[bool] = True

    @abstractmethod
    def run(self, graph_module: torch.fx.GraphModule) -> bool:
        """Rewrite in place; return whether anything changed."""

    def example(self) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]] | None:
        """Return a module and its inputs whose program the pass rewrites, for ``leapp passes test``.

        By default there is none, and the policies of the kit have to hold what it rewrites.
        """
        return None
