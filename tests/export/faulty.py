"""Exporters that do what they must not, registered as plugins are."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Callable
from dataclasses import replace

import torch

from leapp_backends.exported_program.exporter import Pt2Exporter
from leapp_core.plugins.exporters import ExportRequest, NodeProgram, WrittenArtifact
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl


def plugins_with(exporter: object) -> PluginManager:
    """The installed plugins and one more exporter."""

    class Plugin:
        @hookimpl
        def leapp_register_exporters(self, registry) -> None:
            registry.add(exporter)

    plugins = PluginManager()
    plugins.register(Plugin(), "faulty")
    return plugins


class Faulty(Pt2Exporter):
    """A pt2 exporter whose program is changed first."""

    name = "faulty"
    aliases = ()

    def __init__(self, change: Callable[[NodeProgram], NodeProgram], *, with_facts: bool = True) -> None:
        super().__init__()
        self._change = change
        self._with_facts = with_facts

    def export(self, request: ExportRequest) -> WrittenArtifact:
        facts = request.metadata if self._with_facts else {}
        return super().export(replace(request, program=self._change(request.program), metadata=facts))


class DiskFull(Pt2Exporter):
    """Fails half way through writing the second artifact."""

    name = "disk-full"
    aliases = ()

    def export(self, request: ExportRequest) -> WrittenArtifact:
        if request.program.spec.name == "decide":
            request.destination.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device", str(request.destination))
        return super().export(request)


class Forgetful(Pt2Exporter):
    """Writes nothing."""

    name = "forgetful"
    aliases = ()

    def export(self, request: ExportRequest) -> WrittenArtifact:
        return WrittenArtifact(request.destination)


class Crashing(Pt2Exporter):
    """Raises what no contract foresees."""

    name = "crashing"
    aliases = ()

    def export(self, request: ExportRequest) -> WrittenArtifact:
        raise KeyError("inner")


def with_module(program: NodeProgram, wrap: Callable[..., tuple[torch.Tensor, ...]]) -> NodeProgram:
    """Return the node's program with another computation around the original one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original = program.exported.module()

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.original = original

        def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return wrap(self.original, *inputs)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(Wrapped(), program.sample_inputs(), strict=False).run_decompositions({})
    return replace(program, exported=exported)
