"""The ``mujoco`` environment provider. Importing it loads neither torch nor MuJoCo."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, TaskInfo

if TYPE_CHECKING:
    from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment
    from leapp_core.spec.document import BundleDocument


class MujocoProvider(EnvironmentProvider):
    """Robot models in MJCF."""

    name: ClassVar[str] = "mujoco"
    summary: ClassVar[str] = "runs bundles on robot models of your own (MJCF) in plain MuJoCo; has no tasks"
    requires: ClassVar[tuple[str, ...]] = ("mujoco",)
    extra: ClassVar[str | None] = "mujoco"
    light: ClassVar[bool] = True
    renders: ClassVar[bool] = True
    models: ClassVar[tuple[str, ...]] = (".xml", ".mjb")
    examples: ClassVar[tuple[str, ...]] = ("leapp deploy BUNDLE --env mujoco --model scene.xml",)

    def tasks(self) -> tuple[TaskInfo, ...]:
        """Return nothing: there are no tasks."""
        return ()

    def make(self, request: EnvRequest) -> PolicyEnvironment:
        """Refuse: a robot model has no observations, actions or rewards to train with."""
        raise UsageError(
            "environment 'mujoco' has no tasks: it runs bundles on robot models",
            fix="leapp deploy BUNDLE --env mujoco --model scene.xml",
            code="U004",
        )

    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        """Connect a bundle to the model that the request names."""
        if request.scene is None:
            raise UsageError(
                "environment 'mujoco' runs bundles on a robot model, and none was given",
                fix="--model FILE",
                code="U004",
            )
        self.require()
        if request.render:
            from leapp_rsl_rl.environments.offscreen import choose_renderer

            choose_renderer("leave --video out; --plot needs none")
        from leapp_rsl_rl.environments.mujoco.deployment import MujocoDeployment

        return MujocoDeployment(request.scene, document, render=request.render)
