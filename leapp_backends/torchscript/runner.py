"""Run TorchScript artifacts."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import BundleError
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.words import counted

if TYPE_CHECKING:
    import numpy as np


class JitRunner(Runner):
    """Loads ``.pt`` artifacts of ``torch.jit``."""

    name = "jit"
    aliases = ("jit-script", "jit-trace")
    runs_code = True
    requires = ("torch",)
    extra = "export"

    def weights(self, path: Path) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return parameters and buffers; see :meth:`leapp_core.plugins.runners.Runner.weights`."""
        import torch

        module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
        return {name: value.detach().numpy() for name, value in module.state_dict().items()}

    def facts(self, path: Path) -> Mapping[str, str]:
        """Return the facts in the archive; see :meth:`leapp_core.plugins.runners.Runner.facts`."""
        from leapp_backends.torchscript.archive import read_metadata

        try:
            return read_metadata(path)
        except (OSError, ValueError, zipfile.BadZipFile):
            return {}  # opening it says what is wrong

    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        """Load an artifact; see :meth:`leapp_core.plugins.runners.Runner.open`."""
        import torch

        from leapp_backends.common.failures import root_cause
        from leapp_backends.common.quiet import quiet
        from leapp_backends.common.torch_session import TorchSession, torch_device

        device = torch_device(settings)
        try:
            with quiet():
                module = torch.jit.load(str(path), map_location=device)  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError, OSError) as error:
            raise BundleError(
                f"the model of node {spec.name!r} cannot be loaded as TorchScript: {root_cause(error)}",
                where=str(path),
                code="B006",
            ) from error
        _check_inputs(module, spec, path)
        module.eval()
        if device != "cpu":
            _move_constants(module, device)

        def forward(*inputs: Any) -> Any:
            with _plain_execution(torch):
                return module(*inputs)

        return TorchSession(forward, spec, device)


def _check_inputs(module: Any, spec: NodeSpec, path: Path) -> None:
    takes = len(list(module.forward.schema.arguments)) - 1
    if takes != len(spec.inputs):
        raise BundleError(
            f"the model of node {spec.name!r} takes {counted(takes, 'input')}, the bundle states {len(spec.inputs)}",
            where=str(path),
            code="B007",
        )


def _move_constants(module: Any, device: str) -> None:
    """Let tensors that the program makes be made on the device: it was recorded on the CPU, and says so."""
    for constant in module.forward.graph.findAllNodes("prim::Constant"):
        if str(constant.output().type()) == "Device":
            constant.s_("value", device)


@contextlib.contextmanager
def _plain_execution(torch: Any) -> Iterator[None]:
    """Run without the optimizing executor: it recompiles in the first steps, which a control loop cannot wait for."""
    with torch.jit.optimized_execution(False):
        yield
