"""What a runner is: it loads an artifact and runs it on arrays. Torch-free."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from leapp_core.plugins.requirements import require
from leapp_core.spec.pipeline import NodeSpec

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class RunnerSettings:
    """How to execute.

    Attributes:
        provider: Execution provider, never replaced silently: ``cpu``, ``cuda``, ``tensorrt``, ``openvino``.
        intra_op_threads: Threads within one operator; 1 suits small control-loop models.
        allow_spinning: Let worker threads busy-wait (lower latency, burns a core); only with more than one thread.
        extra: Further settings a runner may know.
    """

    provider: str = "cpu"
    intra_op_threads: int = 1
    allow_spinning: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


class ModelSession(Protocol):
    """One loaded artifact."""

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Run once; arrays by port name, exactly the node's inputs. Returned arrays belong to the caller."""
        ...


class Runner(ABC):
    """Loads artifacts of one format.

    Class attributes:
        name: The artifact format it loads (``backend`` in the YAML): ``onnx``, ``jit``, ``pt2`` or a plugin's own.
        aliases: Other spellings found in existing bundles.
        runs_code: Loading may execute code from the file, so it is done only for trusted bundles.
        requires: Import names that must be installed.
        extra: Extra of this distribution that brings them.
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
