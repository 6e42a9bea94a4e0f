"""A tensor that several nodes declare is asked for once, and old readers see both ports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core import InputKind, TensorSemantics
from leapp_core.bundle import load_document
from leapp_core.errors import BundleError, RuntimeInputError
from leapp_core.export.report import ExportReport
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import Limit, Limits, RecordingRuntime, load, replay
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, PipelineSpec, still_shared
from leapp_core.spec.problems import BundleProblemsError
from leapp_core.tracing.result import CapturedPipeline

JOINTS = ["hip", "knee", "ankle"]
POS = PortRef("observe", "joint_pos")
AGAIN = PortRef("act", "joint_pos")


def two_readers(
    tmp_path: Path, *, second: str = "joint_pos", constant: bool = False, kind: InputKind | None = None
) -> CapturedPipeline:
    """A node that observes joint positions, and one that acts relative to them."""
    random = torch.Generator().manual_seed(0)
    pos = torch.zeros(1, 3)
    with leapp_core.capture("policy", save_path=tmp_path) as session:
        for _ in range(4):
            pos = pos if constant else torch.randn(1, 3, generator=random)
            vel = torch.randn(1, 3, generator=random)
            session.input_tensors(
                "observe",
                [
                    TensorSemantics("joint_pos", pos, InputKind.JOINT_POSITION, JOINTS),
                    TensorSemantics("joint_vel", vel, InputKind.JOINT_VELOCITY, JOINTS),
                ],
            )
            action = torch.tanh(pos - 0.1 * vel)
            session.output_tensors("observe", {"action": action})
            session.input_tensors("act", {"action": action})
            session.input_tensors("act", TensorSemantics(second, pos, kind))
            session.output_tensors("act", {"joint_targets": pos + 0.25 * action})
    return session.compile()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ExportReport:
    folder = tmp_path_factory.mktemp("shared")
    return export_pipeline(two_readers(folder), save_path=folder, plugins=PluginManager(), visualize=False)


def readings(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: random.standard_normal((1, 3)).astype(np.float32) for name in ("joint_pos", "joint_vel")}


def test_one_tensor_of_two_nodes_is_asked_for_once(report: ExportReport) -> None:
    document = load_document(report.bundle).document
    assert document.pipeline.inputs == (POS, PortRef("observe", "joint_vel"), AGAIN)  # what other readers read
    assert document.pipeline.shared_inputs == (Edge(POS, AGAIN),)
    policy = load(report.bundle)
    assert list(policy.inputs) == ["joint_pos", "joint_vel"]
    given = readings()
    expected = given["joint_pos"] + 0.25 * np.tanh(given["joint_pos"] - 0.1 * given["joint_vel"])
    for merge in (True, False):
        for step in (given, {f"observe/{name}": value for name, value in given.items()}):
            found = load(report.bundle, merge=merge).step(step)["joint_targets"]
            np.testing.assert_allclose(found, expected, rtol=1e-6)
    named = {name: dict(zip(JOINTS, value[0], strict=True)) for name, value in given.items()}
    np.testing.assert_allclose(policy.step(inputs_by_name=named)["joint_targets"], expected, rtol=1e-6)


def test_who_uses_full_names_gives_each_input(report: ExportReport) -> None:
    policy = load(report.bundle, full_names=True)
    assert list(policy.inputs) == ["observe/joint_pos", "observe/joint_vel", "act/joint_pos"]
    given = readings()
    values = {f"observe/{name}": value for name, value in given.items()} | {"act/joint_pos": given["joint_pos"]}
    apart = policy.step(values)["act/joint_targets"]
    np.testing.assert_array_equal(apart, load(report.bundle).step(given)["joint_targets"])


def test_to_give_it_twice_is_refused(report: ExportReport) -> None:
    given = readings()
    with pytest.raises(RuntimeInputError, match="'act/joint_pos' is the same tensor as 'joint_pos'") as caught:
        load(report.bundle).step({**given, "act/joint_pos": given["joint_pos"]})
    assert caught.value.fix == "give 'joint_pos' alone, or load with full_names=True to give each"


def test_limits_and_recordings_know_it_once(report: ExportReport, tmp_path: Path) -> None:
    limits = Limits(inputs={"joint_pos": Limit(-5.0, 5.0)}, on_violation="raise", latch=False)
    policy = load(report.bundle, limits=limits)
    with RecordingRuntime(policy, tmp_path / "run.npz") as recorded:
        for seed in range(3):
            recorded.step(readings(seed))
    assert replay(load(report.bundle), tmp_path / "run.npz").identical
    with pytest.raises(RuntimeInputError, match=r"input 'joint_pos' is 9\.0 at hip"):
        policy.step({**readings(), "joint_pos": np.array([[9, 0, 0]], np.float32)})


def test_the_key_is_held_against_the_models(report: ExportReport) -> None:
    text = report.yaml_path.read_text()
    key = "  shared_inputs:\n    observe/joint_pos: [act/joint_pos]\n"
    assert key in text
    for other in ("", key.replace("observe/joint_pos", "observe/joint_vel")):
        report.yaml_path.write_text(text.replace(key, other))
        with pytest.raises(BundleError, match="shared_inputs: lacks observe/joint_pos -> act/joint_pos"):
            load(report.bundle)
    report.yaml_path.write_text(text)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([Edge(PortRef("act", "action"), AGAIN)], "act/action is not listed in pipeline.inputs"),
        ([Edge(POS, AGAIN), Edge(AGAIN, PortRef("observe", "joint_vel"))], "takes the value of another input itself"),
        ([Edge(POS, AGAIN), Edge(PortRef("observe", "joint_vel"), AGAIN)], "takes the values of 2 inputs"),
    ],
)
def test_a_key_that_cannot_be_is_refused(report: ExportReport, edges: list[Edge], message: str) -> None:
    from leapp_core.spec.yaml_io import write_document

    document = load_document(report.bundle).document
    wrong: BundleDocument = replace(document, pipeline=replace(document.pipeline, shared_inputs=tuple(edges)))
    with pytest.raises(BundleProblemsError, match=message):
        write_document(wrong)


def spec_of(tmp_path: Path, **how: object) -> PipelineSpec:
    return two_readers(tmp_path, **how).spec  # type: ignore[arg-type]


def test_what_is_taken_for_one_tensor(tmp_path: Path) -> None:
    assert spec_of(tmp_path, second="base").shared_inputs == (Edge(POS, PortRef("act", "base")),)
    assert spec_of(tmp_path, constant=True).shared_inputs == (Edge(POS, AGAIN),)
    # Zeros that never change may stand in for two readings; another kind says that it is another reading.
    assert spec_of(tmp_path, second="base", constant=True).shared_inputs == ()
    assert spec_of(tmp_path, kind=InputKind.JOINT_VELOCITY).shared_inputs == ()


def test_what_is_left_of_a_group_stays_shared(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    without = replace(spec, inputs=tuple(ref for ref in spec.inputs if ref != POS))
    assert still_shared(without).shared_inputs == ()
    third = PortRef("observe", "joint_vel")
    group = replace(spec, shared_inputs=(Edge(POS, AGAIN), Edge(POS, third)))
    assert still_shared(replace(group, inputs=(AGAIN, third))).shared_inputs == (Edge(AGAIN, third),)
