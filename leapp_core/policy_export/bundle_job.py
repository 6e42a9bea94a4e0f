"""What every way to export a policy has in common: the options, the checks before any work, and the writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import UsageError
from leapp_core.export.boundary import split_options
from leapp_core.export.log import Progress
from leapp_core.plugins.manager import PluginManager
from leapp_core.spec.names import check_name

if TYPE_CHECKING:
    from leapp_core.export.report import ExportReport
    from leapp_core.plugins.exporters import Exporter
    from leapp_core.tracing.result import CapturedPipeline


@dataclass(frozen=True, kw_only=True)
class BundleJob:
    """How a bundle is made, whatever it is made from.

    Attributes:
        graph: Name of the bundle, or ``None`` for the default.
        backend: Export backend.
        options: Its options.
        save_path: Folder for the bundle's folder; by default that of the checkpoint.
        steps: Control steps to record and to validate with; 0 skips validation.
        visualize: Draw the picture.
        strict: Checks that could not be made are errors.
        seed: Seed of everything random.
        device: Torch device.
        target: Engine that the models are written for.
    """

    graph: str | None = None
    backend: str = "onnx-dynamo"
    options: Mapping[str, Any] = field(default_factory=dict)
    save_path: Path | None = None
    steps: int = 5
    visualize: bool = True
    strict: bool = False
    seed: int = 0
    device: str = "cpu"
    target: str | None = None


def plan_bundle(job: BundleJob, name: str, plugins: PluginManager) -> Exporter:
    """Check what needs no checkpoint, before a simulator starts, which can take a minute.

    Args:
        job: What was asked for.
        name: Name of the bundle.
        plugins: Where backends come from.

    Raises:
        UsageError: unknown backend or option, a name that a bundle cannot have, or a negative number of steps.
    """
    if job.steps < 0:
        raise UsageError("a number of steps is negative", expected="0 or more", code="U003")
    exporter = plugins.exporters.get(job.backend)
    if job.target is not None:
        plugins.targets.get(job.target)
    exporter.parse_options(split_options(job.options)[1])
    check_name(name, "graph")
    return exporter


def check_device(device: str) -> None:
    """Make sure that PyTorch can use a device. The CPU needs no look, and no PyTorch.

    Raises:
        UsageError: there is no such device here.
    """
    if device == "cpu":
        return
    import torch

    try:
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"PyTorch {torch.__version__} cannot use device {device!r}: {str(error).splitlines()[0]}",
            expected=f"one of {', '.join(_devices())}",
            code="U007",
        ) from error


def _devices() -> list[str]:
    import torch

    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return ["cpu", *(["cuda", *found] if found else []), *(["mps"] if torch.backends.mps.is_available() else [])]


def write_bundle(
    job: BundleJob, captured: CapturedPipeline, save_path: Path, plugins: PluginManager, progress: Progress | None
) -> ExportReport:
    """Write, validate and put in place; see :func:`leapp_core.export.run.export_pipeline`."""
    from leapp_core.export.run import export_pipeline

    return export_pipeline(
        captured,
        save_path=save_path,
        plugins=plugins,
        backend=job.backend,
        options=job.options,
        validate=job.steps > 0,
        visualize=job.visualize,
        progress=progress,
        drop_unread=True,
        begins_at_reset=True,  # of the environment, which this program resets itself
        target=job.target,
    )
