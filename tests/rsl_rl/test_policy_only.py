"""A network exported from its checkpoint alone acts as the rsl-rl-lib version that wrote it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from leapp_core.bundle import load_document
from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.policy_export.network import WARNING, PolicyOnlyJob, export_policy_only
from leapp_core.runtime import load
from tests.cli.invoke import leapp
from tests.tiers import spread

LEGACY = Path(__file__).parent / "legacy"
FOLDERS = sorted(path.parent for path in LEGACY.glob("*/model_2.pt"))
IMAGE = {"camera": (1, 8, 8)}


def export(folder: Path, save_path: Path, **changes: object) -> Path:
    changes = {"shapes": IMAGE if "cnn" in folder.name else {}, "steps": 3, "visualize": False, **changes}
    result = export_policy_only(PolicyOnlyJob(folder / "model_2.pt", save_path=save_path, **changes), PluginManager())
    assert result.ok
    return result.report.yaml_path


def inputs(names: list[str], seen: dict[str, np.ndarray], row: int) -> dict[str, np.ndarray]:
    """Return one environment's observations; joined groups come one after the other."""
    if names == ["observations"]:
        return {"observations": np.concatenate([seen["policy"], seen["privileged"]], axis=-1)[row : row + 1]}
    return {name: seen[name][row : row + 1] for name in names}


@pytest.mark.parametrize("folder", spread(FOLDERS, 5), ids=lambda folder: folder.name)
def test_the_bundle_acts_as_the_version_that_wrote_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    expected = load_file(folder / "expected.safetensors")
    runtime = load(export(folder, tmp_path), full_names=False)
    for row in range(2):
        runtime.reset()
        for step in range(4):
            seen = {group: expected[f"{group}.{step}"] for group in ("policy", "privileged", "camera")}
            actions = runtime.step(inputs(list(runtime.inputs), seen, row))["actions"]
            np.testing.assert_allclose(actions[0], expected[f"action.{step}"][row], rtol=0, atol=1e-6)


def test_groups_can_be_told_apart(tmp_path: Path) -> None:
    folder = LEGACY / "5.0.1-mlp"
    runtime = load(export(folder, tmp_path, shapes={"policy": (5,), "privileged": (3,)}))
    assert {name: port.shape for name, port in runtime.inputs.items()} == {"policy": (1, 5), "privileged": (1, 3)}


def test_the_bundle_says_what_is_not_inside(tmp_path: Path) -> None:
    path = export(LEGACY / "5.0.1-gru", tmp_path, graph="net")
    configs = load_document(path).document.pipeline.configs.extra
    assert configs["policy_only"] is True
    assert list(configs["not_included"]) == ["observation preprocessing", "action postprocessing"]
    assert WARNING in json.loads((path.parent / "report.json").read_text())["warnings"]
    assert list(load(path).state) == ["actor_state_in"]
    refused = leapp("deploy", str(path.parent))
    assert refused.code == UsageError.exit_code
    assert "holds the policy network only" in refused.err


def test_the_command_line_says_it_too(tmp_path: Path) -> None:
    checkpoint = str(LEGACY / "4.0.1-mlp" / "model_2.pt")
    made = leapp("export", "--policy-only", "--checkpoint", checkpoint, "--save_path", str(tmp_path))
    assert made.code == 0, made.err
    assert WARNING in made.out
    assert "takes the groups policy, privileged in this order" in made.out


@pytest.mark.parametrize(("folder", "told"), [("5.0.1-mlp", True), ("5.0.1-gru", False)])
def test_a_privileged_group_is_a_warning_everywhere(folder: str, told: bool, tmp_path: Path) -> None:
    checkpoint = str(next((LEGACY / folder).glob("model_*.pt")))
    made = leapp(
        "export", "--policy-only", "--checkpoint", checkpoint, "--save_path", str(tmp_path), "--export_task_name", "n"
    )
    assert made.code == 0, made.err
    text = "the policy reads observation group 'privileged', by its name privileged"
    warnings = json.loads((tmp_path / "n" / "report.json").read_text())["warnings"]
    assert len([line for line in warnings if line.startswith(text)]) == told
    assert (f"warning: {text}" in made.out) == told
    assert (f"warning: {text}" in (tmp_path / "n" / "log.txt").read_text()) == told
    page = (tmp_path / "n" / "report.html").read_text(encoding="utf-8")
    assert ("the policy reads observation group &#39;privileged&#39;" in page.partition("Pipeline</h2>")[0]) == told


def test_image_sizes_have_to_be_given(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"pass --observation_shape camera=1xHEIGHTxWIDTH"):
        export(LEGACY / "3.3.0-cnn", tmp_path, shapes={})
    with pytest.raises(CheckpointError, match=r"does not fit"):
        export(LEGACY / "3.3.0-cnn", tmp_path, shapes={"camera": (2, 8, 8)})


def test_the_agent_configuration_has_to_be_there(tmp_path: Path) -> None:
    source = LEGACY / "2.3.3-gru"
    shutil.copy(source / "model_2.pt", tmp_path / "model_2.pt")
    with pytest.raises(CheckpointError, match=r"pass it with --agent FILE"):
        export(tmp_path, tmp_path)
    export(tmp_path, tmp_path / "out", agent_file=source / "params" / "agent.yaml")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ({"policy": (4,), "privileged": (3,)}, r"sees 8 values, which the shapes given do not add up to"),
        ({"depth": (4,)}, r"observation group 'depth', which the policy does not see"),
    ],
)
def test_shapes_that_do_not_fit(tmp_path: Path, shapes: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        export(LEGACY / "5.0.1-mlp", tmp_path, shapes=shapes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--policy-only",), "--policy-only needs --checkpoint FILE"),
        (("--policy-only", "--task", "X", "--checkpoint", "x.pt"), "--task X does not go with --policy-only"),
        (("--policy-only", "--checkpoint", "x.pt", "--observation_shape", "a=2xb"), "sizes such as 48 or 1x64x64"),
        (("--agent", "a.yaml", "--task", "X"), "--agent goes with --policy-only"),
        ((), "missing option '--task'"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], message: str) -> None:
    result = leapp("export", *arguments)
    assert result.code == UsageError.exit_code
    assert message in result.err
