"""Our consumers against the kit; the kit finds consumers that break their promises."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from leapp_backends.consumers.isaac_ros import IsaacRosControl, IsaacRosNodes, IsaacRosOld
from leapp_backends.consumers.rules import onnx_artifacts
from leapp_core.plugins.consumers import ConsumedBundle, Consumer, Finding, PortAt, Rule, ports_of
from leapp_core.plugins.manager import PluginManager
from leapp_core.spec.document import BundleDocument
from leapp_core.testing import consumer_checks
from leapp_core.testing.bundles import KitBundle, kit_bundles
from leapp_core.testing.conformance import judge
from leapp_core.testing.consumer_checks import ConsumerSubject
from leapp_core.testing.contracts import ConsumerContract
from leapp_core.testing.subject import ContractBrokenError
from tests.cli.invoke import leapp
from tests.consumers.documents import bundle, walker

TAKEN = ("joint positions", "recurrent", "camera", "joint positions by onnx-torchscript")
WALKER = KitBundle("walker", lambda folder: ConsumedBundle(walker(), folder))


@pytest.mark.slow
class TestIsaacRosControl(ConsumerContract):
    consumer = IsaacRosControl()
    takes = TAKEN
    refuses: ClassVar = {"joint efforts": "output-kind", "float64": "float32-ports", "two nodes": "one-node"}


@pytest.mark.slow
class TestIsaacRosNodes(ConsumerContract):
    consumer = IsaacRosNodes()
    takes = (*TAKEN, "joint efforts")


@pytest.mark.slow
class TestIsaacRosOld(ConsumerContract):
    consumer = IsaacRosOld()
    refuses: ClassVar = {"joint positions": "backend", "recurrent": "feedback-key"}


def test_a_policy_that_fits_is_taken(tmp_path: Path) -> None:
    (plain,) = [made for made in kit_bundles(PluginManager()) if made.name == "joint positions"]
    consumer_checks.judges_bundle(ConsumerSubject(IsaacRosControl()), tmp_path, plain)


@pytest.mark.slow
def test_every_bundle_is_taken_or_refused_with_a_reason() -> None:
    done = leapp("consumers", "test", "isaac-ros", "--json")
    facts = json.loads(done.out)
    assert (done.code, facts["consumer"], facts["ok"]) == (0, "isaac-ros", True)
    graded = {check["name"]: check["verdict"] for check in facts["checks"]}
    taken = {name.removeprefix("judges ") for name, verdict in graded.items() if verdict == "ok"}
    refused = {name.removeprefix("judges ") for name, verdict in graded.items() if verdict == "refused"}
    assert set(TAKEN) <= taken
    assert {"float64", "two nodes", "joint efforts", "joint positions in a format that does not exist"} <= refused
    assert {made.name for made in kit_bundles(PluginManager())} <= taken | refused


def of(*rules: Rule, **attributes: Any) -> Consumer:
    """Return a consumer with these rules, of a module that loads no PyTorch."""
    own = {"name": "mine", "summary": "mine", "evidence": "read", "rules": lambda self: rules, **attributes}
    return type("Mine", (Consumer,), {"__module__": "leapp_core.plugins.consumers", **own})()


def found(finding: Any) -> Rule:
    return Rule("mine", "it has a fact", lambda bundle: [finding])


class Counting:
    """Finds something else each time."""

    seen = 0

    def __call__(self, bundle: ConsumedBundle) -> Iterable[Finding]:
        self.seen += 1
        return [Finding(f"looked at {self.seen} times", "look once")]


def writes(bundle: ConsumedBundle) -> Iterable[Finding]:
    (bundle.folder / "notes.txt").write_text("seen")
    return ()


ELSEWHERE: PortAt = ports_of(bundle(walker()).document)[0]


@pytest.mark.parametrize(
    ("consumer", "check", "said"),
    [
        (of(onnx_artifacts(), evidence=" "), consumer_checks.keeps_its_contract, "evidence is empty"),
        (of(), consumer_checks.states_its_rules, "expected a Rule per fact"),
        (of(onnx_artifacts(), onnx_artifacts()), consumer_checks.states_its_rules, "two rules are called 'onnx'"),
        (of(Rule("mine", " ", writes)), consumer_checks.states_its_rules, "rule 'mine' has no fact"),
        (of(onnx_artifacts(), __module__="torch.nn"), consumer_checks.loads_without_torch, "torch.nn loads PyTorch"),
        (of(onnx_artifacts(), __module__="nobodys"), consumer_checks.loads_without_torch, "nobodys fails: .*nobodys"),
    ],
)
def test_a_broken_promise_is_found(consumer: Consumer, check: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ContractBrokenError, match=said):
        check(ConsumerSubject(consumer), tmp_path)


@pytest.mark.parametrize(
    ("consumer", "verdict", "said"),
    [
        (of(onnx_artifacts()), "ok", ""),
        (of(found(Finding("it is too tall", "cut it"))), "refused", "mine: it is too tall; cut it"),
        (of(found(Finding("set by hand", "set it", blocks=False))), "ok", ""),
        (of(found(Finding("it is too tall", " "))), "failed", "a finding of rule 'mine' has no fix"),
        (of(found("too tall")), "failed", "expected findings"),
        (of(Rule("mine", "it has a fact", Counting())), "failed", "looking at the bundle again finds something else"),
        (of(Rule("mine", "it has a fact", writes)), "failed", "looking at the bundle changed its files"),
        (of(onnx_artifacts(), serves=lambda self, port: ""), "failed", "serves() gave '' for policy/q"),
    ],
)
def test_a_bundle_is_graded(consumer: Consumer, verdict: str, said: str, tmp_path: Path) -> None:
    grade, detail = judge(partial(consumer_checks.judges_bundle, ConsumerSubject(consumer), bundle=WALKER), tmp_path)
    assert (grade, said in detail) == (verdict, True), detail


def test_a_port_of_another_bundle_is_found(tmp_path: Path) -> None:
    other = KitBundle("other", lambda folder: ConsumedBundle(_without_ports(), folder))
    finding = Finding("it is too tall", "cut it", ELSEWHERE)
    with pytest.raises(ContractBrokenError, match="rule 'mine' names policy/q, which the bundle does not have"):
        consumer_checks.judges_bundle(ConsumerSubject(of(found(finding))), tmp_path, other)


def _without_ports() -> BundleDocument:
    document = walker()
    return replace(document, pipeline=replace(document.pipeline, nodes=(), inputs=(), outputs=()))


def test_who_takes_what_nothing_can_run_fails(tmp_path: Path) -> None:
    impossible = KitBundle("walker", lambda folder: ConsumedBundle(walker(), folder), impossible=True)
    with pytest.raises(ContractBrokenError, match="which nothing can run"):
        consumer_checks.judges_bundle(ConsumerSubject(of(found_nothing())), tmp_path, impossible)


def found_nothing() -> Rule:
    return Rule("all", "it takes everything", lambda bundle: [])


def test_the_list_is_that_of_check() -> None:
    listed, of_check = leapp("consumers", "list", "--json"), leapp("check", "--list", "--json")
    assert listed.code == of_check.code == 0
    assert json.loads(listed.out) == json.loads(of_check.out)
    assert "isaac-ros" in leapp("consumers", "list").out
