"""Tasks of gymnasium. Importing this loads neither gymnasium nor PyTorch."""

from __future__ import annotations

from leapp_core.errors import UsageError
from leapp_core.plugins.environments import (
    DeploymentEnvironment,
    EnvironmentProvider,
    EnvRequest,
    PolicyEnvironment,
    TaskInfo,
)
from leapp_core.spec.document import BundleDocument
from leapp_sb3.tasks import CLASSIC, MUJOCO


class GymnasiumProvider(EnvironmentProvider):
    """Classic control, MuJoCo, and what other projects register with gymnasium when they are imported."""

    name = "gymnasium"
    summary = "tasks of gymnasium: classic control, MuJoCo, your own with --import"
    requires = ("torch", "gymnasium")
    light = True
    simulators = ("gymnasium", "mujoco")
    examples = ("leapp export --env gymnasium --task CartPole-v1 --checkpoint cartpole.zip",)

    def __init__(self) -> None:
        self._imported: tuple[str, ...] = ()

    def tasks(self) -> tuple[TaskInfo, ...]:
        return (
            *(TaskInfo(name, "classic control") for name in CLASSIC),
            *(TaskInfo(name, "MuJoCo") for name in MUJOCO),
            *(TaskInfo(name, "registered by a module of yours") for name in self._imported),
        )

    def import_tasks(self, modules: tuple[str, ...]) -> None:
        import gymnasium

        before = set(gymnasium.registry)
        super().import_tasks(modules)
        self._imported = (*self._imported, *sorted(set(gymnasium.registry) - before))

    def make(self, request: EnvRequest) -> PolicyEnvironment:
        self._check(request)
        from leapp_sb3.environment import TrainingTask

        return TrainingTask(request)

    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        self._check(request)
        from leapp_sb3.environment import DeployedTask

        return DeployedTask(request, document)

    def _check(self, request: EnvRequest) -> None:
        self.require()
        import gymnasium

        if request.task not in gymnasium.registry:
            names = ", ".join(task.name for task in self.tasks())
            raise UsageError(
                f"gymnasium has no task {request.task!r}",
                expected=f"one of {names}",
                fix="for a task of your own, name the module that registers it with --import",
            )
        if request.overrides:
            raise UsageError(f"tasks of gymnasium take no overrides, but {request.overrides[0]!r} was given")
