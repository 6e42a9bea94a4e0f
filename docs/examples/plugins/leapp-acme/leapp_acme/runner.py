"""The runner: LEAPP validates a bundle, and users run it, through this."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from leapp_acme.exporter import MAGIC
from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.pipeline import NodeSpec


class PackedRunner(Runner):
    name = "acme"
    runs_code = True  # torch.export.load may run code, so only bundles made here (or with --trust) are loaded
    requires = ("torch",)

    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        import torch

        if settings.provider != "cpu":  # never replaced by another without a word
            raise UsageError(f"acme files cannot run on provider {settings.provider!r}", expected="cpu")
        try:
            data = path.read_bytes()
            if not data.startswith(MAGIC):
                raise BundleError(f"the model of node {spec.name!r} is no acme file", where=str(path))
            exported = torch.export.load(io.BytesIO(zlib.decompress(data[len(MAGIC) :])))
        except (OSError, zlib.error, RuntimeError, ValueError) as error:
            raise BundleError(f"the model of node {spec.name!r} is damaged: {error}", where=str(path)) from error
        takes = len(exported.graph_signature.user_inputs)
        if takes != len(spec.inputs):
            raise BundleError(f"the model of node {spec.name!r} takes {takes} inputs, not {len(spec.inputs)}")
        return _Session(exported.module(), spec)


class _Session:
    """Positional tensors in, arrays by port name out."""

    def __init__(self, module: Any, spec: NodeSpec) -> None:
        self._module = module
        self._spec = spec

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        import torch

        # Copies, because the arrays belong to the caller.
        tensors = [torch.from_numpy(np.array(inputs[port.name])) for port in self._spec.inputs]
        with torch.no_grad():
            results = self._module(*tensors)
        return {port.name: result.numpy().copy() for port, result in zip(self._spec.outputs, results, strict=True)}
