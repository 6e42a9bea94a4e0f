from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from filelock import FileLock

PEER = "leapp==0.7.2"


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """A Python with the published ``leapp`` package: LEAPP_PEER_PYTHON, or an environment kept in the user's cache."""
    given = os.environ.get("LEAPP_PEER_PYTHON")
    if given:
        return Path(given)
    import torch

    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "leapp-framework" / "peer-leapp-0.7.2"
    folder = cache / f"py{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{folder.name}.lock"):  # every worker of pytest asks for it
        if not _has_peer(python):
            venv.create(folder, with_pip=True, clear=True)
            torch_line = f"torch=={torch.__version__.split('+')[0]}"
            wanted = [PEER, torch_line, "onnx", "onnxscript", "onnxruntime", "safetensors"]
            command = [python, "-m", "pip", "install", "-q", *wanted]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{PEER} could not be installed:\n{done.stderr[-2000:]}"
    return python


def _has_peer(python: Path) -> bool:
    command = [python, "-c", "import leapp"]
    return python.exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


def run_peer(python: Path, script: str, *arguments: object) -> None:
    """Run one of the scripts beside this file."""
    done = subprocess.run(
        [python, Path(__file__).with_name(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "", "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
