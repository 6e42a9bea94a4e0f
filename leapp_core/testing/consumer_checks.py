"""What every consumer has to do: one function per promise, each raising ``ContractBrokenError``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leapp_core.plugins.consumers import ConsumedBundle, Consumer, Finding, check_consumer, ports_of
from leapp_core.plugins.contract import check_contract, fits
from leapp_core.testing.bundles import KitBundle
from leapp_core.testing.results import check_result
from leapp_core.testing.subject import CaseRefusedError, ContractBrokenError


@dataclass(frozen=True)
class ConsumerSubject:
    """A consumer.

    Attributes:
        consumer: The consumer.
    """

    consumer: Consumer


ConsumerCheck = Callable[[ConsumerSubject, Path], None]


def keeps_its_contract(subject: ConsumerSubject, folder: Path) -> None:
    """Attributes and methods are those of the contract; it says what it is and how its rules are known."""
    check_contract(subject.consumer, Consumer, "consumer")
    absent = [name for name in ("summary", "evidence") if not getattr(subject.consumer, name).strip()]
    if absent:
        raise ContractBrokenError(f"{' and '.join(absent)} is empty: users have to know whose rules these are")


def states_its_rules(subject: ConsumerSubject, folder: Path) -> None:
    """Rules are the same each time, with a name of their own and a fact."""
    rules = subject.consumer.rules()
    check_result(rules, Consumer, "rules")
    if not rules:
        raise ContractBrokenError("rules() gave none, expected a Rule per fact")
    for rule in rules:
        if not rule.name.strip() or not rule.fact.strip():
            raise ContractBrokenError(f"rule {rule.name!r} has no {'fact' if rule.name.strip() else 'name'}")
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ContractBrokenError(f"two rules are called {twice[0]!r}: findings are told by the name of their rule")
    again = [rule.name for rule in subject.consumer.rules()]
    if again != names:
        raise ContractBrokenError(f"rules() gave {names}, then {again}")


def loads_without_torch(subject: ConsumerSubject, folder: Path) -> None:
    """Its module loads no PyTorch: bundles are checked on robots, too."""
    module = type(subject.consumer).__module__
    probe = f"import importlib, sys\nimportlib.import_module({module!r})\nsys.exit('torch' in sys.modules)"
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ContractBrokenError(f"importing {module} {f'fails: {said[-1]}' if said else 'loads PyTorch'}")


def judges_bundle(subject: ConsumerSubject, folder: Path, bundle: KitBundle) -> None:
    """It takes a bundle, or says for everything that it does not take what is the case and what to do.

    Raises:
        CaseRefusedError: it does not take the bundle, and says why.
        ContractBrokenError: it takes what nothing can run, a finding lacks something, or a second look finds another.
    """
    made = bundle.make(folder)
    before = _contents(folder)
    _check_types(subject.consumer, made)
    found = check_consumer(subject.consumer, made)
    for finding in found:
        _check_finding(finding, made)
    if check_consumer(subject.consumer, made) != found:
        raise ContractBrokenError("looking at the bundle again finds something else")
    blocking = [finding for finding in found if finding.blocks]
    objected = [finding.port for finding in blocking]
    for port in ports_of(made.document):
        if port in objected:
            continue
        served = subject.consumer.serves(port)
        check_result(served, Consumer, "serves")
        if not served.strip():
            raise ContractBrokenError(f"serves() gave {served!r} for {port.ref}, expected how it is fed or used")
    if _contents(folder) != before:
        raise ContractBrokenError("looking at the bundle changed its files")
    if bundle.impossible and not blocking:
        formats = sorted({artifact.format for artifact in made.document.artifacts.values()})
        raise ContractBrokenError(f"it takes a bundle of format {formats[0]!r}, which nothing can run")
    if blocking:
        told = dict.fromkeys(f"{finding.rule}: {finding.message}; {finding.fix}" for finding in blocking)
        raise CaseRefusedError("\n".join(told))


def _check_types(consumer: Consumer, bundle: ConsumedBundle) -> None:
    for rule in consumer.rules():
        found = list(rule.check(bundle))
        if not fits(found, list[Finding]):
            raise ContractBrokenError(f"check() of rule {rule.name!r} gave {found!r}, expected findings")


def _check_finding(finding: Finding, bundle: ConsumedBundle) -> None:
    lacks = [name for name in ("message", "fix") if not getattr(finding, name).strip()]
    if lacks:
        raise ContractBrokenError(f"a finding of rule {finding.rule!r} has no {' and no '.join(lacks)}")
    if finding.port is not None and finding.port not in ports_of(bundle.document):
        raise ContractBrokenError(f"rule {finding.rule!r} names {finding.port.ref}, which the bundle does not have")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


CONSUMER_CHECKS: tuple[ConsumerCheck, ...] = (keeps_its_contract, states_its_rules, loads_without_torch)
