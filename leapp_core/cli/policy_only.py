"""Which options of ``leapp export`` go with ``--policy-only``, and which do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.cli.options import key_values
from leapp_core.errors import UsageError

if TYPE_CHECKING:
    from leapp_core.policy_export.checkpoints import CheckpointChoice


def needed_task(task: str | None) -> str:
    """Return the task.

    Raises:
        UsageError: there is none.
    """
    if task is None:
        raise UsageError(
            "missing option '--task'",
            expected="the task that the policy was trained on; `leapp envs list` shows which there are",
            fix="where no simulator can be started, --policy-only exports the network alone",
            code="U002",
        )
    return task


def only_file(choice: CheckpointChoice) -> Path:
    """Return the checkpoint, which has to be named as a file.

    Raises:
        UsageError: it is not.
    """
    if choice.file is None:
        raise UsageError(
            "--policy-only needs --checkpoint FILE: without a task there are no runs to look through",
            fix="leapp export --policy-only --checkpoint FILE",
            code="U002",
        )
    return choice.file


def refuse_task(task: str | None, env: str | None, overrides: Sequence[str] | None) -> None:
    """Refuse what names a task.

    Raises:
        UsageError: naming the option that does not go with ``--policy-only``.
    """
    given = {"--task": task, "--env": env, "OVERRIDE": overrides[0] if overrides else None}
    for name, value in given.items():
        if value is not None:
            raise UsageError(
                f"{name} {value} does not go with --policy-only, which uses no environment",
                fix=f"leave {name} out; or leave --policy-only out, and the task's processing is exported too",
                code="U004",
            )


def refuse_alone(agent: Path | None, shapes: Sequence[str] | None) -> None:
    """Refuse what an export with a task finds out by itself.

    Raises:
        UsageError: naming the option that needs ``--policy-only``.
    """
    for name, value in (("--agent", agent), ("--observation_shape", shapes or None)):
        if value is not None:
            raise UsageError(
                f"{name} goes with --policy-only",
                fix="a task's own agent configuration, or params/agent.yaml beside the checkpoint, is used otherwise",
                code="U004",
            )


def group_shapes(pairs: Iterable[str], option: str) -> dict[str, tuple[int, ...]]:
    """Read ``camera=1x64x64`` or ``camera=1,64,64``.

    Raises:
        UsageError: a size is no positive whole number.
    """
    shapes = {}
    for group, text in key_values(pairs, option).items():
        sizes = text.replace(",", "x").split("x")
        if not all(size.strip().isdigit() and int(size) > 0 for size in sizes):
            raise UsageError(f"{option} {group} got {text!r}", expected="sizes such as 48 or 1x64x64", code="U003")
        shapes[group] = tuple(int(size) for size in sizes)
    return shapes
