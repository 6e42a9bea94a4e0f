"""Whatever is wrong with what a user gives: one message with the fix, the documented exit code, no traceback."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from leapp_core import errors
from leapp_core.cli.main import main
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
        ((*PRETRAINED, "--adapter", "rsl_rl"), ("unknown policy adapter", "did you mean 'rsl-rl'?")),
        ((*PRETRAINED, "--option", "opst=18"), ("no option 'opst'", "did you mean 'opset'?")),
        ((*PRETRAINED, "--option", "opset=many"), ("'many'", "a value of type int")),
        ((*PRETRAINED, "--option", "opset"), ("key=value",)),
        ((*PRETRAINED, "--checkpoint", "x.pt"), ("more than one way",)),
        ((*PRETRAINED, "a.b=c"), ("no configuration overrides",)),
        (("export", "--task", TASK), ("no checkpoint was named", "--use_pretrained_checkpoint")),
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
        check(result, errors.ExportError, "cannot be written", "--export_save_path")


def test_missing_extra_names_extra_and_install_line() -> None:
    result = leapp("export", "--env", "mjlab", "--task", "Mjlab-Cartpole-Balance", "--checkpoint", "x.pt")
    if result.code == errors.CheckpointError.exit_code:
        pytest.skip("mjlab is installed here")
    check(result, errors.MissingExtraError, "extra 'mjlab'", 'pip install "leapp-framework[mjlab]"')


def test_no_bundle_there(tmp_path: Path) -> None:
    check(leapp("inspect", str(tmp_path / "nope")), errors.BundleError, "there is no bundle")
    check(leapp("run", str(tmp_path)), errors.BundleError, "is not a bundle")


def test_debug_shows_the_traceback_wherever_it_stands() -> None:
    for arguments in (["--debug", "backends", "show", "nope"], ["backends", "show", "nope", "--debug"]):
        with pytest.raises(errors.UsageError, match="unknown backend 'nope'"):
            main(arguments)


def test_exit_codes_are_distinct() -> None:
    codes = [error.exit_code for error in errors.LeappError.__subclasses__()]
    assert len(codes) == len(set(codes))
    assert 0 not in codes
