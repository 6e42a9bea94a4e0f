"""Execution providers of ONNX Runtime: the one the user asked for, or an error. Never another one in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.plugins.options import parse_options
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.suggest import suggest

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}
"""What ``--provider`` takes, and what ONNX Runtime calls it."""

_PACKAGES = {"cuda": "onnxruntime-gpu", "tensorrt": "onnxruntime-gpu", "openvino": "onnxruntime-openvino"}
_LEVELS = {
    "none": "ORT_DISABLE_ALL",
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}


@dataclass(frozen=True)
class OnnxExtra:
    """Further settings of the ONNX runner, given in ``RunnerSettings.extra``."""

    device_id: int = field(default=0, metadata={"help": "which GPU, for providers that have several"})
    allow_cpu_nodes: bool = field(
        default=False, metadata={"help": "let a GPU provider leave operators it does not have to the CPU"}
    )
    tf32: bool = field(
        default=False, metadata={"help": "let the CUDA provider round factors of products to 10 bits (TensorFloat-32)"}
    )


def provider_name(provider: str) -> str:
    """Return ONNX Runtime's name of a provider that is installed here.

    Args:
        provider: A key of :data:`PROVIDERS`, or ONNX Runtime's own name of any other provider.

    Raises:
        UsageError: unknown, or not in the installed ONNX Runtime; the fix names the package that has it.
    """
    import onnxruntime

    available = onnxruntime.get_available_providers()
    name = PROVIDERS.get(provider, provider)
    if name in available:
        return name
    if provider not in PROVIDERS and provider not in PROVIDERS.values():
        raise UsageError(f"unknown execution provider {provider!r}", expected=suggest(provider, PROVIDERS), code="U001")
    short = provider if provider in PROVIDERS else {full: key for key, full in PROVIDERS.items()}[provider]
    raise UsageError(
        f"execution provider {provider!r} is not part of the installed onnxruntime {onnxruntime.__version__}",
        expected=f"one of {', '.join(available)}",
        fix=_how_to_get(short),
        code="U007",
    )


def _how_to_get(provider: str) -> str:
    package = _PACKAGES.get(provider)
    if package is None:
        return "install an ONNX Runtime that has it, or use --provider cpu"
    wanted = f"'{package}[cuda,cudnn]'" if package == "onnxruntime-gpu" else package
    # Two builds in one environment overwrite each other's files.
    return f"pip uninstall onnxruntime, then pip install {wanted}; or use --provider cpu"


def parse_extra(settings: RunnerSettings) -> OnnxExtra:
    """Return the further settings.

    Raises:
        UsageError: an unknown one (the nearest is suggested) or a wrong value.
    """
    return parse_options(OnnxExtra, settings.extra, "the ONNX runner")


def provider_options(settings: RunnerSettings, extra: OnnxExtra) -> Mapping[str, str]:
    """Return ONNX Runtime's options of the chosen provider.

    ONNX Runtime turns TensorFloat-32 on by itself; then actions are not those that were validated.
    """
    short = {full: key for key, full in PROVIDERS.items()}.get(settings.provider, settings.provider)
    if short not in ("cuda", "tensorrt"):
        return {}
    options = {"device_id": str(extra.device_id)}
    return options | {"use_tf32": str(int(extra.tf32))} if short == "cuda" else options


def on_cpu(settings: RunnerSettings) -> bool:
    """Return whether the CPU itself is what is asked for."""
    return settings.provider in ("cpu", PROVIDERS["cpu"])


def disabled_optimizers(settings: RunnerSettings) -> list[str]:
    """Return rewrites that a provider's own compiler has to do itself.

    Folding turns the copy of a weight that a model returns back into the weight, which OpenVINO does not compile.
    """
    return [] if on_cpu(settings) else ["ConstantFolding"]


def session_options(settings: RunnerSettings, extra: OnnxExtra) -> Any:
    """Return ``onnxruntime.SessionOptions`` for a control loop: sequential, few threads, no noise on the console.

    Raises:
        UsageError: a setting has no such value.
    """
    import onnxruntime

    if settings.optimization not in _LEVELS:
        raise UsageError(
            f"optimization {settings.optimization!r} is unknown",
            expected=suggest(settings.optimization, _LEVELS),
            code="U003",
        )
    if settings.intra_op_threads < 1:
        raise UsageError(f"intra_op_threads is {settings.intra_op_threads}", expected="1 or more", code="U003")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.intra_op_threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, _LEVELS[settings.optimization])
    options.enable_cpu_mem_arena = settings.arena
    # Whatever goes wrong is raised, and told by whoever catches it.
    options.log_severity_level = 4
    spin = "1" if settings.allow_spinning and settings.intra_op_threads > 1 else "0"
    options.add_session_config_entry("session.intra_op.allow_spinning", spin)
    if not on_cpu(settings) and not extra.allow_cpu_nodes:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    return options
