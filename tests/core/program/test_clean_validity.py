"""A cleaned program is a program: it validates, runs, saves, keeps its interface, and its outputs stand alone."""

from __future__ import annotations

import io
import warnings

import pytest
import torch

from leapp_core.errors import PluginError
from leapp_core.plugins.exporters import ProgramPass
from leapp_core.program.passes import clean_program
from tests.core.program.conftest import calls, export, run


class Policy(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ELU(), torch.nn.Linear(4, 2))
        self.unused = torch.nn.Linear(3, 3)
        self.register_buffer("scale", torch.full((2,), 0.5))
        self.register_buffer("same", torch.full((2,), 0.5), persistent=False)

    def forward(self, x, h):
        h = torch.cat([h[1:], x])
        return (self.net(h.mean(0, keepdim=True)) * self.scale + self.same).clone(), h.clone()


@pytest.fixture
def program():
    torch.manual_seed(0)
    return export(Policy().eval(), torch.zeros(1, 6), torch.zeros(4, 6))


def test_it_validates_runs_and_saves(program):
    cleaned = clean_program(program)
    cleaned.validate()
    given = torch.randn(1, 6), torch.randn(4, 6)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(cleaned, file)
        file.seek(0)
        loaded = torch.export.load(file)
    for other in (cleaned, loaded):
        assert all(torch.equal(a, b) for a, b in zip(run(program, *given), run(other, *given), strict=True))


def test_the_given_program_is_not_changed(program):
    before = str(program)
    clean_program(program)
    assert str(program) == before


def test_user_inputs_and_outputs_keep_their_order(program):
    cleaned = clean_program(program)
    assert cleaned.graph_signature.user_inputs == program.graph_signature.user_inputs
    assert len(cleaned.graph_signature.user_outputs) == 2


def test_every_value_is_known(program):
    for node in clean_program(program).graph.nodes:
        assert node.op == "output" or isinstance(node.meta["val"], torch.Tensor)


def test_unused_weights_are_left_out_and_equal_ones_shared(program):
    cleaned = clean_program(program)
    names = {spec.target for spec in cleaned.graph_signature.input_specs if spec.target}
    assert not any(name.startswith("unused") for name in names)
    assert len(names & {"scale", "same"}) == 1
    assert set(cleaned.state_dict) <= names


def test_an_unused_user_input_stays():
    cleaned = clean_program(export(lambda x, y: x * 2, torch.zeros(2), torch.zeros(3)))
    assert len(cleaned.graph_signature.user_inputs) == 2
    assert torch.equal(run(cleaned, torch.ones(2), torch.ones(3))[0], torch.full((2,), 2.0))


def test_outputs_share_memory_with_nothing():
    cleaned = clean_program(
        export(lambda x, h: (x, x, h[:1], x * 2, (x * 2).view(-1)), torch.zeros(2, 2), torch.zeros(3))
    )
    given = torch.randn(2, 2), torch.randn(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = cleaned.module()(*given)
    places = [value.untyped_storage().data_ptr() for value in (*results, *given)]
    assert len(set(places)) == len(places)


def test_outputs_stay_contiguous():
    cleaned = clean_program(export(lambda x: x.t().contiguous(), torch.zeros(2, 3)))
    assert run(cleaned, torch.randn(2, 3))[0].is_contiguous()


class Doubling(ProgramPass):
    """Writes ``x * 2`` as ``x + x``."""

    name = "doubling"

    def run(self, graph_module: torch.fx.GraphModule) -> bool:
        for node in graph_module.graph.find_nodes(op="call_function", target=torch.ops.aten.mul.Tensor):
            node.target, node.args = torch.ops.aten.add.Tensor, (node.args[0], node.args[0])
        return True


def test_passes_of_plugins_run_after_ours():
    cleaned = clean_program(export(lambda x: x.clone() * 2, torch.zeros(2)), [Doubling()])
    assert calls(cleaned) == ["add"]


class Breaking(ProgramPass):
    name = "breaking"

    def run(self, graph_module: torch.fx.GraphModule) -> bool:
        node = next(n for n in graph_module.graph.nodes if n.op == "call_function")
        graph_module.graph.call_function(torch.ops.aten.mm.default, (node, node))
        return True


def test_a_pass_that_breaks_the_graph_is_named():
    with pytest.raises(PluginError, match="'breaking' failed or left a graph that is not a valid program"):
        clean_program(export(lambda x: -x, torch.zeros(2)), [Breaking()])
