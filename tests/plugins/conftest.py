"""A fresh virtual environment that sees what is installed here, to install plugins into."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "docs" / "examples" / "plugins"


class Sandbox:
    """A virtual environment; installing into it leaves the surrounding one alone.

    Args:
        folder: Where it is made.
        alone: It sees nothing of the surrounding one, as a user's; what a project requires is fetched.
    """

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        self.folder = folder
        self.python = folder / "bin" / "python"
        if not alone:
            self._see_what_surrounds_it()

    def _see_what_surrounds_it(self) -> None:
        (packages,) = self.folder.glob("lib/python3*/site-packages")
        here = sysconfig.get_path("purelib")
        # Not a plain path: the .pth files in there (this project's own, installed editable) have to be read too.
        (packages / "surrounding.pth").write_text(f"import site; site.addsitedir({here!r})\n")

    def pip(self, *arguments: str) -> None:
        done = subprocess.run([self.python, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def build_wheel(self, project: Path) -> Path:
        """Build a project's wheel beside the others, and return it."""
        wheels = self.folder / "wheels"
        before = set(wheels.glob("*.whl"))
        self.pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(project))
        (built,) = set(wheels.glob("*.whl")) - before
        return built

    def install_wheel(self, project: Path, extra: str | None = None) -> None:
        """Build a project's wheel and install it with what it requires, of which wheels built before go first."""
        built = self.build_wheel(project)
        self.pip("install", "--quiet", "--find-links", str(built.parent), f"{built}[{extra}]" if extra else str(built))

    def own_tests(self, project: Path, *names: str) -> Path:
        """Run a project's tests on what is installed, and return the file with their results (JUnit's XML)."""
        results = self.folder / f"{project.name}.xml"
        copied = self.folder / "tests" / project.name
        shutil.copytree(project / "tests", copied, dirs_exist_ok=True)
        how = ("-q", "--rootdir", copied, "-p", "no:cacheprovider", "--junitxml", results)
        done = subprocess.run(
            [self.python, "-m", "pytest", *how, *names],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            cwd=copied,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
        return results

    def leapp(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-m", "leapp_core.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            cwd=cwd or self.folder,  # python -m would find the source tree in the current folder before the installed
        )

    def backends(self) -> dict[str, Any]:
        done = self.leapp("backends", "list", "--json")
        assert done.returncode == 0, done.stderr
        facts: dict[str, Any] = json.loads(done.stdout)
        return facts


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("venv") / "venv")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a distribution of one module, which is its plugin, for this test."""

    def installed(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        facts = tmp_path / f"{name}-0.1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (facts / "entry_points.txt").write_text(f"[leapp]\n{name} = {name}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    return installed
