"""The published ``leapp`` package, installed beside this project for comparison and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PEER = "leapp==0.7.2"
_NEEDS = ("PyYAML", "fast-sugiyama>=0.5.3", "Pillow>=10")
"""What it needs beside torch, onnx and onnxruntime, which are those of this environment."""


def cache_folder() -> Path:
    """Return the folder benchmarks keep things in between runs."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "leapp-benchmarks"


def add_peer() -> str | None:
    """Make the package importable in this process, with the very PyTorch and ONNX Runtime that ours uses.

    Returns:
        Why it is not there, or ``None``.
    """
    tag = f"{PEER.replace('==', '-')}-py{sys.version_info.major}{sys.version_info.minor}"
    folder = cache_folder() / tag
    if not (folder / "leapp").is_dir():
        line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), PEER, *_NEEDS]
        done = subprocess.run(line, check=False, capture_output=True, text=True)
        if done.returncode:
            return f"{PEER} could not be installed: {done.stderr.strip().splitlines()[-1:]}"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return None
