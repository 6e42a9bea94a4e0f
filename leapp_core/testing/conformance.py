"""The conformance kits without pytest: what ``leapp backends test NAME`` and its like run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from leapp_core.errors import LeappError
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import Runner
from leapp_core.testing import consumer_checks, exporter_checks, pass_checks, runner_checks
from leapp_core.testing.adapter_checks import ADAPTER_CHECKS, AdapterSubject
from leapp_core.testing.bundles import kit_bundles
from leapp_core.testing.consumer_checks import CONSUMER_CHECKS, ConsumerSubject
from leapp_core.testing.env_checks import ENV_CHECKS, EnvSubject
from leapp_core.testing.pass_checks import PASS_CHECKS, PassSubject, pass_cases
from leapp_core.testing.programs import Case, cases
from leapp_core.testing.subject import CaseRefusedError, ContractBrokenError, Subject

Verdict = Literal["exact", "ok", "refused", "failed"]


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Attributes:
        name: What was checked.
        verdict: ``exact``: the artifact of a case computed what its program does, within the tolerances of validation,
            or a pass rewrote the program and it computes what it did; ``ok``: another check holds, an artifact was
            written that there is no runner for, a consumer takes a bundle, or a pass leaves a program as it is;
            ``refused``: the format cannot express the case, or the consumer does not take the bundle, and says so as
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
    verdicts: dict[str, Verdict] = {}
    for name, check in _general(subject):
        yield _result(name, check)
    for name, check in _computing(subject):
        result = _result(name, check, "ok" if runner is None else "exact")
        verdicts[name] = result.verdict
        yield result
    yield from needed(verdicts)


def check_adapter(subject: AdapterSubject) -> Iterator[CheckResult]:
    """Run every check on a policy adapter, yielding results as they come."""
    for check in ADAPTER_CHECKS:
        yield _result(_words(check.__name__), partial(check, subject))


def check_environment(subject: EnvSubject) -> Iterator[CheckResult]:
    """Run every check on an environment provider, yielding results as they come."""
    for check in ENV_CHECKS:
        yield _result(_words(check.__name__), partial(check, subject))


def check_consumer(subject: ConsumerSubject) -> Iterator[CheckResult]:
    """Run every check on a consumer, then show it the bundles of the kit, yielding results as they come."""
    for check in CONSUMER_CHECKS:
        yield _result(_words(check.__name__), partial(check, subject))
    for bundle in kit_bundles(PluginManager()):
        yield _result(f"judges {bundle.name}", partial(consumer_checks.judges_bundle, subject, bundle=bundle))


def check_pass(subject: PassSubject) -> Iterator[CheckResult]:
    """Run every check on a program pass, then every case, yielding results as they come."""
    for check in PASS_CHECKS:
        yield _result(_words(check.__name__), partial(check, subject))
    verdicts = []
    for case in pass_cases(subject):
        result = _result(f"keeps {case.name}", partial(pass_checks.rewrites_case, subject, case=case))
        verdicts.append(result.verdict)
        yield result
    if set(verdicts) == {"ok"}:
        yield CheckResult("rewrites a program", "failed", pass_checks.NOTHING_REWRITTEN, 0.0)


def needed(verdicts: Mapping[str, Verdict]) -> Iterator[CheckResult]:
    """Hold an exporter to what every robot needs: it may refuse much, but not everything.

    Args:
        verdicts: Outcomes of the cases by name of the check.
    """
    recurrent = [_exports(case) for case in cases() if case.recurrent]
    for what, names in (("an MLP", [_exports(cases()[0])]), ("a recurrent policy", recurrent)):
        found = {verdicts.get(name) for name in names}
        best: Verdict = "exact" if "exact" in found else "ok" if "ok" in found else "failed"
        detail = "" if best != "failed" else f"none of these holds: {', '.join(names)}"
        yield CheckResult(f"takes {what}", best, detail, 0.0)


def _exports(case: Case) -> str:
    return f"exports {case.name}"


def _general(subject: Subject) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Return what holds whatever the program is."""
    for general in exporter_checks.GENERAL:
        yield _words(general.__name__), partial(general, subject)
    if subject.runner is not None:
        for check in runner_checks.RUNNER_CHECKS:
            yield f"runner {_words(check.__name__)}", partial(check, subject)


def _computing(subject: Subject) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Return what compares an artifact with its program."""
    for case in cases():
        yield _exports(case), partial(exporter_checks.exports_case, subject, case=case)
    if exporter_checks.has_dynamic_batch(subject.exporter):
        for case in cases():
            if case.batchable:
                yield f"dynamic batch: {case.name}", partial(exporter_checks.serves_any_batch, subject, case=case)


def _result(name: str, check: Callable[[Path], Verdict | None], holds: Verdict = "ok") -> CheckResult:
    with tempfile.TemporaryDirectory(prefix="leapp-check-") as folder:
        started = time.perf_counter()
        verdict, detail = judge(check, Path(folder), holds)
        return CheckResult(name, verdict, detail, time.perf_counter() - started)


def judge(check: Callable[[Path], Verdict | None], folder: Path, holds: Verdict = "ok") -> tuple[Verdict, str]:
    """Run a check in a folder of its own and return its outcome, with what is wrong.

    Args:
        check: Raises if it does not hold; it may return the verdict that it comes to.
        folder: An empty folder.
        holds: The verdict if it holds and returns none.
    """
    try:
        return check(folder) or holds, ""
    except CaseRefusedError as refused:
        return "refused", refused.reason
    except (ContractBrokenError, LeappError) as error:
        return "failed", str(error)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, and that is a finding, not our crash
        return "failed", f"{type(error).__name__}: {error}"


def _words(name: str) -> str:
    return name.replace("_", " ")
