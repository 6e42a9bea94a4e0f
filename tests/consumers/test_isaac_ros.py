"""Each rule on a bundle that passes all, and on one that breaks that rule alone; the verdicts on what is shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from leapp_backends.consumers.isaac_ros import IsaacRosControl, IsaacRosNodes, IsaacRosOld
from leapp_core.cli.consumer_facts import listed_consumers
from leapp_core.plugins.consumers import Consumer, check_consumer, judged
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from tests.cli.invoke import leapp
from tests.consumers.documents import CONTROL, Change, artifact, bundle, port, walker

SHIPPED = Path(__file__).parents[1] / "data" / "bundles" / "v0.1.0"


def broken(consumer: Consumer, change: Change) -> set[str]:
    return {found.rule for found in check_consumer(consumer, bundle(change(walker()))) if found.blocks}


@pytest.mark.parametrize("consumer", [IsaacRosControl(), IsaacRosNodes()], ids=lambda consumer: consumer.name)
def test_a_bundle_that_fits_passes_every_rule(consumer: Consumer) -> None:
    assert broken(consumer, lambda document: document) == set()


@pytest.mark.parametrize("rule", CONTROL)
def test_each_rule_of_the_controller_is_broken_by_one_change_alone(rule: str) -> None:
    assert broken(IsaacRosControl(), CONTROL[rule]) == {rule}


def test_every_blocking_rule_has_such_a_change() -> None:
    by_hand = {"one-source-per-kind", "decimation"}
    assert {rule.name for rule in IsaacRosControl().rules()} - by_hand == set(CONTROL)


@pytest.mark.parametrize("kind", ["target/joint/effort", "target/joint/velocity", "target/joint/torques"])
def test_the_controller_writes_joint_positions_and_gains_only(kind: str) -> None:
    assert broken(IsaacRosControl(), port("targets", kind=kind)) == {"output-kind"}


def test_the_nodes_write_efforts_and_take_integers_but_no_booleans() -> None:
    nodes = IsaacRosNodes()
    assert broken(nodes, port("targets", kind="target/joint/effort")) == set()
    assert broken(nodes, port("memory", dtype="int64")) == set()
    assert broken(nodes, port("memory", dtype="bool")) == {"dtypes"}
    assert broken(nodes, port("targets", kind="target/joint/velocity")) == {"output-kind"}


def test_the_old_release_reads_other_keys() -> None:
    old = IsaacRosOld()
    assert broken(old, lambda document: document) == {"backend", "feedback-key"}
    assert broken(old, artifact("triton")) == {"feedback-key"}


def test_inputs_of_one_kind_share_a_source_and_the_rate_is_set_by_hand() -> None:
    document = port("image", kind="state/joint/position", element_names=((), (), (), ("left", "right", "toe")))(
        walker()
    )
    by_hand = [found for found in check_consumer(IsaacRosControl(), bundle(document)) if not found.blocks]
    assert {found.rule for found in by_hand} == {"one-source-per-kind", "decimation"}
    assert "divided by 50 Hz" in by_hand[-1].fix
    unknown = replace(
        document, pipeline=replace(document.pipeline, configs=replace(document.pipeline.configs, frequency=None))
    )
    assert "does not state" in check_consumer(IsaacRosControl(), bundle(unknown))[-1].fix


VERDICTS = {
    "Builtin-Reach-Arm": set(),
    "Builtin-Balance-Partial": {"output-kind"},
    "Builtin-Velocity-Hopper": {"float32-state"},
    "Builtin-Velocity-Hopper-LSTM": {"float32-state"},
}
"""What was measured with the parser and controller of Isaac ROS Deploy on bundles as version 0.1.0 wrote them."""


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts_on_shipped_policies_are_what_was_measured(name: str) -> None:
    result = leapp("check", str(SHIPPED / name), "--consumer", "isaac-ros", "--json")
    facts = json.loads(result.out)["consumers"][0]
    assert {found["rule"] for found in facts["findings"] if found["blocks"]} == VERDICTS[name]
    assert facts["runs"] is (not VERDICTS[name])
    assert result.code == (9 if VERDICTS[name] else 0)


def test_check_shows_every_port_and_what_to_do() -> None:
    result = leapp("check", str(SHIPPED / "Builtin-Velocity-Hopper"), "--consumer", "isaac-ros-4.6")
    assert "does not run" in result.out
    assert "state interface NAME/position" in result.out
    assert "state_dtype=float32" in result.out
    assert "float32-state" in result.err


def test_check_without_a_consumer_shows_all_and_lists_show_rules() -> None:
    assert "isaac-ros-nodes" in leapp("check", str(SHIPPED / "Builtin-Reach-Arm")).out
    assert "isaac-ros-4.5" in leapp("check", "--list").out
    assert "float32-state" in leapp("check", "--list", "--consumer", "isaac-ros").out
    assert leapp("check").code == 2
    unknown = leapp("check", str(SHIPPED / "Builtin-Reach-Arm"), "--consumer", "isac-ros")
    assert unknown.code == 2
    assert "isaac-ros" in unknown.err


class OneRule(Consumer):
    name = "mine"

    def rules(self):
        return IsaacRosControl().rules()[:1]


class Plugin:
    @hookimpl
    def leapp_register_consumers(self, registry):
        registry.add(OneRule())


def test_a_plugin_adds_a_consumer() -> None:
    manager = PluginManager(load_entry_points=False)
    manager.register(Plugin(), "mine")
    assert broken(manager.consumers.get("mine"), CONTROL["one-node"]) == {"one-node"}


class Failing(Consumer):
    name = "failing"

    def rules(self):
        raise KeyError("positions")


class FailingPlugin:
    @hookimpl
    def leapp_register_consumers(self, registry):
        registry.add(Failing())


def test_a_consumer_that_fails_is_named_and_takes_nothing_else_down() -> None:
    (finding,) = judged(Failing(), bundle(walker()))
    assert finding.blocks
    assert "consumer 'failing' failed (KeyError: 'positions')" in finding.message
    manager = PluginManager(load_entry_points=False)
    manager.register(FailingPlugin(), "theirs")
    (listed,) = listed_consumers(manager)
    assert "KeyError" in listed["rules"]["the plugin's own code"]
