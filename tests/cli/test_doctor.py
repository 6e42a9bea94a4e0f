"""``leapp doctor`` says whether an export can work, also where PyTorch is missing or broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from leapp_core.cli.doctor_facts import PLATFORMS, Trouble, _one, _packages, _plugins
from leapp_core.cli.doctor_packages import Package, asked_for, probed, within
from leapp_core.errors import MissingExtraError
from leapp_core.plugins.manager import PluginManager
from tests.architecture.imports import ROOT

LEAPP = """
import sys
from leapp_core.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print("imported:", *[n for n in ("torch", "onnx", "onnxruntime") if n in sys.modules], file=sys.stderr)
"""


def doctor(*flags: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, *flags, "-c", LEAPP, "doctor", "--json"]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=os.environ | environment)


def packages(facts: dict[str, Any]) -> dict[str, Any]:
    return {package["name"]: package for package in facts["packages"]}


def test_here_an_export_can_work_and_nothing_is_imported_to_say_so() -> None:
    done = doctor()
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "imported:"
    facts = json.loads(done.stdout)
    assert facts["can_export"] is True
    assert packages(facts)["torch"]["version"] == version("torch")
    assert {package["state"] for package in facts["packages"] if "export" in package["extras"]} == {"ok"}
    assert "CPUExecutionProvider" in facts["providers"]
    assert {backend["name"] for backend in facts["backends"] if backend["usable"]} >= {"onnx-dynamo", "jit-script"}
    assert {plugin["name"] for plugin in facts["plugins"] if plugin["status"] == "loaded"} >= {"onnx", "rsl_rl"}


def test_a_broken_torch_is_told_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise OSError('libcudart.so.12: cannot open shared object file')\n")
    done = doctor(PYTHONPATH=str(tmp_path))
    assert done.returncode == MissingExtraError.exit_code
    facts = json.loads(done.stdout)
    assert facts["can_export"] is False
    assert packages(facts)["torch"]["error"] == "OSError: libcudart.so.12: cannot open shared object file"
    assert "cannot be imported: OSError: libcudart.so.12" in done.stderr
    assert 'pip install --force-reinstall "torch>=2.6"' in done.stderr
    assert not any(backend["usable"] for backend in facts["backends"])
    assert "Traceback" not in done.stderr


def test_without_torch_the_install_line_is_told(tmp_path: Path) -> None:
    """A real installation of the base packages only: what an export needs is left out of its folder."""
    left_out = ("torch", "onnx", "functorch", "pydot", "jinja2")
    for place in [Path(p) for p in sys.path if p.endswith("site-packages")]:
        for entry in place.iterdir():
            kept = entry.name.startswith("onnxruntime") or not entry.name.lower().startswith(left_out)
            if kept and not (tmp_path / entry.name).exists():
                (tmp_path / entry.name).symlink_to(entry)
    done = doctor("-S", PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))
    assert done.returncode == MissingExtraError.exit_code, done.stderr
    facts = json.loads(done.stdout)
    assert packages(facts)["torch"]["state"] == "missing"
    assert packages(facts)["numpy"]["state"] == "ok"
    (trouble,) = [t for t in facts["troubles"] if t["blocks_export"]]
    assert trouble["what"] == "jinja2, onnx-ir, onnx, onnxscript, pydot, torch are not installed"
    assert trouble["fix"] == 'pip install "leapp-framework[export]"'
    assert trouble["fix"] in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_asked_for_is_that_of_the_project_file() -> None:
    found = {package.name: package for package in asked_for()}
    assert found["torch"].supported == ">=2.6"
    assert "export" in found["torch"].extras
    assert found["onnxruntime"].extras == ()
    assert set(found["rsl-rl-lib"].supported.split(",")) == {">=5.0", "<6"}
    assert not {"pytest", "zensical"} & set(found)


@pytest.mark.parametrize(
    ("found", "supported", "expected"),
    [
        ("2.13.0+cpu", ">=2.6", True),
        ("2.5.1", ">=2.6", False),
        ("5.5.1", "<6,>=5.0", True),
        ("6.0", ">=5.0,<6", False),
        ("2.6", ">=2.6.0", True),
        ("2.7.0rc1", "<2.7", False),
        ("1.0", "", True),
        ("1.2.0", "==1.2", True),
        ("1.2", "!=1.2.0", False),
    ],
)
def test_ranges_of_versions(found: str, supported: str, expected: bool) -> None:
    assert within(found, supported) is expected


def test_a_package_that_ends_the_process_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "falls_over.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    (tmp_path / "prints.py").write_text("print('[welcome]')\n")
    (tmp_path / "raises.py").write_text("raise ValueError('first line\\nsecond line')\n")
    monkeypatch.syspath_prepend(tmp_path)
    names = ("prints", "falls-over", "raises", "erased", "json")
    found = {p.name: p.error for p in probed(Package(name, "", builds={name: "1"}) for name in names)}
    assert found == {
        "prints": None,
        "falls-over": "importing it ended the process (signal 9)",
        "raises": "ValueError: first line second line",
        "erased": "its files are gone, only pip's record of it is left",
        "json": None,
    }


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        (
            Package("torch", ">=2.6", ("export",), {"torch": "2.4.1"}),
            Trouble("torch 2.4.1 is outside the supported range >=2.6", 'pip install "torch>=2.6"', blocks=True),
        ),
        (
            Package("rsl-rl-lib", ">=5.0,<6", ("rsl-rl",), {"rsl-rl-lib": "6.1"}),
            Trouble("rsl-rl-lib 6.1 is outside the supported range >=5.0,<6", 'pip install "rsl-rl-lib>=5.0,<6"'),
        ),
        (
            Package("onnxruntime", ">=1.20", (), {"onnxruntime": "1.22", "onnxruntime-gpu": "1.22"}),
            Trouble(
                "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files",
                "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu",
            ),
        ),
        (
            Package("torch", ">=2.6", ("export",), {"torch": "2.6.0"}),
            Trouble(
                "torch 2.6.0 cannot translate an LSTM for onnx-dynamo with --dynamic-batch, which is then refused",
                'pip install --upgrade "torch"',
            ),
        ),
    ],
    ids=["too old", "too new", "two builds", "known pair"],
)
def test_versions_that_do_not_do(package: Package, expected: Trouble) -> None:
    assert list(_one(package)) == [expected]


def test_what_pictures_and_pages_need_blocks_no_export() -> None:
    (trouble,) = _packages([Package("pydot", ">=3.0", ("export",)), Package("torch", "", ("export",), {"torch": "3"})])
    assert trouble == Trouble("pydot is not installed", 'pip install "leapp-framework[export]"')


def test_broken_and_incompatible_plugins_are_named() -> None:
    class Future:
        LEAPP_PLUGIN_API = "7.0"

    manager = PluginManager(load_entry_points=False)
    manager.register(Future(), "future")
    (trouble,) = _plugins(manager)
    assert trouble.what.startswith("plugin 'future' of Future is incompatible: built for version 7.0")
    assert trouble.fix.endswith("LEAPP_DISABLE_PLUGINS=future")
    assert not trouble.blocks


def test_platforms_are_tried_only_where_tests_run() -> None:
    assert [name for name, state, _ in PLATFORMS if state == "tried"] == ["Linux x86-64"]
