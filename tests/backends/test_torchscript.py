"""TorchScript files: names, literals, metadata, determinism."""

from __future__ import annotations

import math
import warnings

import pytest
import torch

from leapp_backends.torchscript.archive import read_metadata
from leapp_backends.torchscript.names import script_names
from leapp_core.errors import BundleError
from leapp_core.plugins.runners import RunnerSettings
from tests.backends.helpers import PLUGINS, check_samples, export, program

X = torch.randn(1, 5)
JIT = ("jit-script", "jit-trace")


def test_names_become_distinct_identifiers():
    assert dict(script_names(["x", "joint pos", "joint-pos", "1st", "torch", "class", "ü"])) == {
        "x": "x", "joint pos": "joint_pos", "joint-pos": "joint_pos_2", "1st": "_1st", "torch": "torch_2",
        "class": "_class", "ü": "_",
    }  # fmt: skip


@pytest.mark.parametrize("backend", JIT)
class TestFiles:
    def test_loads_with_plain_pytorch_and_says_its_argument_names(self, backend, tmp_path):
        made = program(torch.nn.Linear(5, 2), X, inputs=["joint pos"], outputs=["action"])
        written = export(backend, made, tmp_path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch's plans for torch.jit are not the point
            loaded = torch.jit.load(written.path)
        assert [argument.name for argument in loaded.forward.schema.arguments] == ["self", "joint_pos"]
        assert torch.equal(loaded(X)[0], made.exported.module()(X)[0])
        assert read_metadata(written.path) == {"leapp.fact": "kept"}

    def test_holds_no_source_locations(self, backend, tmp_path):
        content = export(backend, program(torch.nn.Linear(5, 2), X), tmp_path).path.read_bytes()
        assert b"debug_pkl" not in content
        assert b".py:" not in content

    @pytest.mark.parametrize(
        "function",
        [
            lambda x: x.masked_fill(x > 0, -math.inf),
            lambda x: torch.nan_to_num(x / 0, nan=0.5, posinf=math.inf, neginf=-1e-20),
            lambda x: (x.to(torch.float64), x.to(torch.int32), x.to(torch.bool)),
            lambda x: x[:, torch.tensor([0, 2])],
            lambda x: x[torch.tensor([0]), torch.tensor([1])],
            lambda x: torch.cat(x.split([2, 3], 1)[::-1], 1),
            lambda x: x.sort(1, descending=True),
            lambda x: x.sum(dtype=torch.float64),
            lambda x: torch.full_like(x, 3).new_zeros(2, 2),
            lambda x: x.permute(1, 0).contiguous(memory_format=torch.contiguous_format),
            lambda x: torch.linspace(0, 1, 5) + torch.arange(5) * x,
        ],
    )
    def test_literals_of_every_kind(self, backend, function, tmp_path):
        made = program(function, X)
        check_samples(backend, made, export(backend, made, tmp_path))


@pytest.mark.parametrize("form", ["jit", "pt2"])
def test_loading_may_run_code_so_it_is_declared(form):
    assert PLUGINS.runners.get(form).runs_code


@pytest.mark.parametrize("form", ["jit", "pt2"])
def test_a_pickle_is_no_artifact(form, tmp_path):
    torch.save({"weights": X}, tmp_path / "node.pt")
    spec = program(torch.nn.Linear(5, 2), X).spec
    with pytest.raises(BundleError, match="cannot be loaded"):
        PLUGINS.runners.get(form).open(tmp_path / "node.pt", spec, RunnerSettings())
