"""What every runner has to do: one function per promise, each raising ``ContractBrokenError``."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from leapp_core.errors import BundleError, UsageError
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.exporters import NodeProgram, WrittenArtifact
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.port import PortSpec
from leapp_core.testing.exporter_checks import usable_program
from leapp_core.testing.results import check_result
from leapp_core.testing.subject import ContractBrokenError, Subject, compare, export, open_artifact, run, to_array

RunnerCheck = Callable[[Subject, Path], None]


def _artifact(subject: Subject, folder: Path) -> tuple[NodeProgram, WrittenArtifact]:
    program = usable_program(subject)
    return program, export(subject, program, folder)


def returns_what_it_says(subject: Subject, folder: Path) -> None:
    """What its methods return, and those of what it opens, is of the types that the contracts say."""
    assert subject.runner is not None
    runner = subject.runner
    check_contract(runner, Runner, "artifact format")
    program, written = _artifact(subject, folder)
    for method in ("reads", "facts", "weights"):
        check_result(getattr(runner, method)(written.path), Runner, method)
    session = open_artifact(subject, program, written)
    check_result(session, Runner, "open")
    check_result(run(session, program.samples[0].inputs), ModelSession, "run")


def runs_by_name(subject: Subject, folder: Path) -> None:
    """Results come by port name, whatever the order of the inputs given."""
    program, written = _artifact(subject, folder)
    session = open_artifact(subject, program, written)
    for sample in program.samples:
        backwards = dict(reversed(list(sample.inputs.items())))
        compare(program.spec, sample.outputs, run(session, backwards), "captured step")


def keeps_no_memory(subject: Subject, folder: Path) -> None:
    """A step depends on its inputs only: state is carried by whoever runs the pipeline."""
    program, written = _artifact(subject, folder)
    session = open_artifact(subject, program, written)
    for sample in (program.samples[0], program.samples[1], program.samples[0]):
        compare(program.spec, sample.outputs, run(session, sample.inputs), "repeated step")


def leaves_inputs_alone(subject: Subject, folder: Path) -> None:
    """The caller's arrays are read only; read-only arrays are taken too."""
    program, written = _artifact(subject, folder)
    session = open_artifact(subject, program, written)
    arrays = {name: to_array(tensor) for name, tensor in program.samples[0].inputs.items()}
    before = {name: array.copy() for name, array in arrays.items()}
    for array in arrays.values():
        array.flags.writeable = False
    session.run(arrays)
    if any((arrays[name] != before[name]).any() for name in arrays):
        raise ContractBrokenError("run changed the caller's inputs")


def gives_own_results(subject: Subject, folder: Path) -> None:
    """Returned arrays belong to the caller: later runs and other sessions do not change them."""
    program, written = _artifact(subject, folder)
    sessions = [open_artifact(subject, program, written) for _ in range(2)]
    first = run(sessions[0], program.samples[0].inputs)
    kept = {name: array.copy() for name, array in first.items()}
    for session in sessions:
        run(session, program.samples[1].inputs)
    if any((first[name] != kept[name]).any() for name in first):
        raise ContractBrokenError("a later run changed arrays returned earlier")
    for array in first.values():
        array[...] = 0
    compare(program.spec, program.samples[0].outputs, run(sessions[0], program.samples[0].inputs), "after overwriting")


def refuses_damaged_files(subject: Subject, folder: Path) -> None:
    """Missing, empty, truncated and foreign files are bundle errors."""
    assert subject.runner is not None
    program, written = _artifact(subject, folder)
    content = written.path.read_bytes()
    damaged = folder / f"damaged{written.path.suffix}"
    for what, replacement in (
        ("empty", b""),
        ("truncated", content[: len(content) // 2]),
        ("foreign", b"no model" * 9),
    ):
        damaged.write_bytes(replacement)
        _refused(subject.runner, damaged, program, f"{what} file")
    for further in subject.runner.reads(written.path):
        (folder / further).unlink()
        _refused(subject.runner, written.path, program, f"an artifact without its file {further}")
    _refused(subject.runner, folder / "missing", program, "a file that does not exist")


def _refused(runner: Runner, path: Path, program: NodeProgram, what: str) -> None:
    try:
        runner.open(path, program.spec, RunnerSettings())
    except BundleError:
        return
    raise ContractBrokenError(f"{what} was opened")


def refuses_other_interfaces(subject: Subject, folder: Path) -> None:
    """An artifact with other inputs than the bundle states is a bundle error."""
    assert subject.runner is not None
    program, written = _artifact(subject, folder)
    extra = PortSpec("not_there", "float32", (1, 2))
    spec = dataclasses.replace(program.spec, inputs=(*program.spec.inputs, extra))
    try:
        subject.runner.open(written.path, spec, RunnerSettings())
    except BundleError:
        return
    raise ContractBrokenError("an artifact with fewer inputs than stated was opened")


def refuses_unknown_providers(subject: Subject, folder: Path) -> None:
    """An execution provider that does not exist is a usage error, never replaced by another."""
    assert subject.runner is not None
    program, written = _artifact(subject, folder)
    try:
        subject.runner.open(written.path, program.spec, RunnerSettings(provider="abacus"))
    except UsageError:
        return
    raise ContractBrokenError("provider 'abacus' was accepted")


RUNNER_CHECKS: tuple[RunnerCheck, ...] = (
    returns_what_it_says,
    runs_by_name,
    keeps_no_memory,
    leaves_inputs_alone,
    gives_own_results,
    refuses_damaged_files,
    refuses_other_interfaces,
    refuses_unknown_providers,
)
