"""The runner: loads an .xml file with its .bin file. A robot needs this and OpenVINO, but no PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.pipeline import NodeSpec

NUMPY = {"float32": np.float32, "int64": np.int64, "int32": np.int32, "bool": np.bool_}
INT32 = np.iinfo(np.int32)


class OpenVinoRunner(Runner):
    """Runs on OpenVINO's CPU device, in the precision that the model is written in."""

    name = "openvino"
    aliases = ("openvino-ir",)
    requires = ("openvino",)

    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        import openvino

        if settings.provider != "cpu":
            raise UsageError(f"openvino artifacts cannot run on provider {settings.provider!r}", expected="cpu")
        model = _read(path)
        _check_ports(path, spec, model)
        compiled = openvino.Core().compile_model(
            model,
            "CPU",
            {
                # Without it, processors with bfloat16 units compute in bfloat16.
                "INFERENCE_PRECISION_HINT": "f32",
                "EXECUTION_MODE_HINT": "ACCURACY",
                "INFERENCE_NUM_THREADS": settings.intra_op_threads,
                "NUM_STREAMS": 1,
            },
        )
        return _Session(compiled.create_infer_request(), spec)

    def reads(self, path: Path) -> tuple[str, ...]:
        return (path.with_suffix(".bin").name,)

    def facts(self, path: Path) -> Mapping[str, str]:
        model = _read(path)
        if not model.has_rt_info("leapp"):
            return {}
        return {key: str(value.value) for key, value in model.get_rt_info("leapp").astype(dict).items()}

    def weights(self, path: Path) -> Mapping[str, np.ndarray[Any, Any]]:
        return {
            operation.get_friendly_name(): operation.data.copy()
            for operation in _read(path).get_ordered_ops()
            if operation.get_type_name() == "Constant" and operation.data.dtype.kind == "f"
        }


def _read(path: Path) -> Any:
    import openvino

    weights = path.with_suffix(".bin")
    for file in (path, weights):
        if not file.is_file():
            raise BundleError(f"the file {file.name} is missing", where=str(path), fix="copy the whole bundle again")
    try:
        return openvino.Core().read_model(path, weights)
    except RuntimeError as error:
        said = str(error).strip().splitlines()[-1]
        raise BundleError(f"OpenVINO cannot read {path.name}: {said}", where=str(path)) from error


def _check_ports(path: Path, spec: NodeSpec, model: Any) -> None:
    for what, ports, values in (("input", spec.inputs, model.inputs), ("output", spec.outputs, model.outputs)):
        found = [f"{value.get_element_type().to_dtype().name}{_sizes(value)}" for value in values]
        stated = [f"{port.dtype}{list(port.shape)}" for port in ports]
        if found != stated:
            raise BundleError(
                f"the model of node {spec.name!r} has {what}s {', '.join(found)}",
                where=str(path),
                expected=", ".join(stated),
            )


def _sizes(value: Any) -> list[int]:
    return [size.get_length() if size.is_static else -1 for size in value.get_partial_shape()]


class _Session:
    """Arrays by port name in and out; ports go by their place, as they do in the file."""

    def __init__(self, request: Any, spec: NodeSpec) -> None:
        self._request = request
        self._spec = spec

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        given = {}
        for place, port in enumerate(self._spec.inputs):
            value = np.ascontiguousarray(inputs[port.name]).reshape(port.shape)
            if port.dtype == "int64" and value.size and not INT32.min <= value.min() <= value.max() <= INT32.max:
                raise BundleError(
                    f"input {port.name!r} holds an integer that OpenVINO's CPU device has no 32 bits for",
                    where=f"node {self._spec.name!r}",
                    expected=f"{INT32.min} to {INT32.max}",
                )
            given[place] = value
        self._request.infer(given)
        return {
            port.name: np.array(self._request.get_output_tensor(place).data, dtype=NUMPY[port.dtype])
            for place, port in enumerate(self._spec.outputs)
        }
