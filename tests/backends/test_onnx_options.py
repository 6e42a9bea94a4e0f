"""Operator sets that cannot be written are refused when options are read, before anything is recorded."""

from __future__ import annotations

import pytest

from leapp_backends.onnx.options import OnnxDynamoOptions, OnnxTorchscriptOptions, newest_of_onnx
from leapp_core.errors import UsageError
from leapp_core.plugins.manager import PluginManager


@pytest.mark.parametrize("backend", ["onnx-dynamo", "onnx-torchscript"])
@pytest.mark.parametrize(("opset", "match"), [("99", "opset 99 is too new"), ("9", "opset 9 is too old")])
def test_refused_when_options_are_read(backend: str, opset: str, match: str) -> None:
    exporter = PluginManager().exporters.get(backend)
    with pytest.raises(UsageError, match=match):
        exporter.parse_options({"opset": opset})


def test_the_newest_is_taken() -> None:
    assert OnnxDynamoOptions(opset=newest_of_onnx()).opset == newest_of_onnx()
    assert OnnxTorchscriptOptions(opset=20).opset == 20
