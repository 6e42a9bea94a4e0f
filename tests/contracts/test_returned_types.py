"""The kits find methods that return something else than their contracts say, and name the method and what came."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import torch

from leapp_backends.exported_program.exporter import Pt2Exporter
from leapp_backends.exported_program.runner import Pt2Runner
from leapp_core.plugins import consumers, environments, exporters, policies, runners
from leapp_core.plugins.consumers import Consumer, Finding, Rule
from leapp_core.plugins.policies import PolicyRequest, Recognition
from leapp_core.testing import (
    adapter_checks,
    consumer_checks,
    env_checks,
    exporter_checks,
    pass_checks,
    runner_checks,
)
from leapp_core.testing.adapter_checks import AdapterSubject
from leapp_core.testing.bundles import KitBundle
from leapp_core.testing.consumer_checks import ConsumerSubject
from leapp_core.testing.env_checks import EnvSubject
from leapp_core.testing.pass_checks import PassSubject
from leapp_core.testing.results import returned
from leapp_core.testing.subject import ContractBrokenError, Subject
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import find_task
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.consumers.documents import walker
from tests.contracts.test_passes_contract import DoubleBySum

GRU = find_task("Builtin-Balance-Partial")
WALKER = KitBundle("walker", lambda folder: consumers.ConsumedBundle(walker(), folder))


def giving(base: type, **methods: Any) -> Any:
    """Return an object of a class whose methods give these values."""
    return type("Giving", (base,), {name: always(value) for name, value in methods.items()})()


def always(value: Any) -> Any:
    return lambda self, *arguments, **named: value


def adapter(**methods: Any) -> AdapterSubject:
    request = PolicyRequest(GRU.checkpoint, GRU.agent_config(), {"policy": torch.zeros(1, 4)}, 1)
    return AdapterSubject(giving(RslRlAdapter, **methods), GRU.checkpoint, request)


class Ruled(Consumer):
    name, summary, evidence, found = "ruled", "a consumer", "a test", ()

    def rules(self) -> tuple[Rule, ...]:
        return (Rule("all", "it says this of every bundle", lambda bundle: self.found),)


CASES = [
    (adapter_checks.returns_what_it_says, adapter(recognizes=True), r"recognizes\(\) gave True, expected"),
    (
        adapter_checks.returns_what_it_says,
        adapter(recognizes=Recognition("sure", "its name")),  # type: ignore[arg-type]
        r"recognizes\(\): Recognition.certainty gave 'sure', expected float",
    ),
    (
        adapter_checks.returns_what_it_says,
        adapter(load=giving(policies.LoadedPolicy, act=[[0.0]], reset=None)),
        r"act\(\) gave a list \[\[0.0\]\], expected Tensor",
    ),
    (
        adapter_checks.returns_what_it_says,
        adapter(load=giving(policies.LoadedPolicy, act=torch.tensor([[True]]), reset=None)),
        r"act\(\) gave torch.bool, expected floating point, or int64",
    ),
    (
        env_checks.returns_what_it_says,
        EnvSubject(giving(BuiltinProvider, tasks=["Builtin-Reach-Arm"]), "Builtin-Reach-Arm"),
        r"tasks\(\) gave a list \['Builtin-Reach-Arm'\], expected tuple",
    ),
    (
        env_checks.returns_what_it_says,
        EnvSubject(giving(BuiltinProvider, pretrained_checkpoint="model.pt"), "Builtin-Reach-Arm"),
        r"pretrained_checkpoint\(\) gave 'model.pt', expected .*Path",
    ),
    (
        exporter_checks.returns_what_it_says,
        Subject(giving(Pt2Exporter, check="it does not fit"), Pt2Runner()),
        r"check\(\) gave 'it does not fit', expected None",
    ),
    (
        exporter_checks.returns_what_it_says,
        Subject(giving(Pt2Exporter, export=Path("policy.pt2")), Pt2Runner()),
        r"export\(\) gave PosixPath\('policy.pt2'\), expected WrittenArtifact",
    ),
    (
        exporter_checks.returns_what_it_says,
        Subject(giving(Pt2Exporter, export=exporters.WrittenArtifact(Path("x"), notes="slow")), Pt2Runner()),  # type: ignore[arg-type]
        r"export\(\): WrittenArtifact.notes gave 'slow', expected tuple\[str, \.\.\.\]",
    ),
    (
        runner_checks.returns_what_it_says,
        Subject(Pt2Exporter(), giving(Pt2Runner, reads="policy.bin")),
        r"reads\(\) gave 'policy.bin', expected tuple\[str, \.\.\.\]",
    ),
    (
        runner_checks.returns_what_it_says,
        Subject(Pt2Exporter(), giving(Pt2Runner, open=print)),
        r"open\(\) gave .*, expected .*ModelSession",
    ),
    (
        pass_checks.returns_what_it_says,
        PassSubject(giving(DoubleBySum, run=None)),
        r"run\(\) gave None, expected bool",
    ),
    (
        consumer_checks.states_its_rules,
        ConsumerSubject(giving(Ruled, rules=[])),
        r"rules\(\) gave a list \[\], expected tuple",
    ),
]


@pytest.mark.parametrize(("check", "subject", "said"), CASES, ids=[case[2].partition(",")[0] for case in CASES])
def test_another_type_is_named(check: Any, subject: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ContractBrokenError, match=said):
        check(subject, tmp_path)


def test_a_rule_that_gives_text_for_findings_is_named(tmp_path: Path) -> None:
    consumer = Ruled()
    consumer.found = ("it is too large",)  # type: ignore[assignment]
    with pytest.raises(ContractBrokenError, match=r"check\(\) of rule 'all' gave \['it is too large'\], expected find"):
        consumer_checks.judges_bundle(ConsumerSubject(consumer), tmp_path, WALKER)
    consumer.found = (Finding("it is too large", "make it smaller", blocks=False),)  # type: ignore[assignment]
    consumer_checks.judges_bundle(ConsumerSubject(consumer), tmp_path, WALKER)


def test_every_contract_says_what_each_method_returns() -> None:
    """All names of the annotations are known to the kits."""
    modules = (consumers, environments, exporters, policies, runners)
    contracts = [
        contract
        for module in modules
        for contract in vars(module).values()
        if inspect.isabstract(contract) and contract.__module__ == module.__name__
    ]
    assert len(contracts) >= 8
    for contract in {*contracts, runners.ModelSession}:
        for name, _ in inspect.getmembers(contract, inspect.isfunction):
            if not name.startswith("_"):
                returned(contract, name)
