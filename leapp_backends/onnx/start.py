"""Start a session on another device than the CPU, and say precisely what is missing where it does not start."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from leapp_backends.onnx.providers import (
    PROVIDERS,
    OnnxExtra,
    disabled_optimizers,
    on_cpu,
    provider_name,
    provider_options,
    session_options,
)
from leapp_core.errors import UsageError
from leapp_core.plugins.runners import RunnerSettings

_MISSING = re.compile(r"with error: ([\w.+-]+): cannot open shared object file")
_NEEDED = re.compile(r"Require (cuDNN \S+ and CUDA \S+?)\.(?:\s|$)")
_MESSAGE = re.compile(r"\[E:[^\]]*\]\s*(.+)")
_NVIDIA = ("cuda", "tensorrt")
_LIBRARIES = {
    "cuda": "NVIDIA's driver, and CUDA and cuDNN: pip install 'onnxruntime-gpu[cuda,cudnn]'",
    "tensorrt": "NVIDIA's driver, CUDA and cuDNN (pip install 'onnxruntime-gpu[cuda,cudnn]') and TensorRT, with its "
    "libraries' folder in LD_LIBRARY_PATH",
}


def start(model: bytes | str, settings: RunnerSettings, extra: OnnxExtra) -> Any:
    """Return a session on the provider asked for, first in its list, and never on another in its place.

    Raises:
        UsageError: the provider is not installed or does not start; says which library is missing.
        Exception: ONNX Runtime's own, where the provider starts and the model is what it refuses.
    """
    name = provider_name(settings.provider)
    if on_cpu(settings):
        return _create(model, settings, extra)
    _find_libraries(settings)
    said: list[str] = []
    try:
        with _native_messages(said):
            session = _create(model, settings, extra)
    except Exception as error:
        with _native_messages(said):
            starts = _starts(model, settings, extra)
        if starts:
            raise
        raise _not_started(settings, said or [str(error)]) from error
    # Without its libraries ONNX Runtime leaves a provider out and goes on with the CPU.
    if session.get_providers()[0] != name:
        raise _not_started(settings, said)
    return session


def _create(model: bytes | str, settings: RunnerSettings, extra: OnnxExtra) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(
        model,
        session_options(settings, extra),
        providers=[(provider_name(settings.provider), dict(provider_options(settings, extra)))],
        disabled_optimizers=disabled_optimizers(settings),
        enable_fallback=0,
    )


def _starts(model: bytes | str, settings: RunnerSettings, extra: OnnxExtra) -> bool:
    """Return whether the provider is not what is in the way: it runs parts of the model, or the CPU cannot load it."""
    tolerant = replace(extra, allow_cpu_nodes=True)
    name = provider_name(settings.provider)
    if _succeeds(lambda: _create(model, settings, tolerant).get_providers()[0] == name):
        return True
    return not _succeeds(lambda: bool(_create(model, replace(settings, provider="cpu"), tolerant)))


def _succeeds(attempt: Callable[[], bool]) -> bool:
    try:
        return attempt()
    except Exception:  # noqa: BLE001 - ONNX Runtime raises no type of its own, and every reason is a no here
        return False


def _not_started(settings: RunnerSettings, said: list[str]) -> UsageError:
    text = "\n".join(said)
    missing = _MISSING.search(text)
    told = _MESSAGE.search(text) or re.search(r"(\S.*)", text)
    why = told.group(1).strip()[:300] if told else "ONNX Runtime gives no reason"
    why = f"library {missing.group(1)} is not there" if missing else why
    needed = _NEEDED.search(text)
    short = next((key for key, full in PROVIDERS.items() if full == settings.provider), settings.provider)
    libraries = _LIBRARIES.get(short, "its driver and libraries")
    return UsageError(
        f"execution provider {settings.provider!r} did not start: {why}",
        expected=f"{needed.group(1)} for this ONNX Runtime" if needed else None,
        fix=f"install {libraries}; or use --provider cpu",
        code="U007",
    )


def _find_libraries(settings: RunnerSettings) -> None:
    """Load NVIDIA's libraries from where pip puts them, in which the system does not look."""
    import onnxruntime

    if settings.provider in (*_NVIDIA, *(PROVIDERS[key] for key in _NVIDIA)) and hasattr(onnxruntime, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
            onnxruntime.preload_dlls()


@contextlib.contextmanager
def _native_messages(into: list[str]) -> Iterator[None]:
    """Add to a list what C++ code writes to standard error, which is where ONNX Runtime says what it misses."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as taken:
        os.dup2(taken.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            taken.seek(0)
            into.extend(taken.read(1 << 20).decode("utf-8", "replace").splitlines())
