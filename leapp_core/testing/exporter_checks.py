"""What every exporter has to do: one function per promise, each raising ``ContractBrokenError``."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from leapp_core.errors import ExportError, LeappError, UsageError
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.exporters import Exporter, NodeProgram, WrittenArtifact
from leapp_core.testing.programs import Case, cases, draw_like
from leapp_core.testing.results import check_result
from leapp_core.testing.subject import (
    CaseRefusedError,
    ContractBrokenError,
    Subject,
    compare,
    evaluate,
    export,
    open_artifact,
    run,
)

FRESH = 3
BATCHES = (1, 2, 5)

Check = Callable[[Subject, Path], None]


def describes_itself(subject: Subject, folder: Path) -> None:
    """Name, format, suffix and options are stated as the registry and the command line need them."""
    exporter = subject.exporter
    if not isinstance(exporter, Exporter):
        raise ContractBrokenError(
            f"{type(exporter).__name__} does not derive from leapp_core.plugins.exporters.Exporter"
        )
    for attribute in ("name", "format", "suffix"):
        if not isinstance(getattr(exporter, attribute, None), str) or not getattr(exporter, attribute):
            raise ContractBrokenError(f"class attribute {attribute!r} must be a non-empty string")
    if not exporter.suffix.startswith("."):
        raise ContractBrokenError(f"suffix {exporter.suffix!r} must begin with a dot")
    if not dataclasses.is_dataclass(exporter.options_type):
        raise ContractBrokenError("options_type must be a dataclass")
    exporter.parse_options({})


def refuses_bad_options(subject: Subject, folder: Path) -> None:
    """Unknown options and values of the wrong type are usage errors, before any work."""
    names = [item.name for item in dataclasses.fields(subject.exporter.options_type)]
    given: list[dict[str, object]] = [{"no_such_option": 1}, *({name: object()} for name in names)]
    for options in given:
        try:
            subject.exporter.parse_options(options)
        except UsageError:
            continue
        raise ContractBrokenError(f"parse_options accepted {options}")


def returns_what_it_says(subject: Subject, folder: Path) -> None:
    """What its methods return is of the types that the contract says."""
    exporter = subject.exporter
    check_contract(exporter, Exporter, "backend")
    options = exporter.parse_options({})
    if not isinstance(options, exporter.options_type):
        raise ContractBrokenError(f"parse_options() gave {options!r}, expected a {exporter.options_type.__name__}")
    program = usable_program(subject)
    check_result(exporter.check(program, options), Exporter, "check")  # type: ignore[func-returns-value]
    check_result(export(subject, program, folder), Exporter, "export")


def leaves_the_program_alone(subject: Subject, folder: Path) -> None:
    """Exporting changes neither the program nor the captured values."""
    (program,) = cases()[0].make()
    before = _fingerprint(program)
    export(subject, program, folder)
    if _fingerprint(program) != before:
        raise ContractBrokenError("the program was changed by exporting it")


def _fingerprint(program: NodeProgram) -> str:
    digest = hashlib.sha256(str(program.exported.graph).encode())
    for tensor in (*program.exported.state_dict.values(), *program.samples[0].inputs.values()):
        digest.update(tensor.detach().numpy().tobytes())
    return digest.hexdigest()


def writes_only_its_files(subject: Subject, folder: Path) -> None:
    """The artifact is at the destination asked for; further files are beside it and begin with its name."""
    (program,) = cases()[0].make()
    written = export(subject, program, folder)
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    # Nodes of one pipeline are written to one folder: files of other names would overwrite each other.
    foreign = [name for name in found if not re.match(rf"{re.escape(written.path.stem)}[._]", name)]
    if foreign or written.path.name not in found or written.path.parent != folder:
        raise ContractBrokenError(
            f"wrote {found}, expected {written.path.name} in the folder of the destination, "
            f"and other files only with names that begin with {written.path.stem!r}"
        )
    missing = set() if subject.runner is None else set(subject.runner.reads(written.path)) - set(found)
    if missing:
        raise ContractBrokenError(f"wrote {found}, and the runner reads {sorted(missing)}")


def writes_equal_bytes(subject: Subject, folder: Path) -> None:
    """The same program gives the same bytes: bundles are compared and cached by hash."""
    contents = []
    for attempt in ("first", "second"):
        program = usable_program(subject)
        (folder / attempt).mkdir()
        export(subject, program, folder / attempt)
        contents.append(_contents(folder / attempt))
    if contents[0] != contents[1]:
        raise ContractBrokenError("two exports of one program differ: no time, counter or path may get into the file")


def holds_no_paths(subject: Subject, folder: Path) -> None:
    """Nothing in the files tells where they were made."""
    (program,) = cases()[0].make()
    export(subject, program, folder)
    for secret in (str(folder), str(Path.home()), str(Path(__file__).parent)):
        for name, content in _contents(folder).items():
            if secret.encode() in content:
                raise ContractBrokenError(f"the file {name} holds the path {secret}")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def tells_of_failed_writes(subject: Subject, folder: Path) -> None:
    """A destination that cannot be written is an error, never a silent success."""
    (program,) = cases()[0].make()
    for place, what in ((folder / "missing", "a folder that does not exist"), (_full_disk, "a full disk")):
        try:
            if isinstance(place, Path):
                export(subject, program, place)
            else:
                with place():
                    export(subject, program, folder)
        except (LeappError, OSError):
            continue
        raise ContractBrokenError(f"writing to {what} was reported as success")


@contextmanager
def _full_disk() -> Iterator[None]:
    """Let files grow to 1000 bytes only, where the operating system can."""
    import signal

    try:
        import resource
    except ImportError as error:
        raise OSError("this system has no file size limits to check with") from error
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def exports_case(subject: Subject, folder: Path, case: Case) -> None:
    """Artifacts of a case compute what its programs compute, on captured and on fresh inputs.

    Raises:
        CaseRefusedError: the format cannot express it, and the refusal says what and what to do.
        ContractBrokenError: values differ, or the refusal does not say that.
    """
    for program in case.make():
        written = export_or_refused(subject, program, folder)
        if subject.runner is not None:
            session = open_artifact(subject, program, written)
            for step, sample in enumerate(program.samples):
                compare(program.spec, sample.outputs, run(session, sample.inputs), f"captured step {step}")
            for inputs in _fresh(program):
                found = run(session, inputs)
                compare(program.spec, evaluate(program, tuple(inputs.values())), found, "fresh inputs")


def export_or_refused(
    subject: Subject, program: NodeProgram, folder: Path, options: Mapping[str, Any] | None = None
) -> WrittenArtifact:
    """Write the artifact.

    Raises:
        CaseRefusedError: the exporter refuses the program, naming an operator or element type of it, and a fix.
        ContractBrokenError: the refusal lacks one of them.
    """
    try:
        return export(subject, program, folder, options)
    except ExportError as error:
        lacks = [
            what
            for what, there in (("no operator or element type", _names_part(program, error)), ("no fix", error.fix))
            if not there
        ]
        if lacks:
            raise ContractBrokenError(f"the refusal names {' and '.join(lacks)}: {error}") from error
        raise CaseRefusedError(str(error)) from error


def _names_part(program: NodeProgram, error: ExportError) -> bool:
    """Return whether a refusal names something of the program: an operator, or an element type.

    The fix is not looked at: "compute in float32" says nothing of what is wrong. Many operators are everyday words
    (``to``, ``where``), so one counts only as ``aten.to``, in quotes, or behind the word operator.
    """
    text = " ".join(filter(None, (error.message, error.where, error.expected))).lower()
    targets = [str(node.target) for node in program.exported.graph.nodes if node.op == "call_function"]
    operators = "|".join(re.escape(part) for target in targets for part in target.split(".")[1:2])
    ports = (*program.spec.inputs, *program.spec.outputs)
    types = "|".join(re.escape(port.dtype) for port in ports)
    return any(
        found and re.search(rf"{before}({found})(?![a-z0-9_])", text)
        for before, found in ((r"(?:aten\.|operators? |['\"`])", operators), (r"(?<![a-z0-9_])", types))
    )


def usable_program(subject: Subject, recurrent: bool = True) -> NodeProgram:
    """Return a program that the exporter takes: a recurrent one if there is, and if one is wanted, else an MLP."""
    for case in (*(case for case in cases() if case.recurrent and recurrent), cases()[0]):
        with tempfile.TemporaryDirectory() as folder:
            (program,) = case.make()
            try:
                export(subject, program, Path(folder))
            except ExportError:
                continue
            return case.make()[0]
    return cases()[0].make()[0]


def _fresh(program: NodeProgram) -> Iterator[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(11)
    for scale in range(FRESH):
        drawn = {name: draw_like(tensor, generator) for name, tensor in program.samples[0].inputs.items()}
        yield {name: tensor * scale if tensor.is_floating_point() else tensor for name, tensor in drawn.items()}


def serves_any_batch(subject: Subject, folder: Path, case: Case) -> None:
    """With the option ``dynamic_batch``, each row gives what it gives alone; raises as :func:`exports_case`."""
    from leapp_core.testing.rows import check_rows

    for program in case.make():
        written = export_or_refused(subject, program, folder, {"dynamic_batch": True})
        spec = written.spec or program.spec
        if not any(isinstance(size, str) for port in spec.inputs for size in port.shape):
            raise ContractBrokenError("dynamic_batch was asked for and no input has a symbolic size")
        if subject.runner is not None:
            session = open_artifact(subject, program, written)
            for batch in BATCHES:
                check_rows(program, spec, session, batch)


GENERAL: tuple[Check, ...] = (
    describes_itself,
    returns_what_it_says,
    refuses_bad_options,
    leaves_the_program_alone,
    writes_only_its_files,
    writes_equal_bytes,
    holds_no_paths,
    tells_of_failed_writes,
)
"""Checks that need no case."""


def has_dynamic_batch(exporter: Exporter) -> bool:
    """Return whether the exporter has the option."""
    return any(item.name == "dynamic_batch" for item in dataclasses.fields(exporter.options_type))
