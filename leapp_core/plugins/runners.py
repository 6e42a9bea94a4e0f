"""What a runner is: it loads an artifact and runs it on arrays. Torch-free."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from leapp_core.errors import UsageError
from leapp_core.plugins.requirements import require
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class RunnerSettings:
    """How to execute.

    Attributes:
        provider: Execution provider, never replaced silently: ``cpu``, ``cuda``, ``tensorrt``, ``openvino``.
        intra_op_threads: Threads within one operator; 1 suits small control-loop models.
        allow_spinning: Let worker threads busy-wait (lower latency, burns a core); only with more than one thread.
        arena: Keep memory of intermediate tensors for the next step instead of returning it to the system.
        optimization: How far the runner may rewrite the model at load: ``all``, ``extended``, ``basic``, ``none``.
        extra: Further settings a runner may know.

    Raises:
        UsageError: a value of another type.
    """

    provider: str = "cpu"
    intra_op_threads: int = 1
    allow_spinning: bool = False
    arena: bool = True
    optimization: str = "all"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in (("provider", str), ("intra_op_threads", int), ("optimization", str)):
            value = getattr(self, name)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise UsageError(
                    f"setting {name} is {value!r}", expected=f"a value of type {kind.__name__}", code="U003"
                )


class ModelSession(Protocol):
    """One loaded artifact."""

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Run once; arrays by port name, exactly the node's inputs. Returned arrays belong to the caller."""
        ...


class Stepper(Protocol):
    """A whole pipeline with every buffer set up, for one set of sizes.

    Its state (the values that feedback edges carry to the next step) is the stepper's own. After it is made, the
    state is undefined until :meth:`write_state`.

    Attributes:
        inputs: Where to write the inputs of the next step: writable, C-contiguous, one per ``pipeline.inputs``.
    """

    @property
    def inputs(self) -> Mapping[PortRef, np.ndarray[Any, Any]]:
        """Input buffers by port."""
        ...

    def advance(self) -> Sequence[np.ndarray[Any, Any]]:
        """Run one step on what is in the input buffers.

        Returns:
            One array per ``pipeline.outputs``, in that order. They may be buffers that the next call overwrites.

        Raises:
            BundleError: a model fails on these inputs; the state is then as before.
        """
        ...

    def read_state(self) -> dict[PortRef, np.ndarray[Any, Any]]:
        """Return a copy of what the next step will read, by fed-back input port."""
        ...

    def next_state(self) -> Mapping[PortRef, np.ndarray[Any, Any]]:
        """Return what the next step will read, by fed-back input port; not copied, and not to be changed."""
        ...

    def retract(self) -> None:
        """Take the last :meth:`advance` back: the state is again what it was before it."""
        ...

    def write_state(self, values: Mapping[PortRef, np.ndarray[Any, Any]]) -> None:
        """Set what the next step will read; every fed-back input port must be given. The values are copied."""
        ...


class PipelineSession(Protocol):
    """A pipeline whose nodes are all of one format, loaded as a whole.

    Attributes:
        merged: All nodes run in one native call.
        notes: What the user may want to know, such as why nodes were not merged.
    """

    merged: bool
    notes: tuple[str, ...]

    def stepper(self, pipeline: PipelineSpec) -> Stepper:
        """Set up buffers; ``pipeline`` is the one that was opened, with every symbolic size replaced by a number."""
        ...


class Runner(ABC):
    """Loads artifacts of one format.

    Attributes:
        name: The artifact format it loads (``backend`` in the YAML): ``onnx``, ``jit``, ``pt2`` or a plugin's own.
        aliases: Other spellings found in existing bundles.
        runs_code: Loading may execute code from the file, so it is done only for trusted bundles.
        requires: Import names that must be installed.
        extra: Extra of ``leapp-framework`` that brings them; ``None`` if your own distribution does.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    runs_code: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str | None] = None

    def require(self) -> None:
        """Raise :class:`~leapp_core.errors.MissingExtraError` unless everything needed is installed."""
        require(f"artifact format {self.name!r}", self.requires, self.extra)

    @abstractmethod
    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        """Load an artifact.

        Raises:
            BundleError: the file is damaged or its interface is not the one the YAML states.
            UsageError: the execution provider is unknown or not available.
        """

    def reads(self, path: Path) -> tuple[str, ...]:
        """Return further files that loading an artifact reads, relative to its folder; most formats have none.

        Exports state the hashes of all files that the exporter wrote. In bundles of other writers they may be missing,
        which users are told.
        """
        return ()

    def facts(self, path: Path) -> Mapping[str, str]:
        """Return what the export embedded in an artifact (:attr:`ExportRequest.metadata`), read without running it.

        The bundle's document is held against it. Most formats that cannot hold facts return none.
        """
        return {}

    def weights(self, path: Path) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the tensors that an artifact holds, by name, read without running it.

        Two bundles are compared by them. Formats that cannot be looked into return none.
        """
        return {}

    def open_pipeline(
        self, pipeline: PipelineSpec, paths: Mapping[str, Path], settings: RunnerSettings, *, merge: bool = True
    ) -> PipelineSession | None:
        """Load all nodes of a pipeline at once, where the format has a faster way than a session per node.

        Args:
            pipeline: Nodes in execution order and their wiring; every node is of this runner's format.
            paths: Node name to artifact.
            settings: How to execute.
            merge: Nodes may be joined into one model; only done where results are bit-identical.

        Returns:
            The loaded pipeline, or ``None`` if there is no faster way; the runtime then uses :meth:`open`.

        Raises:
            BundleError: a file is damaged or its interface is not the one the YAML states.
            UsageError: the execution provider is unknown or not available.
        """
        return None
