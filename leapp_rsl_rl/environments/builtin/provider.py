"""The ``builtin`` environment provider. Importing it loads no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, TaskInfo
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, BuiltinTask, find_task

if TYPE_CHECKING:
    from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment
    from leapp_core.spec.document import BundleDocument


class BuiltinProvider(EnvironmentProvider):
    """Small tasks in plain torch, each with a trained policy."""

    name: ClassVar[str] = "builtin"
    summary: ClassVar[str] = "small manager-based tasks in plain torch, each with a trained policy"
    requires: ClassVar[tuple[str, ...]] = ("torch",)
    extra: ClassVar[str | None] = "export"
    light: ClassVar[bool] = True
    renders: ClassVar[bool] = True
    simulators: ClassVar[tuple[str, ...]] = ("leapp_rsl_rl.environments",)
    examples: ClassVar[tuple[str, ...]] = ("leapp export --task Builtin-Reach-Arm --use_pretrained_checkpoint",)

    def tasks(self) -> tuple[TaskInfo, ...]:
        """List the tasks."""
        return tuple(
            TaskInfo(task.name, f"{task.summary} ({task.policy})", pretrained=task.checkpoint.is_file())
            for task in BUILTIN_TASKS
        )

    def pretrained_checkpoint(self, task: str) -> Path | None:
        """Return the checkpoint that comes with a task."""
        checkpoint = find_task(task).checkpoint
        return checkpoint if checkpoint.is_file() else None

    def make(self, request: EnvRequest) -> PolicyEnvironment:
        """Make the training form with one environment, without noise and disturbances."""
        task = _checked(request)
        self.require()
        from leapp_rsl_rl.environments.builtin.policy_env import BuiltinPolicyEnvironment

        return BuiltinPolicyEnvironment(task, request.seed, request.device)

    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        """Make the scene that a bundle is to run in."""
        task = _checked(request)
        self.require()
        from leapp_rsl_rl.environments.builtin.deployment import BuiltinDeployment

        return BuiltinDeployment(task, document, request.seed, request.device)


def _checked(request: EnvRequest) -> BuiltinTask:
    task = find_task(request.task)
    if request.overrides:
        raise UsageError(
            f"built-in tasks take no configuration overrides, but {request.overrides[0]!r} was given",
            fix="leave the overrides out",
            code="E003",
        )
    return task
