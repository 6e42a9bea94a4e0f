"""``leapp plugins new``: packages whose plugins keep their contracts as they are written."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from leapp_core.plugins.consumers import check_consumer
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.scaffold import KINDS, plan_package, write_package
from leapp_core.testing import exporter_checks, runner_checks
from leapp_core.testing.adapter_checks import AdapterSubject
from leapp_core.testing.conformance import check_adapter, check_environment, judge
from leapp_core.testing.consumer_checks import CONSUMER_CHECKS, ConsumerSubject
from leapp_core.testing.env_checks import EnvSubject
from leapp_core.testing.programs import cases
from leapp_core.testing.subject import Subject
from tests.cli.invoke import leapp
from tests.consumers.documents import CONTROL, bundle, walker
from tests.plugins.conftest import Sandbox

BROKEN = {"onnx": "onnx", "types": "float32-ports"}
"""Rule of the new consumer to the change of a document that breaks it."""
RUFF = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a package and register its plugin as its entry point names it; forget its modules afterwards."""
    before = set(sys.modules)

    def of(kind: str, name: str = "brand-new") -> PluginManager:
        planned = plan_package(name, kind, tmp_path)
        write_package(planned)
        monkeypatch.syspath_prepend(str(planned.folder))
        stated = (planned.folder / "pyproject.toml").read_text(encoding="utf-8")
        (found,) = re.findall(r'\[project\.entry-points\.leapp\]\n(\w+) = "([\w.]+)"\n', stated)
        plugin = EntryPoint(*found, "leapp").load()
        assert isinstance(plugin, ModuleType)
        manager = PluginManager()
        manager.register(plugin, found[0])
        assert manager.info(found[0]).built_for == "1.0"
        assert manager.info(found[0]).error is None
        return manager

    yield of
    for name in set(sys.modules) - before:
        if name.startswith("leapp_brand_new"):
            del sys.modules[name]


def test_a_backend_keeps_its_contract(made: Any, tmp_path: Path) -> None:
    """All but the other cases; the whole kit is run where the package is installed."""
    manager = made("backend")
    subject = Subject(manager.exporters.get("brand-new"), manager.runners.get("brand-new"))
    chosen = [case for case in cases() if case.name in ("mlp", "gru", "bfloat16")]
    checks = {
        "options": partial(exporter_checks.refuses_bad_options, subject),
        "own": partial(runner_checks.gives_own_results, subject),
        **{case.name: partial(exporter_checks.exports_case, subject, case=case) for case in chosen},
    }
    found = {}
    for name, check in checks.items():
        (tmp_path / name).mkdir()
        found[name] = judge(check, tmp_path / name)
    assert found.pop("bfloat16")[0] == "refused"
    assert found == dict.fromkeys(found, ("ok", ""))


@pytest.mark.parametrize("alone", [False, True])
def test_an_adapter_keeps_its_contract(made: Any, tmp_path: Path, alone: bool) -> None:
    manager = made("adapter")
    from leapp_brand_new.train import make_network, save

    checkpoint = tmp_path / "model.pt"
    save(make_network(4, 8, 2), checkpoint)
    request = None if alone else PolicyRequest(checkpoint, None, {"policy": torch.zeros(1, 4)}, 2)
    results = list(check_adapter(AdapterSubject(manager.adapters.get("brand-new"), checkpoint, request)))
    assert [result for result in results if not result.ok] == []
    assert len(results) == 7


def test_an_environment_keeps_its_contract(made: Any) -> None:
    provider = made("environment").environments.get("brand-new")
    results = list(check_environment(EnvSubject(provider, provider.tasks()[0].name)))
    assert [result for result in results if not result.ok] == []
    assert len(results) == 7


def test_a_consumer_keeps_its_contract(made: Any, tmp_path: Path) -> None:
    consumer = made("consumer").consumers.get("brand-new")
    subject = ConsumerSubject(consumer)
    for check in CONSUMER_CHECKS:
        check(subject, tmp_path)
    found = {rule: check_consumer(consumer, bundle(CONTROL[broken](walker()))) for rule, broken in BROKEN.items()}
    assert check_consumer(consumer, bundle(walker())) == ()
    assert {rule: {finding.rule for finding in findings} for rule, findings in found.items()} == {
        "onnx": {"onnx"},
        "types": {"types"},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_in_form(kind: str, tmp_path: Path) -> None:
    done = leapp("plugins", "new", "leapp-tidy", "--kind", kind, "--path", str(tmp_path), "--json")
    assert done.code == 0, done.err
    facts = json.loads(done.out)
    assert (facts["distribution"], facts["kind"]) == ("leapp-tidy", kind)
    folder = Path(facts["folder"])
    assert folder == tmp_path / "leapp-tidy"
    assert sorted(facts["files"]) == sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert {"pyproject.toml", "README.md", f"tests/test_{kind}.py", ".github/workflows/tests.yml"} <= set(
        facts["files"]
    )
    text = "".join((folder / name).read_text(encoding="utf-8") for name in facts["files"])
    assert not re.search(r"\$(?!\{\{ matrix)", text), "placeholders are filled in"
    assert RUFF is not None
    rules = ("--isolated", "--line-length", "120")
    for command in (("check", *rules, "--select", "E,F,I,UP,B,W,SIM"), ("format", *rules, "--check")):
        told = subprocess.run([RUFF, *command, "."], cwd=folder, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_commands_of_the_readme_exist(kind: str, tmp_path: Path) -> None:
    planned = plan_package("told", kind, tmp_path)
    write_package(planned)
    page = (planned.folder / "README.md").read_text(encoding="utf-8")
    commands = [line.split()[1:] for line in page.splitlines() if line.startswith("leapp ")]
    assert commands
    for command in commands:
        assert leapp(*command, "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("My Plugin", "--kind", "backend"), ["cannot be called 'My Plugin'", "call it my-plugin"]),
        (("9", "--kind", "backend"), ["cannot be called '9'"]),
        (("fine", "--kind", "bakend"), ["no kind 'bakend'", "did you mean 'backend'?"]),
        (("pt2", "--kind", "backend"), ["backend 'pt2' exists already, in leapp-framework"]),
        (("sb3", "--kind", "adapter"), ["adapter 'sb3' exists already"]),
        (("onnx", "--kind", "backend"), ["backend 'onnx' exists already, in leapp-framework"]),
        (("mjlab", "--kind", "consumer"), ["a plugin 'mjlab' exists already, in leapp-framework"]),
        (("core", "--kind", "backend"), ["the package 'leapp_core' exists already"]),
        (("backends", "--kind", "adapter"), ["the package 'leapp_backends' exists already"]),
        (("framework", "--kind", "consumer"), ["the distribution 'leapp-framework' is installed already"]),
        (("lying-about", "--kind", "backend"), ["'leapp_lying_about' exists already where Python looks for packages"]),
        (("there", "--kind", "consumer"), ["leapp-there is there already", "--path DIR"]),
    ],
)
def test_what_cannot_be_written_is_told(
    arguments: tuple[str, ...], said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any
) -> None:
    (tmp_path / "leapp-there").mkdir()
    elsewhere = tmp_path_factory.mktemp("modules")
    (elsewhere / "leapp_lying_about.py").touch()
    monkeypatch.syspath_prepend(str(elsewhere))
    done = leapp("plugins", "new", *arguments, "--path", str(tmp_path))
    assert done.code == 2
    assert [text for text in said if text not in done.err] == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["leapp-there"]


def test_the_readme_of_a_backend_exports_with_it(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With PyTorch alone: no trainer is needed. The plugin is found as installed."""
    made("backend")
    folder = tmp_path / "leapp-brand-new"
    facts = folder / "leapp_brand_new-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: leapp-brand-new\nVersion: 0.1.0\n")
    (facts / "entry_points.txt").write_text("[leapp]\nbrand_new = leapp_brand_new.plugin\n")
    page = (folder / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "out" / "policy" / "policy.brandnew").is_file()
    assert leapp("run", "out/policy", "--trust").code == 0
    assert "rsl" not in page.lower()
    assert "Builtin-" not in page


@pytest.mark.parametrize("kind", KINDS)
def test_the_version_of_leapp_is_bounded_and_a_consumer_brings_no_torch_to_a_robot(kind: str, tmp_path: Path) -> None:
    planned = plan_package("bounded", kind, tmp_path)
    write_package(planned)
    stated = (planned.folder / "pyproject.toml").read_text(encoding="utf-8")
    extra = "" if kind == "consumer" else "[export]"
    assert f'dependencies = ["leapp-framework{extra}>=0.1,<1"]' in stated
    assert 'test = ["leapp-framework[export]", "pytest"]' in stated  # its kit exports small policies


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    done = leapp("plugins", "new", "kept-out", "--kind", "adapter", "--path", str(tmp_path / "file"))
    assert done.code == 2
    assert "cannot be written: Not a directory" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["adapter", "environment", "consumer"])
def test_its_own_tests_pass(kind: str, tmp_path: Path) -> None:
    planned = plan_package("self-tested", kind, tmp_path)
    write_package(planned)
    done = own_tests(sys.executable, planned.folder, PYTHONPATH=str(planned.folder))
    assert done.returncode == 0, done.stdout


@pytest.mark.venv
def test_a_backend_installs_and_its_own_tests_pass(sandbox: Sandbox, tmp_path: Path) -> None:
    written = leapp("plugins", "new", "boxed", "--kind", "backend", "--path", str(tmp_path))
    assert written.code == 0, written.err
    folder = tmp_path / "leapp-boxed"
    sandbox.pip("install", "--no-deps", str(folder))
    try:
        (boxed,) = [b for b in sandbox.backends()["backends"] if b["name"] == "boxed"]
        assert (boxed["distribution"], boxed["version"], boxed["available"]) == ("leapp-boxed", "0.1.0", True)
        shutil.rmtree(folder / "leapp_boxed")  # what is tested is what was installed
        done = own_tests(str(sandbox.python), folder)
        assert done.returncode == 0, done.stdout
        assert re.search(r"\d+ passed", done.stdout)
    finally:
        sandbox.pip("uninstall", "--yes", "leapp-boxed")


def own_tests(python: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a package's tests in a process of their own."""
    return subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
