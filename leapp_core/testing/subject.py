"""What is being checked, and running its artifacts on tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.compare import compare_arrays
from leapp_core.plugins.exporters import Exporter, ExportRequest, NodeProgram, WrittenArtifact
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.names import file_stem
from leapp_core.spec.pipeline import NodeSpec

if TYPE_CHECKING:
    import numpy as np
    import torch


class ContractBrokenError(AssertionError):
    """An exporter or runner does not do what its contract says."""


class CaseRefusedError(Exception):
    """An exporter refused a program as its contract says: naming what it cannot express and a way out.

    Attributes:
        reason: What it said.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Subject:
    """An exporter with the runner of its format.

    Attributes:
        exporter: What writes artifacts.
        runner: What loads them; ``None`` leaves out every check that needs to run one.
    """

    exporter: Exporter
    runner: Runner | None = None


METADATA = {"leapp.node": "policy", "leapp.note": "ü 'ok'"}
"""Facts that every export of the kit asks to embed."""


def export(
    subject: Subject, program: NodeProgram, folder: Path, options: Mapping[str, Any] | None = None
) -> WrittenArtifact:
    """Check options and program and write the artifact, as the export pipeline does."""
    exporter = subject.exporter
    parsed = exporter.parse_options(options or {})
    exporter.check(program, parsed)
    destination = folder / f"{file_stem(program.spec.name)}{exporter.suffix}"
    return exporter.export(ExportRequest(program, destination, parsed, METADATA))


def open_artifact(subject: Subject, program: NodeProgram, written: WrittenArtifact) -> ModelSession:
    """Load an artifact with the subject's runner."""
    assert subject.runner is not None
    return subject.runner.open(written.path, written.spec or program.spec, RunnerSettings())


def run(session: ModelSession, inputs: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """Run a session on tensors."""
    return session.run({name: to_array(tensor) for name, tensor in inputs.items()})


def compare(
    spec: NodeSpec, expected: Mapping[str, torch.Tensor], found: Mapping[str, np.ndarray[Any, Any]], what: str
) -> None:
    """Compare outputs by port.

    Raises:
        ContractBrokenError: a port is missing or differs; names it and the worst element.
    """
    if set(found) != {port.name for port in spec.outputs}:
        raise ContractBrokenError(f"{what}: outputs {sorted(found)}, expected {[port.name for port in spec.outputs]}")
    for port in spec.outputs:
        result = compare_arrays(to_array(expected[port.name]), found[port.name], port)
        if not result.ok:
            raise ContractBrokenError(f"{what}: output {port.name!r} differs: {result}")


def evaluate(program: NodeProgram, inputs: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Run the program itself."""
    import torch

    with torch.no_grad():
        results = program.exported.module()(*inputs)
    return {port.name: tensor for port, tensor in zip(program.spec.outputs, results, strict=True)}


def to_array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a copy of a tensor's values."""
    import numpy as np
    import torch

    from leapp_core.spec.dtypes import numpy_dtype

    plain = tensor.detach().cpu().contiguous()
    if plain.dtype is torch.bfloat16:
        bits: np.ndarray[Any, Any] = plain.view(torch.int16).numpy()
        return np.array(bits.view(numpy_dtype("bfloat16")))
    return np.array(plain.numpy())
