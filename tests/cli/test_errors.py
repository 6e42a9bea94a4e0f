"""Whatever is wrong with what a user gives: one message with the fix, the documented exit code, no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from leapp_core import errors
from leapp_core.cli.main import INTERRUPTED, main
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.conftest import TASK
from tests.cli.invoke import Result, leapp

PRETRAINED = ("export", "--task", TASK, "--use_pretrained_checkpoint")


def shipped(task: str) -> Path:
    path = BuiltinProvider().pretrained_checkpoint(task)
    assert path is not None
    return path


def check(result: Result, error: type[errors.LeappError], *texts: str) -> None:
    assert result.code == error.exit_code
    assert result.err.count("error: ") == 1
    assert "Traceback" not in result.err + result.out
    for text in texts:
        assert text in result.err


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("export", "--task", "Builtin-Reach", "--use_pretrained_checkpoint"), ("did you mean 'Builtin-Reach-Arm'?",)),
        ((*PRETRAINED, "--env", "builtn"), ("unknown environment 'builtn'", "did you mean 'builtin'?")),
        ((*PRETRAINED, "--backend", "onx-dynamo"), ("unknown backend", "did you mean 'onnx-dynamo'?")),
        ((*PRETRAINED, "--adapter", "rls-rl"), ("unknown policy adapter", "did you mean 'rsl-rl'?")),
        ((*PRETRAINED, "--option", "opst=18"), ("no option 'opst'", "did you mean 'opset'?")),
        ((*PRETRAINED, "--option", "opset=many"), ("'many'", "a whole number")),
        ((*PRETRAINED, "--option", "opset"), ("key=value",)),
        ((*PRETRAINED, "--checkpoint", "x.pt"), ("more than one way",)),
        ((*PRETRAINED, "a.b=c"), ("no configuration overrides",)),
        (("export", "--task", TASK), ("no checkpoint was named", "--use_pretrained_checkpoint")),
        ((*PRETRAINED, "--device", "gpu0"), ("cannot use device 'gpu0'", "one of cpu")),
        ((*PRETRAINED, "--export_task_name", ""), ("graph name '' is empty",)),
        ((*PRETRAINED, "--export_task_name", "a/b"), ("holds '/'", "'a_b'")),
        ((*PRETRAINED, "--dynamic-batch", "--option", "dynamic_batch=false"), ("contradict each other",)),
    ],
    ids=lambda value: value[-1] if isinstance(value[-1], str) and len(value) > 2 else None,
)
def test_wrong_arguments(arguments: tuple[str, ...], texts: tuple[str, ...]) -> None:
    check(leapp(*arguments), errors.UsageError, *texts)


def test_missing_checkpoint_suggests_its_neighbour(tmp_path: Path) -> None:
    shutil.copy(shipped(TASK), tmp_path / "model_499.pt")
    result = leapp("export", "--task", TASK, "--checkpoint", str(tmp_path / "model_49.pt"))
    check(result, errors.CheckpointError, "there is no checkpoint", "did you mean 'model_499.pt'?")


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    shutil.copy(shipped(TASK), tmp_path / "model_499.pt")
    check(
        leapp("export", "--task", TASK, "--checkpoint", str(tmp_path)), errors.CheckpointError, "it holds model_499.pt"
    )


def test_truncated_checkpoint(tmp_path: Path) -> None:
    cut = tmp_path / "model.pt"
    cut.write_bytes(shipped(TASK).read_bytes()[:4000])
    check(leapp("export", "--task", TASK, "--checkpoint", str(cut)), errors.CheckpointError, "truncated", str(cut))


def test_checkpoint_of_another_architecture() -> None:
    other = shipped("Builtin-Velocity-Hopper")
    check(leapp("export", "--task", TASK, "--checkpoint", str(other)), errors.CheckpointError, "does not fit")


class RunsCode:
    """Pickled, it creates a file when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        return os.mkdir, (self.path,)


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    evil, mark = tmp_path / "model.pt", tmp_path / "was-here"
    torch.save({"model_state_dict": RunsCode(str(mark))}, evil)
    check(leapp("export", "--task", TASK, "--checkpoint", str(evil)), errors.CheckpointError, str(evil))
    assert not mark.exists()


def test_save_path_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "deeper"):
        result = leapp(*PRETRAINED, "--export_save_path", str(place))
        check(result, errors.ExportError, "cannot be written", "--save_path")


def test_missing_extra_names_extra_and_install_line() -> None:
    result = leapp("export", "--env", "mjlab", "--task", "Mjlab-Cartpole-Balance", "--checkpoint", "x.pt")
    if result.code == errors.CheckpointError.exit_code:
        pytest.skip("mjlab is installed here")
    check(result, errors.MissingExtraError, "extra 'mjlab'", 'pip install "leapp-framework[mjlab]"')


def test_no_bundle_there(tmp_path: Path) -> None:
    check(leapp("inspect", str(tmp_path / "nope")), errors.BundleError, "there is no bundle")
    check(leapp("run", str(tmp_path)), errors.BundleError, "is not a bundle")


def test_a_bundle_nearby_is_suggested(bundle: Path, tmp_path: Path) -> None:
    for wrong in (bundle.parent, bundle.parent / "Builtin-Reach"):
        check(leapp("inspect", str(wrong)), errors.BundleError, f"bundles there: {bundle}")
    result = leapp("inspect", str(tmp_path / "there" / "is" / "nothing"))
    check(result, errors.BundleError, "there is no bundle")


def test_files_to_read_are_looked_for_before_anything_runs(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "run.npz").touch()
    (tmp_path / "text.npz").write_text("no archive")
    for option in ("--inputs", "--replay"):
        near = leapp("run", str(bundle), option, str(tmp_path / "runn.npz"))
        check(near, errors.UsageError, f"{option}: there is no file", "did you mean 'run.npz'?")
        check(leapp("run", str(bundle), option, str(tmp_path)), errors.UsageError, "is a folder")
    wrong = leapp("run", str(bundle), "--inputs", str(tmp_path / "text.npz"))
    check(wrong, errors.RuntimeInputError, "not a complete .npz archive", "joint_pos, joint_vel, target_position")
    assert "pickle" not in wrong.err


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        (("run",), "--output", "out.npz"),
        (("run",), "--record", "out.npz"),
        (("visualize",), "--output", "out.png"),
        (("deploy",), "--plot", "out.png"),
        (("deploy",), "--video", "out.gif"),
    ],
)
def test_places_of_files_to_write_are_checked_first(
    command: tuple[str, ...], option: str, name: str, bundle: Path, tmp_path: Path
) -> None:
    nowhere = leapp(*command, str(bundle), option, str(tmp_path / "none" / name))
    check(nowhere, errors.UsageError, f"{option}: there is no folder")
    (tmp_path / name).mkdir()
    check(leapp(*command, str(bundle), option, str(tmp_path / name)), errors.UsageError, "is a folder")


def test_a_picture_of_another_kind(bundle: Path) -> None:
    check(leapp("visualize", str(bundle), "-o", "x.jpg"), errors.UsageError, "ends in .png, .svg")


def test_what_is_wrong_with_a_deployment_is_said_before_the_simulator_starts(bundle: Path) -> None:
    for option, value, text in (
        ("--device", "gpu0", "cannot use device 'gpu0'"),
        ("--provider", "cdua", "did you mean 'cuda'?"),
        ("--compare", "nowhere.pt", "there is no checkpoint"),
    ):
        result = leapp("deploy", str(bundle), option, value)
        assert result.code in (errors.UsageError.exit_code, errors.CheckpointError.exit_code)
        assert text in result.err
        assert "start" not in result.err


def test_a_file_that_is_no_checkpoint_gets_no_advice_about_torch_load(tmp_path: Path) -> None:
    wrong = tmp_path / "model.pt"
    wrong.write_bytes(b"\x08\x0a not a checkpoint")
    result = leapp("export", "--task", TASK, "--checkpoint", str(wrong))
    check(
        result,
        errors.CheckpointError,
        "neither an archive nor a pickle, or damaged (19 bytes)",
        "--adapter NAME",
    )
    assert "PyTorch says" not in result.err


def interrupted(after: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Press Ctrl-C when the progress says that something is done; by its own signal, so that nothing is guessed."""
    watch = (
        "import os, signal, sys\n"
        "from leapp_core.cli import progress\n"
        "call = progress.StageProgress.__call__\n"
        "def watched(self, what, seconds):\n"
        "    call(self, what, seconds)\n"
        f"    if what.startswith({after!r}): os.kill(os.getpid(), signal.SIGINT)\n"
        "progress.StageProgress.__call__ = watched\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from leapp_core.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", watch, *PRETRAINED, "--export_save_path", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("after", ["load policy", "export ", "validate"])
def test_interrupting_an_export_leaves_nothing_half_done(after: str, tmp_path: Path) -> None:
    done = interrupted(after, tmp_path)
    assert done.returncode == INTERRUPTED
    assert done.stderr.endswith("error: interrupted\n")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_previous_bundle(bundle: Path, tmp_path: Path) -> None:
    shutil.copytree(bundle, tmp_path / TASK)
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)); "
        "from leapp_core.cli.main import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", limited, *PRETRAINED, "--export_save_path", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == errors.ExportError.exit_code, done.stderr
    assert "could not be written" in done.stderr
    assert "check free space" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == [TASK]
    for file in bundle.iterdir():
        assert file.read_bytes() == (tmp_path / TASK / file.name).read_bytes()


def test_debug_shows_the_traceback_wherever_it_stands() -> None:
    for arguments in (["--debug", "backends", "show", "nope"], ["backends", "show", "nope", "--debug"]):
        with pytest.raises(errors.UsageError, match="unknown backend 'nope'"):
            main(arguments)


def test_exit_codes_are_distinct() -> None:
    codes = [error.exit_code for error in errors.LeappError.__subclasses__()]
    assert len(codes) == len(set(codes))
    assert 0 not in codes
