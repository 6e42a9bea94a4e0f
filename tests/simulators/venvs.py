"""The simulators' virtual environments: where they are, how they are made.

They take gigabytes, so they live outside the project's own environment, in ``$LEAPP_SIMULATORS`` or
``.cache/simulators``, and are made only on request.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TORCH = "torch==2.13.0"
TOOLS = (
    *("onnx", "onnxruntime", "onnxscript", "pluggy", "safetensors", "ruamel.yaml", "pydot", "graphviz-pure"),
    *("typer", "rich", "pytest", "pytest-timeout"),
)
ISAACLAB_NEEDS = (
    *("newton[sim]==1.6.1", "warp-lang==1.17.0", "usd-exchange==3.0.1", "newton-usd-schemas>=0.5.0"),
    *("gymnasium", "hydra-core", "prettytable>=3.3.0", "psutil", "trimesh>=4.6.8", "einops", "lazy_loader"),
    *("packaging", "rich", "tqdm", "scipy", "pillow>=12.3.0", "botocore", "omniverseclient==2.74.0", "h5py"),
    *("gitpython", "requests", "tensorboard", "tensordict", "matplotlib>=3.10.3"),
)


@dataclass(frozen=True)
class Simulator:
    """A virtual environment with one simulator."""

    name: str

    @property
    def home(self) -> Path:
        """Folder of all simulators' environments."""
        return Path(os.environ.get("LEAPP_SIMULATORS") or ROOT / ".cache" / "simulators")

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.home / self.name / "bin" / "python"

    @property
    def environment(self) -> dict[str, str]:
        """Variables that programs in it need: one thread, compiled kernels kept, assets at hand."""
        return {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "WARP_CACHE_PATH": str(self.home / "warp-cache"),
            "ISAACSIM_ASSET_ROOT": str(self.home / "isaac_assets"),
            "OMNI_KIT_ACCEPT_EULA": "YES",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *arguments: str, timeout: float = 1200) -> subprocess.CompletedProcess[str]:
        """Run its Python in the project's folder."""
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def install(self) -> None:
        """Make it, with a Python 3.11 or 3.12 that starts this or is on the path."""
        base = sys.executable if sys.version_info[:2] in ((3, 11), (3, 12)) else "python3.11"
        subprocess.run([base, "-m", "venv", str(self.home / self.name)], check=True)
        for line in _LINES[self.name]:
            self._pip(*line)
        self._pip("install", TORCH, *TOOLS)
        self._pip("install", "--no-deps", "-e", str(ROOT))
        if self.name == "isaaclab":
            script = str(Path(__file__).with_name("isaaclab_assets.py"))
            subprocess.run(
                [str(self.python), script, str(self.home / "isaac_assets")], env=self.environment, check=True
            )

    def _pip(self, *arguments: str) -> None:
        wheels = str(self.home / "wheels")
        given = [a.replace("WHEELS", wheels) for a in arguments]
        subprocess.run([str(self.python), "-m", "pip", "--disable-pip-version-check", "-q", *given], check=True)


_ANY = ("--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--platform", "any")
_LINES: dict[str, Sequence[Sequence[str]]] = {
    "mjlab": (("install", TORCH), ("install", TORCH, "torchvision==0.28.0", "mjlab==1.6.0")),
    "isaaclab": (
        ("install", TORCH),
        ("install", TORCH, *ISAACLAB_NEEDS),
        ("download", *_ANY, "-d", "WHEELS", "isaaclab==3.0.0"),
        ("install", "--no-deps", "--ignore-requires-python", "WHEELS/isaaclab-3.0.0-py3-none-any.whl"),
        ("install", "--no-deps", "rsl-rl-lib==5.5.1"),
    ),
}

MJLAB = Simulator("mjlab")
ISAACLAB = Simulator("isaaclab")
