"""Validation catches what it exists for, and nothing else."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest

from leapp_core.bundle import load_document
from leapp_core.bundle.files import hash_file
from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes
from leapp_core.errors import BundleError, LeappError
from leapp_core.export.run import export_pipeline
from leapp_core.export.validate import Episodes, ValidationSettings, make_episodes, validate_bundle_against
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.spec.names import PortRef
from leapp_core.validation.batch import batched
from leapp_core.validation.bundle import CheckSettings, validate_bundle
from leapp_core.validation.check import Judge, check_pipeline
from leapp_core.validation.report import LevelReport, ValidationReport
from tests.export.faulty import Faulty, plugins_with
from tests.export.mutations import MUTATIONS, Mutation
from tests.export.pipelines import PIPELINES, capture_pipeline


@pytest.fixture(scope="session")
def episodes(captured: dict) -> dict[str, Episodes]:
    return {name: make_episodes(pipeline, ValidationSettings()) for name, pipeline in captured.items()}


def export_mutated(mutation: Mutation, captured: dict, folder: Path) -> Path:
    def change(program):
        return mutation.change(program) if mutation.change and program.spec.name == mutation.node else program

    report = export_pipeline(
        captured[mutation.pipeline],
        save_path=folder,
        plugins=plugins_with(Faulty(change, with_facts=mutation.with_facts)),
        backend="faulty",
        validate=False,
        visualize=False,
    )
    if mutation.damage:
        mutation.damage(report.bundle)
    return report.bundle


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_is_caught(
    mutation: Mutation, captured: dict, episodes: dict, plugins: PluginManager, tmp_path: Path
) -> None:
    bundle = export_mutated(mutation, captured, tmp_path)
    if mutation.refused:
        with pytest.raises(BundleError, match="problem"):
            load_document(bundle)
        return
    report = validate_bundle_against(load_document(bundle), episodes[mutation.pipeline], plugins, ValidationSettings())
    assert not report.ok, f"{mutation.name} passed: {report.rows()}"
    first = report.mismatches[0]
    assert first.port.node == mutation.node
    assert first.cause
    # A fault in a program shows in that node by itself; a fault in the document only when nodes are put together.
    assert first.alone == (mutation.change is not None)


def test_there_are_enough_mutations() -> None:
    assert len(MUTATIONS) >= 30
    assert max(Counter(mutation.name for mutation in MUTATIONS).values()) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("action scale wrong by 0.1 %", "factor 1.001"),
        ("joint order of an output", "elements are in another order"),
        ("an overflow to infinity", "overflow"),
        ("action offset missing", "offset differs by -0.1"),
        ("wrong initial state", "initial state is wrong"),
        ("observation clip too wide", "did not reach"),
    ],
)
def test_the_likely_cause_is_told(
    name: str, says: str, captured: dict, episodes: dict, plugins: PluginManager, tmp_path: Path
) -> None:
    mutation = next(m for m in MUTATIONS if m.name == name)
    bundle = load_document(export_mutated(mutation, captured, tmp_path))
    report = validate_bundle_against(bundle, episodes[mutation.pipeline], plugins, ValidationSettings())
    assert says in "\n".join(m.cause for m in report.mismatches)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(34))
@pytest.mark.parametrize("name", PIPELINES)
def test_two_hundred_healthy_exports_raise_no_alarm(
    name: str, seed: int, tmp_path: Path, plugins: PluginManager
) -> None:
    """34 exports of each of six pipelines; weights and inputs of other seeds each; backends in turn."""
    backend = ["onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2"][seed % 5]
    pipeline = capture_pipeline(PIPELINES[name], f"{name}-{seed}", seed=seed)
    report = export_pipeline(
        pipeline, save_path=tmp_path, plugins=plugins, backend=backend, strict=False, visualize=False
    )
    assert not _found(report.validation)


def _found(report: ValidationReport | None) -> list[str]:
    assert report is not None
    assert report.levels
    return [str(mismatch) for mismatch in report.mismatches]


def test_a_bundle_can_be_checked_from_what_it_carries(bundle: Path, plugins: PluginManager) -> None:
    report = validate_bundle(bundle, plugins)
    assert report.ok
    assert [(level.level, level.steps) for level in report.levels] == [("replay", 5), ("fresh inputs", 36)]
    assert validate_bundle(bundle, plugins, CheckSettings(steps=2)).levels[0].steps == 2


def test_a_bundle_without_recorded_values_is_checked_for_repeatability(bundle: Path, plugins: PluginManager) -> None:
    text = (bundle / "policy.yaml").read_text()
    start, end = text.index("validation:"), text.index("system information:")
    (bundle / "policy.yaml").write_text(text[:start] + text[end:])
    report = validate_bundle(bundle, plugins)
    assert report.ok
    assert [level.level for level in report.levels] == ["repeatability"]
    assert any("no recorded values" in note for note in report.notes)


def test_recorded_values_that_are_not_reproduced_are_told(bundle: Path, plugins: PluginManager) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _make_first_target_wrong(bundle)
    report = validate_bundle(bundle, plugins)
    assert not report.ok
    assert str(report.mismatches[0]).startswith(
        "node 'act', port 'joint_targets', step 0 (replay, replay): element hip"
    )
    with pytest.raises(LeappError, match="does not reproduce the policy"):
        report.raise_if_wrong("the bundle")


def test_a_model_forged_with_its_hash_is_found_in_the_node_that_ran_first(bundle: Path, plugins: PluginManager) -> None:
    """Nobody can check the artifacts by themselves where the programs are not: the cause must not claim it."""
    model = onnx.load(bundle / "decide.onnx")
    weight = next(item for item in model.graph.initializer if len(item.dims) == 2)
    weight.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight) * np.float32(1.1), weight.name))
    _replace(bundle, "decide.onnx", model.SerializeToString())
    report = validate_bundle(bundle, plugins)
    first = report.mismatches[0]
    assert (first.port, first.step) == (PortRef("decide", "action_out"), 0)
    assert "a file was changed together with its hash" in first.cause
    assert report.rows()[0]["result"] == "2 ports differ"


def _make_first_target_wrong(bundle: Path) -> None:
    values = read_tensors(bundle / "policy_validation.safetensors")
    values["replay/0000/out/act/joint_targets"][0, 0] += 0.5
    _replace(bundle, "policy_validation.safetensors", tensors_to_bytes(values))


def _replace(bundle: Path, name: str, content: bytes) -> None:
    """Write a file and make its hash fit."""
    before = hash_file(bundle / name)
    (bundle / name).write_bytes(content)
    yaml = bundle / "policy.yaml"
    yaml.write_text(yaml.read_text().replace(before, hash_file(bundle / name)))


def test_a_bundle_of_any_batch_size_is_checked_row_by_row(
    tmp_path: Path, captured: dict, episodes: dict, plugins: PluginManager
) -> None:
    report = export_pipeline(
        captured["mlp"],
        save_path=tmp_path,
        plugins=plugins,
        backend="pt2",
        options={"dynamic_batch": True},
        visualize=False,
    )
    assert [level.level for level in report.validation.levels] == ["replay", "fresh inputs", "batch"]
    assert report.ok
    runtime = load(report.bundle, trust=True, full_names=True)
    rows = batched(episodes["mlp"].fresh, runtime.pipeline)
    rows.steps[2].outputs[PortRef("policy", "joint_targets")][1, 0] += 0.1
    level = LevelReport("batch")
    check_pipeline(runtime, [rows], Judge(level, {}, has_state=True))
    assert (level.mismatches[0].step, level.mismatches[0].comparison.element) == (2, "[1] hip")
