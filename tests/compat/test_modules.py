"""The module named ``leapp``: there only when activated, with the names other software imports."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from leapp_core.compat import activate, deactivate
from leapp_core.errors import PluginError


@pytest.fixture
def leapp():
    module = activate()
    yield module
    deactivate()


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_not_importable_unless_activated():
    assert importlib.util.find_spec("leapp") is None


def test_gone_after_deactivation():
    activate()
    deactivate()
    with pytest.raises(ImportError, match="leapp"):
        importlib.import_module("leapp")


def test_offers_what_isaac_lab_imports(leapp):
    assert importlib.import_module("leapp") is leapp
    assert importlib.util.find_spec("leapp") is not None
    from leapp import (  # type: ignore[import-not-found]
        ExportManager,
        GraphConfigs,
        InferenceManager,
        InputKindEnum,
        OutputKindEnum,
        TemporalAxis,
        TensorSemantics,
        annotate,
    )
    from leapp.utils.tensor_description import TensorSemantics as Same  # type: ignore[import-not-found]

    assert Same is TensorSemantics
    assert InputKindEnum.VECTOR3D == "state/vector3d"
    assert OutputKindEnum.KP == "kp"
    assert GraphConfigs(frequency=50.0, extra={"a": 1}).frequency == 50.0
    assert TemporalAxis(20.0).period_ms == 20.0
    assert not ExportManager.is_interpret_graph_enabled()
    assert callable(annotate.input_tensors)
    assert InferenceManager.__name__ == "InferenceManager"


def test_activating_again_gives_the_same_module(leapp):
    assert activate() is leapp


def test_refuses_to_shadow_another_leapp(tmp_path, monkeypatch):
    (tmp_path / "leapp.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="would be shadowed"):
        activate()
    activate(force=True)
    try:
        assert hasattr(importlib.import_module("leapp"), "annotate")
    finally:
        deactivate()
    assert importlib.import_module("leapp").VALUE == 1
    del sys.modules["leapp"]


def test_program_and_its_children_find_it(tmp_path):
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import leapp; print(leapp.annotate)'])"
    (tmp_path / "program.py").write_text(f"import sys, leapp\nprint(sys.argv[1:], __name__)\n{child}\n")
    done = python("-m", "leapp_core.compat", "program.py", "--flag", "x", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = sorted(done.stdout.splitlines(), reverse=True)
    assert first == "['--flag', 'x'] __main__"
    assert "Annotate object" in second


def test_a_module_can_be_run_too(tmp_path):
    (tmp_path / "tool.py").write_text("import leapp\nraise SystemExit(7)\n")
    assert python("-m", "leapp_core.compat", "tool", cwd=tmp_path).returncode == 7


def test_without_a_program_it_says_how(tmp_path):
    done = python("-m", "leapp_core.compat", cwd=tmp_path)
    assert done.returncode == 2
    assert "usage: python -m leapp_core.compat" in done.stderr
