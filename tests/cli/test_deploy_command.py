"""``leapp deploy``: the bundle in the scene and physics of its task."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
import pytest

from leapp_core.bundle import load_document
from leapp_core.bundle.files import hash_file
from leapp_core.errors import BundleError, EnvError, UsageError
from leapp_core.policy_export.origin import Origin, origin_of
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.conftest import TASK
from tests.cli.invoke import leapp


def deployed(*arguments: str) -> dict:
    result = leapp("deploy", *arguments, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_the_bundle_says_which_task_it_is_from(bundle: Path) -> None:
    assert origin_of(load_document(bundle).document) == Origin("builtin", TASK, adapter="rsl-rl")
    facts = deployed(str(bundle), "--steps", "20", "--seed", "4")
    assert (facts["environment"], facts["task"], facts["steps"], facts["seed"]) == ("builtin", TASK, 20, 4)
    assert facts["reward_per_step"] > 0
    assert facts["timing"]["period_ms"] == pytest.approx(20.0)
    assert facts["timing"]["steps_per_second"] > 0
    assert facts["compare"] is None


def test_equal_seeds_give_equal_episodes(bundle: Path) -> None:
    first, again, other = (deployed(str(bundle), "--steps", "15", "--seed", seed) for seed in ("1", "1", "2"))
    assert first["reward_per_step"] == again["reward_per_step"] != other["reward_per_step"]


def test_one_episode_by_default_and_the_next_seed_after_it(bundle: Path) -> None:
    assert deployed(str(bundle))["steps"] == 400
    longer = deployed(str(bundle), "--steps", "410", "--compare", "pretrained")
    assert (longer["steps"], longer["episodes_ended"]) == (410, 1)
    assert [episode["seed"] for episode in longer["compare"]["episodes"]] == [0, 1]
    assert [episode["steps"] for episode in longer["compare"]["episodes"]] == [400, 10]


def test_compare_reports_every_difference(bundle: Path) -> None:
    facts = deployed(str(bundle), "--steps", "50", "--compare", "pretrained")["compare"]
    assert facts["ok"] is True
    assert facts["largest_relative_action_difference"] <= 1e-5
    assert facts["open_loop_action_difference"] <= 1e-5
    assert facts["largest_state_difference"].keys() >= {"joint_pos", "joint_vel"}
    assert len(facts["worst_steps"]) == 5
    assert facts["worst_steps"][0]["element"] in ("shoulder", "elbow", "wrist")
    assert facts["worst_steps"][0]["relative"] == facts["largest_relative_action_difference"]
    text = leapp("deploy", str(bundle), "--steps", "5", "--compare", "pretrained")
    assert text.code == 0, text.err
    for word in (
        "policy beside it",
        "shown what it was shown",
        "drift side by side",
        "reward per step",
        "per second",
        "over the period",
    ):
        assert word in text.out


def test_another_policy_is_told_apart(bundle: Path, tmp_path: Path) -> None:
    """A checkpoint that is not the bundle's gives other actions: named with step, joint and values."""
    import torch

    shipped = BuiltinProvider().pretrained_checkpoint(TASK)
    assert shipped is not None
    content = torch.load(shipped, weights_only=True)
    content["actor_state_dict"]["mlp.4.bias"] += 0.1
    torch.save(content, tmp_path / "model_1.pt")
    shutil.copytree(shipped.parent / "params", tmp_path / "params")
    result = leapp("deploy", str(bundle), "--steps", "5", "--compare", str(tmp_path / "model_1.pt"))
    assert result.code == 9
    assert "does not reproduce the policy" in result.err
    assert "Steps that differ most" in result.out


@pytest.mark.parametrize("name", ["targets.png", "targets.svg"])
def test_plot(bundle: Path, tmp_path: Path, name: str) -> None:
    facts = deployed(str(bundle), "--steps", "30", "--plot", str(tmp_path / name), "--compare", "pretrained")
    content = (tmp_path / name).read_bytes()
    assert facts["plot"] == str(tmp_path / name)
    assert content.startswith(b"\x89PNG") or b"shoulder" in content or b"<svg" in content


@pytest.mark.parametrize("name", ["film.gif", "film.mp4"])
def test_video(bundle: Path, tmp_path: Path, name: str) -> None:
    deployed(str(bundle), "--steps", "12", "--video", str(tmp_path / name))
    content = (tmp_path / name).read_bytes()
    assert len(content) > 2000
    assert content[:3] == b"GIF" or content[4:8] == b"ftyp"


def test_films_show_the_robot_move(bundle: Path, tmp_path: Path) -> None:
    from PIL import Image

    deployed(str(bundle), "--steps", "30", "--video", str(tmp_path / "film.gif"))
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 10
        first = film.convert("RGB").tobytes()
        film.seek(film.n_frames - 1)
        assert film.convert("RGB").tobytes() != first


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--task", "Builtin-Reach-Amr"), UsageError.exit_code, "unknown task 'Builtin-Reach-Amr'"),
        (("--task", "Builtin-Balance-Partial"), EnvError.exit_code, "has no reading or command for the input"),
        (("--env", "gazebo"), UsageError.exit_code, "unknown environment 'gazebo'"),
        (("--env", "mujoco"), UsageError.exit_code, "environment 'mujoco' has no tasks"),
        (("--env", "builtin", "--model", __file__), UsageError.exit_code, "'builtin' takes no --model"),
        (("--model", __file__), UsageError.exit_code, "no environment takes"),
        (("--model", "nowhere.xml"), UsageError.exit_code, "there is no file nowhere.xml"),
        (("--start", "home"), UsageError.exit_code, "--start is about a robot model, and there is none"),
        (("--command", "a=1"), UsageError.exit_code, "--command is about a robot model, and there is none"),
        (("--steps", "5", "--seconds", "1"), UsageError.exit_code, "both say how long to run"),
        (("--save", "every.csv"), UsageError.exit_code, "--save got 'every.csv'"),
        (("--compare", "nowhere.pt"), 5, "there is no checkpoint nowhere.pt"),
        (("--plot", "picture.jpeg"), UsageError.exit_code, "--plot got 'picture.jpeg'"),
        (("--video", "no/such/folder/film.mp4"), UsageError.exit_code, "there is no folder no/such/folder"),
        (("a.b=1",), UsageError.exit_code, "take no configuration overrides"),
    ],
)
def test_what_users_hear(bundle: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    result = leapp("deploy", str(bundle), *arguments)
    assert result.code == code, result.err
    assert message in result.err


def test_a_bundle_without_a_task(bundle: Path, tmp_path: Path) -> None:
    """Bundles of other writers do not say where they are from."""
    copy = shutil.copytree(bundle, tmp_path / TASK)
    path = copy / f"{TASK}.yaml"
    lines = path.read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if line.strip() != f"task: {TASK}")
    for model in copy.glob("*.onnx"):
        before, loaded = hash_file(model), onnx.load(model)
        del loaded.metadata_props[:]  # others write no copy of the document into the model
        onnx.save(loaded, model)
        text = text.replace(before, hash_file(model))
    path.write_text(text)
    result = leapp("deploy", str(copy))
    assert result.code == UsageError.exit_code
    assert "does not say which task it is for" in result.err
    assert deployed(str(copy), "--task", TASK, "--steps", "3")["environment"] == "builtin"


def test_no_bundle(tmp_path: Path) -> None:
    result = leapp("deploy", str(tmp_path / "none"))
    assert result.code == BundleError.exit_code
    assert "there is no bundle at" in result.err
