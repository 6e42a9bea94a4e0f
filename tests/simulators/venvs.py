"""The simulators' virtual environments: ``python -m tests.simulators.venvs NAME`` makes one and says how to use it.

They take gigabytes, so they live outside the project, in ``$LEAPP_SIMULATORS`` or ``~/.cache/leapp/simulators``, with
the kernels that simulators compile, and are used again as long as what they are made from is the same. Their Python
needs no variables set: where kernels and assets are is written into the environment itself.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_ASSETS = tuple(Path(__file__).with_name(f"isaaclab_{part}.py") for part in ("assets", "robots"))
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
TRAINERS = (
    *("skrl==2.1.1", "rl-games==1.6.5", "stable-baselines3==2.9.2", "sb3-contrib==2.9.2"),
    *("gym==0.26.2", "gym-notices==0.1.0", "setproctitle==1.3.8", "tensorboardX==2.6.5", "watchdog==7.1.0"),
)


@dataclass(frozen=True)
class _Part:
    """A part of an environment.

    Attributes:
        stamp: File that says what it was made from.
        recipe: What it says once it is made from what there is now.
        make: Makes it anew.
    """

    stamp: Path
    recipe: str
    make: Callable[[], None]


@dataclass(frozen=True)
class Simulator:
    """A virtual environment with one simulator."""

    name: str

    @property
    def home(self) -> Path:
        """Folder of all simulators' environments."""
        given = os.environ.get("LEAPP_SIMULATORS")
        return Path(given) if given else Path.home() / ".cache" / "leapp" / "simulators"

    @property
    def python(self) -> Path:
        """The interpreter."""
        return self.home / self.name / "bin" / "python"

    @property
    def ready(self) -> bool:
        """Whether it was made to the end, from the same packages and by the same scripts for assets."""
        return all(_says(part.stamp, part.recipe) for part in self._parts)

    @property
    def environment(self) -> dict[str, str]:
        """Variables that programs in it need: one thread, compiled kernels kept, assets at hand."""
        return {
            **os.environ,
            **self.settings,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }

    @property
    def settings(self) -> dict[str, str]:
        """Variables that its Python sets where they are not set."""
        settings = {"WARP_CACHE_PATH": str(self.home / "warp-cache")}
        if self.name == "isaaclab":
            settings |= {"ISAACSIM_ASSET_ROOT": str(self.home / "isaac_assets"), "OMNI_KIT_ACCEPT_EULA": "YES"}
        return settings

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

    def ensure(self) -> None:
        """Make it unless it is there; whoever comes meanwhile, such as another test process, waits.

        Raises:
            RuntimeError: there is no Python 3.11 or 3.12 here to make it with.
            subprocess.CalledProcessError: pip failed.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with alone(self.home / f".{self.name}.lock"):
            for part in self._parts:
                if not _says(part.stamp, part.recipe):
                    part.make()
                    part.stamp.write_text(part.recipe, encoding="utf-8")

    def _install(self) -> None:
        """Make the virtual environment, or bring it up to date."""
        subprocess.run([_base_python(), "-m", "venv", str(self.home / self.name)], check=True)
        for line in _LINES[self.name]:
            self._pip(*line)
        self._pip("install", TORCH, *TOOLS)

    def use_this_checkout(self) -> None:
        """Let its commands run the code of this checkout, if another made it; tests say by ``PYTHONPATH`` which."""
        with alone(self.home / f".{self.name}.lock"):
            if not _says(self._checkout, str(ROOT)):
                sys.stdout.write(f"letting its commands run the code in {ROOT}\n")
                sys.stdout.flush()
                self._install_project()

    @property
    def _checkout(self) -> Path:
        """File that says which checkout its commands run."""
        return self.home / self.name / ".leapp-checkout"

    def _install_project(self) -> None:
        """Install the project's commands and entry points; the code itself comes from where it is."""
        self._pip("install", "--no-deps", "-e", str(ROOT))
        self._checkout.write_text(str(ROOT), encoding="utf-8")

    def _write_settings(self) -> None:
        """Let its Python set what it needs as it starts, whatever starts it."""
        code = "; ".join(["import os", *(f"os.environ.setdefault({k!r}, {v!r})" for k, v in self.settings.items())])
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = subprocess.run([str(self.python), "-c", ask], capture_output=True, text=True, check=True)
        (Path(packages.stdout.strip()) / "leapp_simulator.pth").write_text(f"{code}\n", encoding="utf-8")

    def _make_assets(self) -> None:
        """Make Isaac Lab's asset root anew."""
        root = self.home / "isaac_assets"
        shutil.rmtree(root, ignore_errors=True)
        make = [str(self.python), "-m", "tests.simulators.isaaclab_assets", str(root)]
        subprocess.run(make, env=self.environment, cwd=ROOT, check=True)

    @property
    def _parts(self) -> tuple[_Part, ...]:
        """What there is to make, in order. The project itself comes from ``PYTHONPATH``, wherever it is."""
        packages = hashlib.sha256(repr((_LINES[self.name], TORCH, TOOLS)).encode()).hexdigest()
        folder = self.home / self.name
        project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
        parts = [
            _Part(folder / ".leapp-simulator", packages, self._install),
            _Part(folder / ".leapp-project", project, self._install_project),
            _Part(folder / ".leapp-settings", repr(self.settings), self._write_settings),
        ]
        if self.name == "isaaclab":
            made_by = hashlib.sha256(b"".join(script.read_bytes() for script in _ASSETS)).hexdigest()
            parts.append(_Part(self.home / "isaac_assets" / ".leapp-assets", made_by, self._make_assets))
        return tuple(parts)

    def _pip(self, *arguments: str) -> None:
        wheels = str(self.home / "wheels")
        given = [a.replace("WHEELS", wheels) for a in arguments]
        subprocess.run([str(self.python), "-m", "pip", "--disable-pip-version-check", "-q", *given], check=True)


def _says(stamp: Path, text: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == text


def _base_python() -> str:
    """Return an interpreter that the simulators run on."""
    if sys.version_info[:2] in ((3, 11), (3, 12)):
        return sys.executable
    found = shutil.which("python3.11") or shutil.which("python3.12")
    if found is None:
        raise RuntimeError("simulators need Python 3.11 or 3.12, and there is none on the path")
    return found


@contextmanager
def alone(lock: Path, patience_s: float = 3600.0) -> Iterator[None]:
    """Hold a lock between processes; one left behind by a killed process is taken over after ``patience_s``."""
    began = time.monotonic()
    while True:
        try:
            lock.mkdir()
            break
        except FileExistsError:
            if time.monotonic() - began > patience_s:
                break
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.rmdir()


_ANY = ("--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--platform", "any")
_LINES: dict[str, Sequence[Sequence[str]]] = {
    "mjlab": (("install", TORCH), ("install", TORCH, "torchvision==0.28.0", "mjlab==1.6.0")),
    "isaaclab": (
        ("install", TORCH),
        ("install", TORCH, *ISAACLAB_NEEDS),
        ("download", *_ANY, "-d", "WHEELS", "isaaclab==3.0.0"),
        ("install", "--no-deps", "--ignore-requires-python", "WHEELS/isaaclab-3.0.0-py3-none-any.whl"),
        ("install", "--no-deps", "rsl-rl-lib==5.5.1"),
        ("install", "--no-deps", *TRAINERS),  # of themselves they would bring other versions of PyTorch and NumPy
    ),
}

MJLAB = Simulator("mjlab")
ISAACLAB = Simulator("isaaclab")
_NEXT = {
    "isaaclab": (
        "isaaclab train --rl_library rsl_rl --task Isaac-Cartpole --num_envs 64 --max_iterations 20 --device cpu "
        "presets=newton_mjwarp agent.device=cpu",
        "leapp export --env isaaclab --task Isaac-Cartpole",
    ),
    "mjlab": (
        "train Mjlab-Cartpole-Balance --env.scene.num-envs 64 --agent.max-iterations 20 --gpu-ids None",
        "leapp export --env mjlab --task Mjlab-Cartpole-Balance",
    ),
}


def main(name: str) -> None:
    """Make an environment, and say where it is and what to do next."""
    simulator = {"isaaclab": ISAACLAB, "mjlab": MJLAB}[name]
    if not simulator.ready:
        sys.stdout.write(f"making {simulator.home / name}: some minutes, 2.5 GB\n")
        sys.stdout.flush()
        simulator.ensure()
    simulator.use_this_checkout()
    lines = [f"{name} is ready in {simulator.home / name}. Next:", f"  source {simulator.home / name}/bin/activate"]
    sys.stdout.write("\n".join([*lines, *(f"  {command}" for command in _NEXT[name])]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
