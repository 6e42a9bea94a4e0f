"""Find the checkpoint file that a user means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.suggest import suggest

_EXPORTED = {".onnx", ".yaml", ".yml", ".html", ".safetensors", ".npz", ".pt2"}
"""Endings of what stands in a bundle and is written by no training."""


@dataclass(frozen=True)
class CheckpointChoice:
    """How a user names a checkpoint; one of the ways, or none.

    Attributes:
        file: The file itself.
        load_run: Regular expression of the run's folder below the task's log folder; the last by name is taken.
        load_checkpoint: Regular expression of the file's name in it; the one with the highest number is taken.
        pretrained: The one that comes with the task.
    """

    file: Path | None = None
    load_run: str | None = None
    load_checkpoint: str | None = None
    pretrained: bool = False


def find_checkpoint(choice: CheckpointChoice, provider: EnvironmentProvider, task: str) -> Path:
    """Return the checkpoint file.

    Raises:
        UsageError: it is named in two ways, or in none and the task has no runs.
        CheckpointError: there is no such file.
    """
    from_run = choice.load_run is not None or choice.load_checkpoint is not None
    ways = {
        "--checkpoint": choice.file is not None,
        "--load_run or --load_checkpoint": from_run,
        "--use_pretrained_checkpoint": choice.pretrained,
    }
    named = [way for way, used in ways.items() if used]
    if len(named) > 1:
        raise UsageError(
            f"the checkpoint is named in more than one way: {' and '.join(named)}",
            expected="one of --checkpoint, --load_run with --load_checkpoint, --use_pretrained_checkpoint",
            code="K009",
        )
    if choice.file is not None:
        return existing_checkpoint(choice.file)
    if choice.pretrained:
        return _pretrained(provider, task)
    return _from_runs(provider, task, choice.load_run or ".*", choice.load_checkpoint or r"model_.*\.pt", from_run)


def existing_checkpoint(path: Path) -> Path:
    """Return the path of a checkpoint that is there.

    Raises:
        CheckpointError: there is no such file; the nearest name is suggested.
    """
    if path.is_file() and path.suffix.lower() not in _EXPORTED:
        return path
    bundle = path if path.is_dir() else path.absolute().parent
    if (bundle / f"{bundle.absolute().name}.yaml").is_file() and path.exists():
        raise CheckpointError(
            f"{path} is {'a bundle' if path.is_dir() else 'part of a bundle'}, which was exported already",
            expected="a checkpoint file, as the training wrote it",
            fix=f"leapp inspect {bundle if path.is_dir() else path.parent}  shows what was exported",
            code="K004",
        )
    if path.is_file():
        return path
    if path.is_dir():
        found = sorted(entry.name for entry in path.glob("*.pt"))
        raise CheckpointError(
            f"{path} is a folder",
            expected="a checkpoint file",
            fix=f"it holds {', '.join(found[-5:])}" if found else "name the file in the folder of the training run",
            code="K004",
        )
    siblings = [entry.name for entry in path.parent.glob("*.pt")] if path.parent.is_dir() else []
    raise CheckpointError(
        f"there is no checkpoint {path}",
        expected=suggest(path.name, siblings) if siblings else "an existing file",
        code="K001",
    )


def _pretrained(provider: EnvironmentProvider, task: str) -> Path:
    path = provider.pretrained_checkpoint(task)
    if path is None:
        having = [info.name for info in provider.tasks() if info.pretrained]
        raise CheckpointError(
            f"no checkpoint comes with task {task!r}",
            expected=f"a task that has one: {', '.join(having)}" if having else None,
            fix="name one with --checkpoint",
            code="K001",
        )
    return path


def _from_runs(provider: EnvironmentProvider, task: str, run: str, name: str, asked: bool) -> Path:
    root = provider.log_root(task)
    if root is None or not root.is_dir():
        message = f"task {task!r} has no training runs here" if asked else "no checkpoint was named"
        raise UsageError(
            message,
            where=str(root) if root else None,
            fix="name one with --checkpoint FILE, or with --use_pretrained_checkpoint where the task has one",
            code="K009",
        )
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and _matches(run, entry.name))
    if not folders:
        raise CheckpointError(f"no training run in {root} matches {run!r}", expected=_listing(root), code="K001")
    files = [entry for entry in folders[-1].iterdir() if entry.is_file() and _matches(name, entry.name)]
    if not files:
        raise CheckpointError(
            f"no checkpoint in {folders[-1]} matches {name!r}", expected=_listing(folders[-1]), code="K001"
        )
    # Names are padded so that model_900 comes before model_1000.
    return max(files, key=lambda entry: f"{entry.name:0>30}")


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.match(pattern, name) is not None
    except re.error as error:
        raise UsageError(f"{pattern!r} is not a regular expression: {error}", code="U003") from error


def _listing(folder: Path) -> str:
    names = sorted(entry.name for entry in folder.iterdir())
    return f"one of {', '.join(names[-10:])}" if names else "something in that folder, which is empty"
