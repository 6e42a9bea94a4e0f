"""Our own backends against the kit that we give to plugin authors."""

from __future__ import annotations

import pytest

from leapp_core.plugins.manager import PluginManager
from leapp_core.testing.contracts import ExporterContract, RunnerContract

PLUGINS = PluginManager()
OURS = ("onnx", "torchscript", "exported_program")


class TestOnnxDynamo(ExporterContract):
    exporter = PLUGINS.exporters.get("onnx-dynamo")
    runner = PLUGINS.runners.get("onnx")


@pytest.mark.slow
class TestOnnxTorchscript(ExporterContract):
    exporter = PLUGINS.exporters.get("onnx-torchscript")
    runner = PLUGINS.runners.get("onnx")


@pytest.mark.slow
class TestJitScript(ExporterContract):
    exporter = PLUGINS.exporters.get("jit-script")
    runner = PLUGINS.runners.get("jit")


class TestJitTrace(ExporterContract):
    exporter = PLUGINS.exporters.get("jit-trace")
    runner = PLUGINS.runners.get("jit")


@pytest.mark.slow
class TestPt2(ExporterContract):
    exporter = PLUGINS.exporters.get("pt2")
    runner = PLUGINS.runners.get("pt2")


class TestOnnxRunner(RunnerContract):
    runner = PLUGINS.runners.get("onnx")
    exporter = PLUGINS.exporters.get("onnx-dynamo")


@pytest.mark.slow
class TestJitRunner(RunnerContract):
    runner = PLUGINS.runners.get("jit")
    exporter = PLUGINS.exporters.get("jit-script")


@pytest.mark.slow
class TestPt2Runner(RunnerContract):
    runner = PLUGINS.runners.get("pt2")
    exporter = PLUGINS.exporters.get("pt2")


def _covered(base: type, attribute: str) -> set[str]:
    return {getattr(suite, attribute).name for suite in base.__subclasses__() if suite.__module__ == __name__}


@pytest.mark.parametrize(
    ("registry", "base", "attribute"),
    [(PLUGINS.exporters, ExporterContract, "exporter"), (PLUGINS.runners, RunnerContract, "runner")],
    ids=["exporters", "runners"],
)
def test_every_one_of_ours_is_held_to_the_contract(registry, base, attribute):
    ours = {entry.item.name for entry in registry if entry.owner in OURS}
    assert ours == _covered(base, attribute)
