"""The conformance kit without pytest: what ``leapp backends test NAME`` runs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from leapp_core.errors import LeappError
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.runners import Runner
from leapp_core.testing import exporter_checks, runner_checks
from leapp_core.testing.adapter_checks import ADAPTER_CHECKS, AdapterSubject
from leapp_core.testing.programs import cases
from leapp_core.testing.subject import CaseRefusedError, ContractBrokenError, Subject

Verdict = Literal["ok", "refused", "failed"]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Attributes:
        name: What was checked.
        verdict: ``ok``: it holds, for cases exactly; ``refused``: the format cannot express the case, and says so as
            its contract asks; ``failed``.
        detail: What is wrong or was refused, empty if nothing.
        seconds: How long it took.
    """

    name: str
    verdict: Verdict
    detail: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.verdict != "failed"


def check_exporter(exporter: Exporter, runner: Runner | None) -> Iterator[CheckResult]:
    """Run every check on an exporter, and on its runner if there is one, yielding results as they come.

    Args:
        exporter: The exporter.
        runner: The runner of its format.
    """
    subject = Subject(exporter, runner)
    exact: list[str] = []
    for name, check in _checks(subject):
        with tempfile.TemporaryDirectory(prefix="leapp-check-") as folder:
            started = time.perf_counter()
            verdict, detail = judge(check, Path(folder))
            made = CheckResult(name, verdict, detail, time.perf_counter() - started)
            exact += [name] if verdict == "ok" else []
            yield made
    yield from needed(exact)


def check_adapter(subject: AdapterSubject) -> Iterator[CheckResult]:
    """Run every check on a policy adapter, yielding results as they come."""
    for check in ADAPTER_CHECKS:
        with tempfile.TemporaryDirectory(prefix="leapp-check-") as folder:
            started = time.perf_counter()
            verdict, detail = judge(partial(check, subject), Path(folder))
            yield CheckResult(_words(check.__name__), verdict, detail, time.perf_counter() - started)


def needed(exact: list[str]) -> Iterator[CheckResult]:
    """An exporter may refuse much, but not everything that robots run."""
    recurrent = [f"exports {case.name}" for case in cases() if case.recurrent]
    for what, names in (("an MLP", ["exports mlp"]), ("one recurrent policy", recurrent)):
        held = any(name in exact for name in names)
        detail = "" if held else f"none of these is: {', '.join(names)}"
        yield CheckResult(f"{what} is exact", "ok" if held else "failed", detail, 0.0)


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
            if case.batchable:
                yield (
                    f"dynamic batch: {case.name}",
                    lambda folder, case=case: exporter_checks.serves_any_batch(subject, folder, case),  # type: ignore[misc]
                )
    if subject.runner is not None:
        for check in runner_checks.RUNNER_CHECKS:
            yield f"runner {_words(check.__name__)}", lambda folder, check=check: check(subject, folder)  # type: ignore[misc]


def judge(check: Callable[[Path], None], folder: Path) -> tuple[Verdict, str]:
    """Run a check in a folder of its own and return its outcome, with what is wrong."""
    try:
        check(folder)
    except CaseRefusedError as refused:
        return "refused", refused.reason
    except (ContractBrokenError, LeappError) as error:
        return "failed", str(error)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and that is a finding, not our crash
        return "failed", f"{type(error).__name__}: {error}"
    return "ok", ""


def _words(name: str) -> str:
    return name.replace("_", " ")
