"""Run ONNX artifacts with ONNX Runtime. Needs neither torch nor the ``onnx`` package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.plugins.runners import ModelSession, PipelineSession, Runner, RunnerSettings
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec

if TYPE_CHECKING:
    import numpy as np

    from leapp_backends.onnx.session import NodeSession


class OnnxRunner(Runner):
    """Loads ``.onnx`` artifacts."""

    name = "onnx"
    aliases = ("onnx-dynamo", "onnx-torchscript")
    requires = ("onnxruntime",)

    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        """Load one artifact; see :meth:`leapp_core.plugins.runners.Runner.open`."""
        from leapp_backends.onnx.session import open_node

        return OnnxModelSession(open_node(path, spec, settings), spec)

    def reads(self, path: Path) -> tuple[str, ...]:
        """Return files with weights beside the model; see :meth:`leapp_core.plugins.runners.Runner.reads`."""
        from leapp_backends.onnx.session import external_files

        return external_files(path)

    def weights(self, path: Path) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the initializers; see :meth:`leapp_core.plugins.runners.Runner.weights`."""
        from leapp_backends.onnx.weights import read_weights

        return read_weights(path)

    def facts(self, path: Path) -> Mapping[str, str]:
        """Return the model's metadata; see :meth:`leapp_core.plugins.runners.Runner.facts`."""
        from leapp_backends.onnx.session import metadata

        return metadata(path)

    def open_pipeline(
        self, pipeline: PipelineSpec, paths: Mapping[str, Path], settings: RunnerSettings, *, merge: bool = True
    ) -> PipelineSession | None:
        """Load a pipeline with all buffers bound once, its nodes joined where results stay bit-identical.

        Other devices than the CPU have memory of their own, so there the runtime steps through :meth:`open`.
        """
        from leapp_backends.onnx.pipeline import open_bound_pipeline
        from leapp_backends.onnx.providers import on_cpu

        if not on_cpu(settings):
            return None
        return open_bound_pipeline(pipeline, paths, settings, merge=merge)


class OnnxModelSession:
    """One artifact, run on arrays by port name."""

    def __init__(self, node: NodeSession, spec: NodeSpec) -> None:
        self._node = node
        self._spec = spec
        self._outputs = [node.outputs[port.name] for port in spec.outputs]
        self._bfloat16 = any(port.dtype == "bfloat16" for port in (*spec.inputs, *spec.outputs))

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Run once; returned arrays belong to the caller.

        Raises:
            BundleError: the model refuses the inputs' values.
        """
        from leapp_backends.onnx.binding import run_failure

        try:
            values = self._run_values(inputs) if self._bfloat16 else self._run_arrays(inputs)
        except Exception as error:
            raise run_failure(f"node {self._spec.name!r}", error) from error
        return {port.name: value for port, value in zip(self._spec.outputs, values, strict=True)}

    def _run_arrays(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        feed = {name: inputs[port] for port, name in self._node.inputs.items()}
        values: list[np.ndarray[Any, Any]] = self._node.session.run(self._outputs, feed)
        return values

    def _run_values(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        """Run through typed values: a plain array cannot tell ONNX Runtime that it holds bfloat16."""
        from leapp_backends.onnx.binding import ort_value, to_array

        feed = {self._node.inputs[port.name]: ort_value(inputs[port.name], port.dtype) for port in self._spec.inputs}
        values = self._node.session.run_with_ort_values(self._outputs, feed)
        return [to_array(value, port.dtype) for value, port in zip(values, self._spec.outputs, strict=True)]
