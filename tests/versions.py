"""The quick tests on the oldest and the newest versions: ``python -m tests.versions oldest``.

Each leg has a virtual environment of its own, in ``$LEAPP_VERSIONS`` or ``~/.cache/leapp/versions``, that is kept as
long as what it is made from is the same. PyTorch's wheels for these versions bring CUDA libraries of gigabytes, so
making one leg removes the other's environment.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.interpreters import interpreter

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("LEAPP_VERSIONS", Path.home() / ".cache" / "leapp" / "versions"))
TOOLS = ("hypothesis", "jsonschema", "pytest", "pytest-timeout", "pytest-xdist")
# What depends on versions; pages of the documentation are compared with what the pinned ones print.
FOLDERS = ("backends", "capture", "compat", "contracts", "core", "e2e", "export", "properties", "rsl_rl", "visualize")
SHOWN = "import sys, onnx, torch; print(f'Python {sys.version}, torch {torch.__version__}, onnx {onnx.__version__}')"


@dataclass(frozen=True)
class Leg:
    """Versions that the quick tests run on.

    Attributes:
        python: Version of the interpreter.
        packages: What pip installs first.
        warnings: Filters of warnings. Deprecations are errors in the newest leg: they are tomorrow's failures.
    """

    python: str
    packages: tuple[str, ...]
    warnings: tuple[str, ...]


LEGS = {
    "oldest": Leg(
        "3.10",
        ("torch==2.6.0", "onnx==1.17.0", "numpy==1.26.4"),
        ("ignore::DeprecationWarning", "ignore::FutureWarning"),
    ),
    "newest": Leg("3.11", ("torch==2.14.1",), ("error::DeprecationWarning", "error::FutureWarning")),
}


def prepare(name: str) -> Path:
    """Return the interpreter of a leg, whose environment is made if need be.

    Raises:
        RuntimeError: There is no such Python.
        subprocess.CalledProcessError: pip failed.
    """
    leg, folder = LEGS[name], HOME / name
    python, stamp = folder / "bin" / "python", folder / "made-from"
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    recipe = hashlib.sha256(f"{leg.packages}{TOOLS}{ROOT}{project}".encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == recipe:
        return python
    base = interpreter(leg.python)
    if base is None:
        raise RuntimeError(f"there is no Python {leg.python} here")
    for other in LEGS:
        shutil.rmtree(HOME / other, ignore_errors=True)
    subprocess.run([base, "-m", "venv", folder], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile"]
    subprocess.run([*install, *leg.packages], check=True)
    subprocess.run([*install, *leg.packages, "-e", f"{ROOT}[rsl-rl,media]", *TOOLS], check=True)
    stamp.write_text(recipe)
    return python


def run(name: str, arguments: Sequence[str]) -> int:
    """Run the quick tests of a leg and return pytest's exit status."""
    python = prepare(name)
    filters = [word for each in LEGS[name].warnings for word in ("-W", each)]
    folders = [f"tests/{folder}" for folder in FOLDERS if (ROOT / "tests" / folder).exists()]
    subprocess.run([python, "-c", SHOWN], check=True)
    line = [python, "-m", "pytest", "--quick", "--dist", "worksteal", *filters, *arguments, *folders]
    return subprocess.run(line, cwd=ROOT, check=False).returncode


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("leg", choices=LEGS)
    parser.add_argument("--jobs", default="auto")
    parser.add_argument("arguments", nargs="*", help="more arguments of pytest, after --")
    given = parser.parse_args()
    return run(given.leg, ["-n", given.jobs, *given.arguments])


if __name__ == "__main__":
    sys.exit(main())
