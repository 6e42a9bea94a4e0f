"""Passes that plugins bring: they run, in their order, and each is held to what it says of itself."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
import torch

import leapp_core
from leapp_core.errors import PluginError
from leapp_core.plugins.exporters import ProgramPass
from leapp_core.plugins.manager import PluginManager
from leapp_core.tracing.result import CapturedPipeline
from tests.cli.invoke import leapp

aten = torch.ops.aten
PLUGIN = """
from leapp_core import hookimpl
from tests.contracts.test_passes_contract import DoubleBySum, Idle

@hookimpl
def leapp_register_passes(registry):
    registry.add(DoubleBySum())
    registry.add(Idle())
"""


class DoubleBySum(ProgramPass):
    """``x * 2`` becomes ``x + x``."""

    name = "double-by-sum"
    removes = ("aten.mul.Tensor",)

    def run(self, graph_module: Any) -> bool:
        calls = [n for n in graph_module.graph.nodes if n.target is aten.mul.Tensor]
        for node in calls:
            with graph_module.graph.inserting_before(node):
                node.replace_all_uses_with(graph_module.graph.call_function(aten.add.Tensor, (node.args[0],) * 2))
            graph_module.graph.erase_node(node)
        return bool(calls)


class Recorded(ProgramPass):
    """Changes nothing and remembers that it ran."""

    name = "recorded"
    ran: ClassVar[list[str]] = []

    def __init__(self, name: str = "recorded", requires: tuple[str, ...] = ()) -> None:
        self.name, self.requires = name, requires  # type: ignore[misc]
        self.ran.clear()

    def run(self, graph_module: Any) -> bool:
        self.ran.append(self.name)
        return False


def compiled(*passes: ProgramPass) -> CapturedPipeline:
    class Plugin:
        @leapp_core.hookimpl
        def leapp_register_passes(self, registry: Any) -> None:
            for program_pass in passes:
                registry.add(program_pass)

    plugins = PluginManager()
    plugins.register(Plugin(), "passes")
    with leapp_core.capture("doubling") as session:
        for _ in range(3):
            x = torch.rand(1, 3)
            session.input_tensors("node", {"x": x})
            session.output_tensors("node", {"y": x * 2})
    return session.compile(plugins)


def targets(captured: CapturedPipeline) -> set[str]:
    return {str(n.target) for n in captured.programs["node"].exported.graph.nodes if n.op == "call_function"}


def test_a_registered_pass_rewrites_the_program() -> None:
    assert targets(compiled()) == {"aten.mul.Tensor"}
    assert targets(compiled(DoubleBySum())) == {"aten.add.Tensor"}


def test_passes_run_by_name_behind_those_they_require() -> None:
    compiled(Recorded("a", requires=("c",)), Recorded("b"), Recorded("c"))
    assert sorted(Recorded.ran) == ["a", "b", "c"]
    assert Recorded.ran.index("c") < Recorded.ran.index("a")


def test_a_required_pass_that_is_missing_is_named() -> None:
    with pytest.raises(PluginError, match="'a' requires pass 'nobody'"):
        compiled(Recorded("a", requires=("nobody",)))


def test_passes_that_require_each_other_are_named() -> None:
    with pytest.raises(PluginError, match="require each other: "):
        compiled(Recorded("a", requires=("b",)), Recorded("b", requires=("a",)))


class Wrong(DoubleBySum):
    """Computes something else."""

    name = "wrong"

    def run(self, graph_module: Any) -> bool:
        for node in graph_module.graph.nodes:
            if node.target is aten.mul.Tensor:
                node.args = (node.args[0], 2.0000002)
                return True
        return False


class AlmostRight(Wrong):
    """Says that rounding may differ."""

    name = "almost"
    removes = ()
    keeps_bits = False


class LeavesCalls(Wrong):
    """Says that it removes what it leaves."""

    name = "leaves"

    def run(self, graph_module: Any) -> bool:
        return True


class Breaks(DoubleBySum):
    """Raises."""

    name = "breaks"

    def run(self, graph_module: Any) -> bool:
        raise KeyError("val")


def test_a_pass_that_changes_results_is_named() -> None:
    class Careless(Wrong):
        removes = ()

    with pytest.raises(PluginError, match="'wrong' changed result 0 of the program"):
        compiled(Careless())


def test_a_pass_may_say_that_rounding_differs() -> None:
    assert targets(compiled(AlmostRight())) == {"aten.mul.Tensor"}


def test_a_pass_that_leaves_what_it_says_it_removes_is_named() -> None:
    with pytest.raises(PluginError, match=r"'leaves' left calls of aten\.mul\.Tensor"):
        compiled(LeavesCalls())


class Silent(Wrong):
    """Changes results and says that it changed nothing."""

    name = "silent"

    def run(self, graph_module: Any) -> bool:
        super().run(graph_module)
        return False


def test_a_pass_that_changes_the_program_without_a_word_is_named() -> None:
    with pytest.raises(PluginError, match="'silent' changed the program and returned False"):
        compiled(Silent())


def test_a_pass_that_raises_is_named() -> None:
    with pytest.raises(PluginError, match="'breaks' failed or left a graph"):
        compiled(Breaks())


def test_passes_are_listed(install: Any) -> None:
    assert leapp("passes", "list").out.strip() == "no plugin brings a pass"
    install("leapp_passing", PLUGIN)
    listed = json.loads(leapp("passes", "list", "--json").out)["passes"]
    assert [(fact["name"], fact["distribution"]) for fact in listed] == [
        ("double-by-sum", "leapp_passing"),
        ("idle", "leapp_passing"),
    ]
    assert "x * 2 as x + x" in leapp("passes", "list").out


@pytest.mark.slow
def test_grades_come_from_the_command_line(install: Any) -> None:
    install("leapp_passing", PLUGIN)
    done = leapp("passes", "test", "double-by-sum", "--json")
    facts = json.loads(done.out)
    assert (done.code, facts["ok"], facts["counts"]["failed"]) == (0, True, 0)
    assert {c["name"]: c["verdict"] for c in facts["checks"]}["keeps its example"] == "exact"
    idle = leapp("passes", "test", "idle", "--json")
    (wrong,) = [check for check in json.loads(idle.out)["checks"] if not check["ok"]]
    assert (idle.code, wrong["name"], "example()" in wrong["detail"]) == (9, "rewrites a program", True)
