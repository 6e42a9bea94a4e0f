"""Which tasks there are. Importing this loads no torch."""

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
from leapp_core.suggest import suggest


class PendulumProvider(EnvironmentProvider):
    name = "pendulum"
    summary = "one actuated pendulum"
    requires = ("torch",)
    light = True

    def tasks(self) -> tuple[TaskInfo, ...]:
        return (TaskInfo("Pendulum-Hold", "hold it upright"),)

    def make(self, request: EnvRequest) -> PolicyEnvironment:
        self._check(request)
        from leapp_pendulum.environment import TrainingPendulum

        return TrainingPendulum(request)

    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        self._check(request)
        from leapp_pendulum.environment import DeployedPendulum

        return DeployedPendulum(request, document)

    def _check(self, request: EnvRequest) -> None:
        names = [task.name for task in self.tasks()]
        if request.task not in names:
            raise UsageError(f"unknown task {request.task!r}", expected=suggest(request.task, names))
        if request.overrides:
            raise UsageError(f"pendulums take no overrides, but {request.overrides[0]!r} was given")
