"""Backends say nothing on the console, and listing them imports nothing heavy."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings

import pytest
import torch

from leapp_backends.common.quiet import quiet
from leapp_core.errors import ExportError
from tests.backends.helpers import BACKENDS, export, program


@pytest.mark.parametrize("backend", BACKENDS)
def test_exports_are_silent_and_without_idle_notes(backend, tmp_path, capfd):
    made = program(torch.nn.GRU(4, 3), torch.randn(1, 4), torch.zeros(1, 3))
    capfd.readouterr()
    written = export(backend, made, tmp_path)
    assert written.notes == ()
    assert capfd.readouterr() == ("", "")


def test_the_older_exporter_fails_without_printing_its_graph(tmp_path, capfd):
    made = program(lambda i: i | 1, torch.arange(4).unsqueeze(0))
    with pytest.raises(ExportError, match=r"TorchScript exporter failed on node 'policy': .*bitwise OR"):
        export("onnx-torchscript", made, tmp_path)
    assert capfd.readouterr() == ("", "")


def test_warnings_and_log_records_become_notes_once():
    with quiet() as notes:
        warnings.warn("weights were\n  cast", UserWarning, stacklevel=1)
        warnings.warn("weights were cast", UserWarning, stacklevel=1)
        logging.getLogger("torch.onnx").warning("slow %s", "path")
        logging.getLogger("torch.onnx").info("not heard")
        logging.getLogger("torch.onnx").warning("torchvision is not installed. Skipping torchvision::nms")
    assert notes == ["slow path", "weights were cast"]


def test_errors_pass_and_handlers_are_back_afterwards():
    before = [(logging.getLogger(name).handlers[:], logging.getLogger(name).propagate) for name in ("torch", "onnx_ir")]
    with pytest.raises(ValueError, match="kept"), quiet():
        raise ValueError("kept")
    after = [(logging.getLogger(name).handlers[:], logging.getLogger(name).propagate) for name in ("torch", "onnx_ir")]
    assert before == after


def test_registering_imports_no_torch_onnx_or_numpy():
    code = (
        "import sys; from leapp_core.plugins.manager import PluginManager; m = PluginManager();"
        "names = [e.item.name for e in m.exporters] + [e.item.name for e in m.runners];"
        "print(names); print(sorted({'torch', 'onnx', 'onnx_ir', 'onnxruntime', 'numpy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed, heavy = result.stdout.splitlines()
    assert all(repr(name) in listed for name in (*BACKENDS, "onnx", "jit"))
    assert heavy == "[]"
