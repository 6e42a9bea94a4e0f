"""The ``mjlab`` provider."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, TaskInfo

if TYPE_CHECKING:
    from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment
    from leapp_core.spec.document import BundleDocument


class MjlabProvider(EnvironmentProvider):
    """Tasks registered with mjlab, its own and those of packages in entry-point group ``mjlab.tasks``."""

    name: ClassVar[str] = "mjlab"
    summary: ClassVar[str] = "mjlab tasks (MuJoCo-Warp, manager-based), also on the CPU"
    requires: ClassVar[tuple[str, ...]] = ("mjlab", "torch")
    extra: ClassVar[str | None] = "mjlab"
    light: ClassVar[bool] = True
    renders: ClassVar[bool] = True
    simulators: ClassVar[tuple[str, ...]] = (
        "warp", "mujoco", "mujoco_warp", "mjlab.sim", "mjlab.sensor", "leapp_rsl_rl.environments",
    )  # fmt: skip
    examples: ClassVar[tuple[str, ...]] = (
        "leapp export --task Mjlab-Cartpole-Balance --checkpoint model.pt",
        "leapp deploy out/Mjlab-Cartpole-Balance --steps 500 --seed 3 --video cartpole.mp4",
    )

    def tasks(self) -> tuple[TaskInfo, ...]:
        """List registered tasks without importing mjlab."""
        from leapp_rsl_rl.environments.task_listing import registered_names

        others = (point.value.partition(":")[0].partition(".")[0] for point in entry_points(group="mjlab.tasks"))
        names = registered_names(["mjlab", *others], "register_mjlab_task", "task_id")
        return tuple(TaskInfo(name) for name in names)

    def tasks_of(self, modules: tuple[str, ...]) -> tuple[TaskInfo, ...]:
        """List what modules of other projects would register."""
        from leapp_rsl_rl.environments.task_listing import names_in_modules

        return tuple(TaskInfo(name) for name in names_in_modules(modules, "register_mjlab_task", "task_id"))

    def log_root(self, task: str) -> Path | None:
        """Return where mjlab's training script writes runs: ``logs/rsl_rl/<experiment>`` below the current folder."""
        import mjlab.tasks  # noqa: F401 - importing registers the tasks
        from mjlab.tasks.registry import list_tasks, load_rl_cfg

        if task not in list_tasks():
            return None
        return Path("logs") / "rsl_rl" / str(load_rl_cfg(task).experiment_name)

    def make(self, request: EnvRequest) -> PolicyEnvironment:
        """Make the training form with one environment; see the contract."""
        if request.render:  # for the deployment form beside it; MuJoCo is loaded now
            from leapp_rsl_rl.environments.offscreen import choose_renderer

            choose_renderer()
        from leapp_rsl_rl.environments.mjlab.config import load_config
        from leapp_rsl_rl.environments.mjlab.training import MjlabPolicyEnvironment

        return MjlabPolicyEnvironment(request.task, load_config(request), request.seed, request.device)

    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        """Make the deployment form of a bundle; see the contract."""
        if request.render:
            from leapp_rsl_rl.environments.offscreen import choose_renderer

            choose_renderer()
        from leapp_rsl_rl.environments.mjlab.config import load_config
        from leapp_rsl_rl.environments.mjlab.deployment import MjlabDeployment

        return MjlabDeployment(request, load_config(request), document)
