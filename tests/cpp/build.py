"""Compile the C++ runner, with engines out of wheels."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "docs" / "examples" / "cpp"
OPENVINO = "openvino==2026.4.1"


def unpacked(requirement: str, folder: Path) -> Path:
    """Fetch a wheel without what it depends on, and unpack it into a folder."""
    wheels = folder / "wheels"
    line = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", requirement]
    done = subprocess.run([*line, "--dest", str(wheels)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = wheels.glob(f"{requirement.partition('==')[0]}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def onnxruntime_library(packages: Path) -> Path:
    """Return the shared library in a folder that has the package onnxruntime."""
    (found,) = packages.glob("onnxruntime/capi/libonnxruntime.so.*")
    return found


def installed_library() -> Path:
    """Return the shared library of the onnxruntime that Python uses here."""
    import onnxruntime

    return onnxruntime_library(Path(onnxruntime.__file__).parents[1])


def build(folder: Path, *, openvino: Path | None = None) -> Path:
    """Build the programs and return the folder that holds them.

    Args:
        folder: Where to build.
        openvino: A folder that has the package openvino.
    """
    there = openvino / "openvino" / "cmake" if openvino else "NOTFOUND"
    run(["cmake", "-S", str(CPP), "-B", str(folder), f"-DOpenVINO_DIR={there}"])
    run(["cmake", "--build", str(folder)])
    return folder


def run(line: Sequence[str]) -> str:
    """Run a command that has to work, and return what it says."""
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
