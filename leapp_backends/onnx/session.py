"""One ONNX Runtime session per model: opened strictly, its interface compared with what the bundle states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_backends.onnx.merge_model import read_model
from leapp_backends.onnx.merge_wire import WireError
from leapp_backends.onnx.providers import on_cpu, parse_extra
from leapp_backends.onnx.returned_weights import copy_returned_weights
from leapp_backends.onnx.start import start
from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.spec.port import PortSpec

_DTYPES = {
    "float": "float32",
    "double": "float64",
    **{name: name for name in ("float16", "bfloat16", "int8", "int16", "int32", "int64")},
    **{name: name for name in ("uint8", "uint16", "uint32", "uint64", "bool")},
}
"""ONNX Runtime's element type names to canonical ones."""


@dataclass(frozen=True)
class NodeSession:
    """A session and how the node's ports are called in the file.

    Attributes:
        session: ``onnxruntime.InferenceSession``.
        content: Bytes of the model file.
        inputs: Input port to name in the file.
        outputs: Output port to name in the file.
    """

    session: Any
    content: bytes
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def open_node(path: Path, spec: NodeSpec, settings: RunnerSettings) -> NodeSession:
    """Open a node's model.

    Raises:
        BundleError: the file is damaged, reaches outside the bundle, or has another interface.
        UsageError: the execution provider is unknown or not available.
    """
    try:
        content = path.read_bytes()
        parts = read_model(content)
    except OSError as error:
        raise BundleError(
            f"cannot read the model of node {spec.name!r}: {error}", where=str(path), code="B006"
        ) from error
    except WireError as error:
        raise BundleError(
            f"the model of node {spec.name!r} is no ONNX file: {error}", where=str(path), code="B006"
        ) from error
    check_external(path, parts.external)
    if not on_cpu(settings):
        content = copy_returned_weights(content, parts)
    # With weights beside the file ONNX Runtime has to know where that is; otherwise the bytes just read are used.
    session = open_session(str(path) if parts.external else content, settings, f"node {spec.name!r}", str(path))
    return NodeSession(
        session,
        content,
        _match(spec.name, "input", spec.inputs, session.get_inputs(), path),
        _match(spec.name, "output", spec.outputs, session.get_outputs(), path),
    )


def open_session(model: bytes | str, settings: RunnerSettings, what: str, where: str) -> Any:
    """Open a session with the provider asked for and no other.

    Raises:
        BundleError: ONNX Runtime cannot load the model.
        UsageError: the provider is unknown, not installed or does not start.
    """
    extra = parse_extra(settings)
    try:
        session = start(model, settings, extra)
    except UsageError:
        raise
    except Exception as error:
        hint = None if on_cpu(settings) else f"provider {settings.provider!r} may lack an operator; try --provider cpu"
        raise BundleError(
            f"ONNX Runtime cannot load {what}: {_first_line(error)}", where=where, fix=hint, code="B006"
        ) from error
    session.disable_fallback()
    return session


def external_files(path: Path) -> tuple[str, ...]:
    """Return where a model keeps weights outside its file; none for what is no model, which opening it tells."""
    try:
        return tuple(dict.fromkeys(read_model(path.read_bytes()).external))
    except (OSError, WireError):
        return ()


def metadata(path: Path) -> dict[str, str]:
    """Return the facts embedded in a model; none for what is no model, which opening it tells."""
    try:
        return read_model(path.read_bytes()).metadata
    except (OSError, WireError):
        return {}


def check_external(path: Path, locations: Iterable[str]) -> None:
    """Refuse weights outside the bundle's folder.

    Raises:
        BundleError: a location is absolute, leaves the folder, is a link or does not exist.
    """
    folder = path.parent.resolve()
    for location in dict.fromkeys(locations):
        if not _is_plain_file(folder, location):
            raise BundleError(
                f"the model {path.name} keeps weights in {location!r}, which is not a plain file of the bundle",
                where=str(path),
                expected="weights inside the model file, or in a file beside it",
                code="B009",
            )


def _is_plain_file(folder: Path, location: str) -> bool:
    target = folder / location
    try:
        inside = bool(location) and "\0" not in location and target.resolve().is_relative_to(folder)
        return inside and not target.is_symlink() and target.is_file()
    except (OSError, RuntimeError):  # a name that no file system takes, links in a circle
        return False


def _match(node: str, what: str, ports: Sequence[PortSpec], args: Sequence[Any], path: Path) -> dict[str, str]:
    """Return port name to name in the file: by name where the names agree, otherwise by position."""
    by_name = {arg.name: arg for arg in args}
    if len(args) != len(ports):
        raise BundleError(
            f"the model of node {node!r} has {len(args)} {what}s, the bundle states {len(ports)}",
            where=str(path),
            expected=f"{', '.join(port.name for port in ports)}; the model has {', '.join(by_name)}",
            code="B007",
        )
    named = all(port.name in by_name for port in ports)
    pairs = [(port, by_name[port.name]) for port in ports] if named else list(zip(ports, args, strict=True))
    for port, arg in pairs:
        _check_port(node, what, port, arg, path)
    return {port.name: arg.name for port, arg in pairs}


def _check_port(node: str, what: str, port: PortSpec, arg: Any, path: Path) -> None:
    element = str(arg.type).removeprefix("tensor(").removesuffix(")")
    # Nothing stands for a scalar and for a shape the file does not state; warming up finds out which.
    shape = list(arg.shape or ())
    fits = not shape or (
        len(shape) == len(port.shape)
        and all(not isinstance(found, int) or found == stated for found, stated in zip(shape, port.shape, strict=True))
    )
    if _DTYPES.get(element) != port.dtype or not fits:
        raise BundleError(
            f"{what} {node}/{port.name} is {_DTYPES.get(element, element)} {shape} in the model, "
            f"but {port.dtype} {list(port.shape)} in the bundle",
            where=str(path),
            code="B007",
        )


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:300] if text else type(error).__name__
