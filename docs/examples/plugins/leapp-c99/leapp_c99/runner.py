"""The runner: compiles the C file and calls the model in it, so that LEAPP validates what was written."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leapp_c99.exporter import FACTS
from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.spec.port import PortSpec

FLAGS = ("-std=c99", "-O2", "-Wall", "-Werror", "-shared", "-fPIC")
_PATIENCE_S = 300


class C99Runner(Runner):
    """Runs the model of a C file; state is carried by the runtime, as with every other format."""

    name = "c99"
    runs_code = True

    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        if settings.provider != "cpu":
            raise UsageError(f"C files cannot run on provider {settings.provider!r}", expected="cpu")
        facts = _facts(path)
        for side, ports in (("inputs", spec.inputs), ("outputs", spec.outputs)):
            stated = [[port.name, port.dtype, list(port.shape)] for port in ports]
            if facts.get(side) != stated:
                raise BundleError(
                    f"the model of node {spec.name!r} has other {side} than the bundle states",
                    where=str(path),
                    expected=json.dumps(stated),
                )
        return _Session(_compiled(path, spec.name), str(facts.get("prefix")), spec)

    def reads(self, path: Path) -> tuple[str, ...]:
        return (f"{path.stem}.h",)

    def facts(self, path: Path) -> Mapping[str, str]:
        try:
            return dict(_facts(path).get("metadata", {}))
        except BundleError:
            return {}


class _Session:
    """Arrays by port name in and out."""

    def __init__(self, library: ctypes.CDLL, prefix: str, spec: NodeSpec) -> None:
        self._model = getattr(library, f"{prefix}_model")
        self._model.restype = None
        self._spec = spec

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        given = [np.ascontiguousarray(inputs[port.name]) for port in self._spec.inputs]
        results = [np.empty(_shape(port), numpy_dtype(port.dtype)) for port in self._spec.outputs]
        self._model(*(ctypes.c_void_p(array.ctypes.data) for array in (*given, *results)))
        return {port.name: result for port, result in zip(self._spec.outputs, results, strict=True)}


def _shape(port: PortSpec) -> Sequence[int]:
    return [int(size) for size in port.shape]


def _facts(path: Path) -> dict[str, Any]:
    """Return the facts in the comment that a file begins with.

    Raises:
        BundleError: it is no file of this backend.
    """
    try:
        with path.open(encoding="utf-8") as file:
            first = file.readline()
        facts = json.loads(first.removeprefix(f"/* {FACTS}").removesuffix("*/\n"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path.name} is no C file of leapp-c99: {error}", where=str(path)) from error
    if not isinstance(facts, dict):
        raise BundleError(f"{path.name} is no C file of leapp-c99", where=str(path))
    return facts


def _compiled(path: Path, node: str) -> ctypes.CDLL:
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise UsageError("running C needs a compiler", fix="install gcc or clang, or set the variable CC")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "model.so"
        line = [*compiler.split(), *FLAGS, "-I", str(path.parent), str(path), "-o", str(library), "-lm"]
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UsageError(f"the compiler {compiler!r} does not work: {error}", fix="set the variable CC") from error
        if done.returncode != 0:
            said = next((row for row in done.stderr.splitlines() if "error" in row), done.stderr[:200])
            raise BundleError(f"the model of node {node!r} does not compile: {said}", where=str(path))
        return ctypes.CDLL(str(library))  # stays loaded when its file is gone
