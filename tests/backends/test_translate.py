"""The shortcut to PyTorch's translator gives what its public function gives, and faster."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from leapp_backends.common.quiet import quiet
from leapp_backends.onnx import registry, translate
from leapp_core.testing import policies
from tests.backends.helpers import program

CASES = {
    "mlp": (policies.mlp(6, 3), (torch.randn(1, 6),)),
    "lstm": (policies.Recurrent(nn.LSTM, 2), (torch.randn(1, 6), torch.zeros(2, 1, 8), torch.zeros(2, 1, 8))),
    "attention": (policies.Attention(), (torch.randn(1, 4, 6),)),
    "mixed types": (
        policies.counters,
        (torch.ones(1, 2, dtype=torch.int64), torch.tensor([[True, False]]), torch.randn(1, 2)),
    ),
    "type promotion": (lambda x, n: (x * n, n / 2, x + 1), (torch.randn(1, 3), torch.tensor([[1, 2, 3]]))),
    "decomposed": (lambda x: torch.nn.functional.mish(x).logaddexp(x), (torch.randn(1, 3),)),
}


@pytest.mark.parametrize("name", CASES)
def test_same_operators_as_the_public_function(name):
    target, inputs = CASES[name]
    exported = program(target, *inputs).exported
    before = str(exported.graph)
    with quiet():
        public = translate._translate_publicly(exported, None, optimize=True)
        assert translate._load_parts() is not None
        direct = translate.translate(exported, None, optimize=True)
    assert [node.op_type for node in direct.graph] == [node.op_type for node in public.graph]
    assert direct.opset_imports == public.opset_imports
    assert str(exported.graph) == before


def facts(meta):
    return meta.onnx_function, str(meta.signature), meta.is_complex


def test_the_table_read_as_needed_is_the_whole_table():
    opset = translate._default_opset()
    with quiet():
        lazy, whole = registry.lazy_registry(opset), registry.whole_registry(opset)
        assert lazy is not whole, "PyTorch is built otherwise: the shortcut is not used"
        targets = {id(meta): meta.fx_target for metas in whole.functions.values() for meta in metas}
        assert len(targets) > 400
        for target in targets.values():
            found, expected = ([facts(meta) for meta in table.get_decomps(target)] for table in (lazy, whole))
            assert found == expected, target
        for table in (lazy, whole):
            assert not table.is_registered(torch.ops.aten.geqrf.default)


TIMED = """
import sys, time, warnings, pathlib, tempfile
warnings.simplefilter("ignore")
import torch
from torch import nn
module = nn.Sequential(nn.Linear(48, 512), nn.ELU(), nn.Linear(512, 256), nn.ELU(), nn.Linear(256, 128), nn.ELU(),
                       nn.Linear(128, 12)).eval()
inputs = (torch.randn(1, 48),)
folder = pathlib.Path(tempfile.mkdtemp())
def bare():
    torch.onnx.export(module, inputs, folder / "bare.onnx", dynamo=True, verbose=False)
def ours():
    from leapp_backends.onnx.dynamo import OnnxDynamoExporter
    from leapp_core.plugins.exporters import ExportRequest, NodeProgram, Sample
    from leapp_core.spec.pipeline import NodeSpec
    from leapp_core.spec.port import PortSpec
    exported = torch.export.export(module, inputs, strict=False).run_decompositions({})
    spec = NodeSpec("n", (PortSpec("x", "float32", (1, 48)),), (PortSpec("y", "float32", (1, 12)),))
    sample = Sample({"x": inputs[0]}, {"y": inputs[0][:, :12]})
    exporter = OnnxDynamoExporter()
    program, options = NodeProgram(spec, exported, (sample,)), exporter.parse_options({})
    exporter.export(ExportRequest(program, folder / "ours.onnx", options))
for _ in range(4):
    start = time.thread_time()
    locals()[sys.argv[1]]()
    print(time.thread_time() - start)
"""


def _times(which: str) -> list[float]:
    result = subprocess.run([sys.executable, "-c", TIMED, which], capture_output=True, text=True, check=True)
    return [float(line) for line in result.stdout.split()]


@pytest.mark.slow
def test_no_slower_than_a_bare_export_cold_and_warm():
    bare, ours = _times("bare"), _times("ours")
    assert ours[0] <= bare[0]
    assert min(ours[1:]) <= min(bare[1:])
