"""The conformance kit without pytest: what ``leapp backends test NAME`` runs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from leapp_core.errors import LeappError
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.runners import Runner
from leapp_core.testing import exporter_checks, runner_checks
from leapp_core.testing.programs import cases
from leapp_core.testing.subject import ContractBrokenError, Subject


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Attributes:
        name: What was checked.
        ok: It holds.
        detail: What is wrong, empty if nothing.
        seconds: How long it took.
    """

    name: str
    ok: bool
    detail: str
    seconds: float


def check_exporter(exporter: Exporter, runner: Runner | None) -> Iterator[CheckResult]:
    """Run every check on an exporter, and on its runner if there is one, yielding results as they come.

    Args:
        exporter: The exporter.
        runner: The runner of its format.
    """
    subject = Subject(exporter, runner)
    for name, check in _checks(subject):
        with tempfile.TemporaryDirectory(prefix="leapp-check-") as folder:
            started = time.perf_counter()
            detail = _failure(check, Path(folder))
            yield CheckResult(name, not detail, detail, time.perf_counter() - started)


def _checks(subject: Subject) -> Iterator[tuple[str, Callable[[Path], None]]]:
    for general in exporter_checks.GENERAL:
        yield _words(general.__name__), lambda folder, check=general: check(subject, folder)  # type: ignore[misc]
    for case in cases():
        yield (
            f"exports {case.name}",
            lambda folder, case=case: exporter_checks.exports_case(subject, folder, case),  # type: ignore[misc]
        )
    if exporter_checks.has_dynamic_batch(subject.exporter):
        for case in cases():
            if case.batchable and not case.refusable:
                yield (
                    f"dynamic batch: {case.name}",
                    lambda folder, case=case: exporter_checks.serves_any_batch(subject, folder, case),  # type: ignore[misc]
                )
    if subject.runner is not None:
        for check in runner_checks.RUNNER_CHECKS:
            yield f"runner {_words(check.__name__)}", lambda folder, check=check: check(subject, folder)  # type: ignore[misc]


def _failure(check: Callable[[Path], None], folder: Path) -> str:
    try:
        check(folder)
    except (ContractBrokenError, LeappError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and that is a finding, not our crash
        return f"{type(error).__name__}: {error}"
    return ""


def _words(name: str) -> str:
    return name.replace("_", " ")
