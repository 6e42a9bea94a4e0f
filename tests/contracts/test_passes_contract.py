"""The kit for program passes: one that keeps its promises passes it, others are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from leapp_core.errors import PluginError
from leapp_core.plugins.exporters import ProgramPass
from leapp_core.testing import pass_checks
from leapp_core.testing.contracts import PassContract
from leapp_core.testing.pass_checks import PassSubject
from leapp_core.testing.programs import Case, cases
from leapp_core.testing.subject import ContractBrokenError

aten = torch.ops.aten


class DoubleBySum(ProgramPass):
    """``x * 2`` becomes ``x + x``."""

    name = "double-by-sum"
    summary = "x * 2 as x + x"

    def run(self, graph_module: Any) -> bool:
        graph = graph_module.graph
        calls = [n for n in graph.nodes if n.target is aten.mul.Tensor and n.args[1:] == (2,)]
        for node in calls:
            with graph.inserting_before(node):
                node.replace_all_uses_with(graph.call_function(aten.add.Tensor, (node.args[0],) * 2))
            graph.erase_node(node)
        return bool(calls)

    def example(self) -> Any:
        class Twice(torch.nn.Module):
            def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
                return x * 2, y - 1

        return Twice(), (torch.ones(1, 3), torch.ones(2))


class Idle(ProgramPass):
    """Rewrites nothing that any policy holds."""

    name = "idle"
    summary = "nothing"

    def run(self, graph_module: Any) -> bool:
        return False


class Fickle(DoubleBySum):
    """Comes out different each time."""

    ran = 0

    def run(self, graph_module: Any) -> bool:
        type(self).ran += 1
        return super().run(graph_module) if self.ran % 2 else False


class Tripling(DoubleBySum):
    """Computes something else, and says that it changed nothing."""

    says, by = True, 3

    def run(self, graph_module: Any) -> bool:
        for node in graph_module.graph.nodes:
            if node.target is aten.mul.Tensor and node.args[1:] == (2,):
                node.args = (node.args[0], self.by)
                return self.says
        return False


class Secret(Tripling):
    says, by = False, 2.0000002


class Wordless(Idle):
    summary = " "


class Misspelt(Idle):
    removes = ("aten.rol.default",)


class Unexported(Idle):
    def example(self) -> Any:
        return torch.nn.Linear(3, 2), (torch.ones(1, 4),)


class Behind(Idle):
    name = "behind"
    requires = ("middle",)


class Middle(Idle):
    name = "middle"
    requires = ("idle",)


def example_of(subject: PassSubject) -> Case:
    return list(pass_checks.pass_cases(subject))[-1]


@pytest.mark.slow
class TestDoubleBySum(PassContract):
    program_pass = DoubleBySum()


def test_a_rewrite_that_computes_the_same_is_exact(tmp_path: Path) -> None:
    subject = PassSubject(DoubleBySum())
    assert example_of(subject).name == pass_checks.EXAMPLE
    assert pass_checks.rewrites_case(subject, tmp_path, example_of(subject)) == "exact"
    assert pass_checks.rewrites_case(subject, tmp_path, cases()[0]) == "ok"


@pytest.mark.parametrize(
    ("program_pass", "error", "said"),
    [
        (Fickle(), ContractBrokenError, "equal programs come out different"),
        (Tripling(), PluginError, "'double-by-sum' changed result 0 of the program"),
        (Secret(), PluginError, "'double-by-sum' changed the program and returned False"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_rewrite_that_does_not_is_found(
    program_pass: ProgramPass, error: type[Exception], said: str, tmp_path: Path
) -> None:
    subject = PassSubject(program_pass)
    with pytest.raises(error, match=said):
        pass_checks.rewrites_case(subject, tmp_path, example_of(subject))


@pytest.mark.parametrize(
    ("program_pass", "check", "said"),
    [
        (Wordless(), pass_checks.keeps_its_contract, "summary is empty"),
        (Misspelt(), pass_checks.removes_calls_that_exist, "removes names 'aten.rol.default', expected an overload"),
        (Unexported(), pass_checks.has_an_example_that_runs, "example() cannot be exported"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_broken_promise_is_found(
    program_pass: ProgramPass, check: Callable[[PassSubject, Path], None], said: str, tmp_path: Path
) -> None:
    check(PassSubject(DoubleBySum()), tmp_path)
    with pytest.raises(ContractBrokenError, match=said.replace("(", r"\(").replace(")", r"\)")):
        check(PassSubject(program_pass), tmp_path)


def test_passes_that_are_required_come_along() -> None:
    subject = PassSubject.among(Behind(), [DoubleBySum(), Idle(), Middle(), Behind()])
    assert {other.name for other in subject.others} == {"middle", "idle"}
