"""``jit-script`` and ``jit-trace``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_backends.torchscript.options import TorchscriptOptions
from leapp_core.errors import ExportError, LeappError
from leapp_core.plugins.exporters import Exporter, ExportRequest, WrittenArtifact

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule


class _TorchscriptExporter(Exporter):
    """What both have in common: the file and its determinism."""

    format = "jit"
    suffix = ".pt"
    extra = "export"
    options_type = TorchscriptOptions

    @abstractmethod
    def _function(self, module: GraphModule, weights: Sequence[str]) -> Callable[..., Any]:
        """Return a function of inputs and weights that computes the program."""

    def export(self, request: ExportRequest) -> WrittenArtifact:
        """Write a ``.pt`` file for ``torch.jit.load``; see :meth:`Exporter.export`."""
        import torch

        from leapp_backends.batch.apply import apply_batch
        from leapp_backends.common.failures import root_cause
        from leapp_backends.common.functional import standalone
        from leapp_backends.common.quiet import quiet
        from leapp_backends.torchscript.archive import build_module, save_module
        from leapp_backends.torchscript.names import script_names

        program = apply_batch(request.program, request.options.dynamic_batch)
        module = standalone(program.exported)
        weights = _weights(module)
        names = script_names([port.name for port in program.spec.inputs])
        try:
            with quiet() as notes, torch.inference_mode(False), torch.no_grad():
                function = self._function(module, tuple(weights))
                inputs = [tensor.clone() for tensor in program.sample_inputs()]
                built = build_module(lambda *x: function(*x, *weights.values()), inputs, tuple(names.values()), weights)
            save_module(built, request.destination, request.metadata)
        except (LeappError, OSError):
            raise
        except Exception as error:
            raise ExportError(
                f"TorchScript cannot express node {program.spec.name!r}: {root_cause(error)}",
                fix="try --backend jit-trace, pt2 or onnx-dynamo",
                code="X003",
            ) from error
        return WrittenArtifact(request.destination, {}, program.spec, tuple(notes))


def _weights(module: GraphModule) -> Mapping[str, torch.Tensor]:
    """Return attribute name to tensor, usable outside inference mode, each name once."""
    names = dict.fromkeys(str(node.target) for node in module.graph.nodes if node.op == "get_attr")
    tensors = {name: getattr(module, name).detach() for name in names}
    return {name: tensor.clone() if tensor.is_inference() else tensor for name, tensor in tensors.items()}


class JitScriptExporter(_TorchscriptExporter):
    """Compiles the program as TorchScript source."""

    name = "jit-script"
    aliases = ("jit",)
    summary = "TorchScript compiled from the program; for C++ and PyTorch"

    def _function(self, module: GraphModule, weights: Sequence[str]) -> Callable[..., Any]:
        import torch

        from leapp_backends.torchscript.source import write_source

        unit = torch.jit.CompilationUnit(write_source(module, weights))
        compiled: Callable[..., Any] = unit.forward
        return compiled


class JitTraceExporter(_TorchscriptExporter):
    """Records the program's calls with the TorchScript tracer."""

    name = "jit-trace"
    summary = "TorchScript recorded from one run of the program; takes every operator"

    def _function(self, module: GraphModule, weights: Sequence[str]) -> Callable[..., Any]:

        from leapp_backends.common.scalars import keep_numbers
        from leapp_backends.common.tracing import keep_sizes

        keep_numbers(module)
        keep_sizes(module, "TorchScript")
        count = sum(node.op == "placeholder" for node in module.graph.nodes)

        def run(*values: torch.Tensor) -> Any:
            for name, tensor in zip(weights, values[count:], strict=True):
                setattr(module, name, tensor)
            return module(*values[:count])

        return run
