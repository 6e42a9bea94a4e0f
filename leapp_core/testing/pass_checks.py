"""What every program pass has to do: one function per promise, each raising ``ContractBrokenError``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.exporters import NodeProgram, ProgramPass
from leapp_core.program.passes.driver import clean_program
from leapp_core.testing.programs import Case, cases, draw_like, make_program
from leapp_core.testing.results import check_result
from leapp_core.testing.subject import ContractBrokenError, compare, evaluate, to_array

if TYPE_CHECKING:
    from torch.export import ExportedProgram

FRESH = 3
EXAMPLE = "its example"
NOTHING_REWRITTEN = "no program of the kit holds what it rewrites: return a module that does from example()"


@dataclass(frozen=True)
class PassSubject:
    """A pass with those that have to run before it.

    Attributes:
        program_pass: The pass.
        others: Those it requires, and those that they require.
    """

    program_pass: ProgramPass
    others: tuple[ProgramPass, ...] = ()

    @classmethod
    def among(cls, program_pass: ProgramPass, available: Iterable[ProgramPass]) -> PassSubject:
        """Return a pass with those of the available ones that it requires, directly or not."""
        by_name = {other.name: other for other in available}
        wanted, found = list(program_pass.requires), dict[str, ProgramPass]()
        while wanted:
            name = wanted.pop()
            if name in by_name and name not in found:
                found[name] = by_name[name]
                wanted += by_name[name].requires
        return cls(program_pass, tuple(found.values()))


PassCheck = Callable[[PassSubject, Path], None]


def keeps_its_contract(subject: PassSubject, folder: Path) -> None:
    """Attributes and methods are those of the contract, and it says what it does."""
    check_contract(subject.program_pass, ProgramPass, "pass")
    if not subject.program_pass.summary.strip():
        raise ContractBrokenError("summary is empty: users have to know what is done to their programs")


def returns_what_it_says(subject: PassSubject, folder: Path) -> None:
    """What its methods return is of the types that the contract says."""
    check_result(subject.program_pass.example(), ProgramPass, "example")
    (program,) = cases()[0].make()
    graph_module = copy.deepcopy(_cleaned(program, subject.others).graph_module)
    check_result(subject.program_pass.run(graph_module), ProgramPass, "run")


def removes_calls_that_exist(subject: PassSubject, folder: Path) -> None:
    """What it says it removes are overloads as programs have them: ``aten.roll.default``."""
    for name in subject.program_pass.removes:
        space, _, rest = name.partition(".")
        packet, _, overload = rest.partition(".")
        operator = getattr(getattr(torch.ops, space, None), packet, None)
        if not overload or not hasattr(operator, overload):
            raise ContractBrokenError(f"removes names {name!r}, expected an overload such as 'aten.roll.default'")


def has_an_example_that_runs(subject: PassSubject, folder: Path) -> None:
    """A module that it brings to be tried on can be exported."""
    for case in _example(subject.program_pass):
        try:
            case.make()
        except Exception as error:
            raise ContractBrokenError(f"example() cannot be exported: {type(error).__name__}: {error}") from error


def pass_cases(subject: PassSubject) -> Iterator[Case]:
    """Yield the policies of the kit, and the module that the pass brings."""
    yield from cases()
    yield from _example(subject.program_pass)


def _example(program_pass: ProgramPass) -> Iterator[Case]:
    given = program_pass.example()
    if given is None:
        return
    module, inputs = given

    def make() -> tuple[NodeProgram, ...]:
        with torch.no_grad():
            results = module.eval()(*(value.clone() for value in inputs))
        count = 1 if isinstance(results, torch.Tensor) else len(results)
        named = {f"in{number}": value for number, value in enumerate(inputs)}
        return (make_program(module, named, [f"out{number}" for number in range(count)]),)

    yield Case(EXAMPLE, make)


def rewrites_case(subject: PassSubject, folder: Path, case: Case) -> Literal["exact", "ok"]:
    """Programs of a case compute what they did, on captured and on fresh inputs, and come out the same each time.

    Returns:
        ``exact`` if one of them was rewritten, ``ok`` if it holds nothing for the pass.

    Raises:
        ContractBrokenError: values differ, or equal programs come out different.
        PluginError: the pass failed, or broke what it says of itself.
    """
    rewritten = False
    for program, equal in zip(case.make(), case.make(), strict=True):
        without = _cleaned(program, subject.others)
        found, again = (_cleaned(p, (*subject.others, subject.program_pass)) for p in (program, equal))
        if _text(found) != _text(again):
            raise ContractBrokenError("equal programs come out different: no time, counter or set may decide")
        rewritten |= _text(found) != _text(without)
        module = found.module()
        for what, inputs, wanted in _trials(program):
            with torch.no_grad():
                results = module(*inputs)
            given = {p.name: to_array(result) for p, result in zip(program.spec.outputs, results, strict=True)}
            compare(program.spec, wanted, given, what)
    return "exact" if rewritten else "ok"


def _cleaned(program: NodeProgram, passes: Sequence[ProgramPass]) -> ExportedProgram:
    with torch.no_grad():  # weights of the kit's modules want gradients, those of captured programs do not
        return clean_program(program.exported, passes)


def _text(exported: ExportedProgram) -> str:
    return str(exported.graph)


def _trials(program: NodeProgram) -> Iterator[tuple[str, tuple[torch.Tensor, ...], dict[str, torch.Tensor]]]:
    for step, sample in enumerate(program.samples):
        yield f"captured step {step}", program.sample_inputs(step), dict(sample.outputs)
    generator = torch.Generator().manual_seed(11)
    for _ in range(FRESH):
        inputs = tuple(draw_like(tensor, generator) for tensor in program.sample_inputs())
        yield "fresh inputs", inputs, evaluate(program, inputs)


PASS_CHECKS: tuple[PassCheck, ...] = (
    keeps_its_contract,
    returns_what_it_says,
    removes_calls_that_exist,
    has_an_example_that_runs,
)
