"""The ``isaaclab`` provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, TaskInfo, TaskSizes

if TYPE_CHECKING:
    from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment
    from leapp_core.spec.document import BundleDocument


class IsaacLabProvider(EnvironmentProvider):
    """Tasks registered with Isaac Lab 3 and an agent of RSL-RL, skrl, rl_games or Stable-Baselines3."""

    name: ClassVar[str] = "isaaclab"
    summary: ClassVar[str] = "Isaac Lab 3 tasks, with Isaac Sim or with Newton physics alone"
    requires: ClassVar[tuple[str, ...]] = ("isaaclab", "isaaclab_tasks", "isaaclab_rl", "torch")
    extra: ClassVar[str | None] = "isaaclab"
    install: ClassVar[str | None] = (
        "make isaaclab-env in a checkout of LEAPP (pip alone cannot install Isaac Lab without Isaac Sim)"
    )
    light: ClassVar[bool] = True
    simulators: ClassVar[tuple[str, ...]] = (
        "warp", "newton", "mujoco", "mujoco_warp", "isaaclab_newton", "isaaclab_physx", "isaaclab_ov",
        "leapp_rsl_rl.environments",
    )  # fmt: skip
    examples: ClassVar[tuple[str, ...]] = (
        "leapp export --task Isaac-Cartpole --checkpoint model.pt presets=newton_mjwarp",
        "leapp deploy out/Isaac-Cartpole --compare model.pt presets=newton_mjwarp",
    )

    def tasks(self) -> tuple[TaskInfo, ...]:
        """List registered tasks without importing Isaac Lab."""
        from leapp_rsl_rl.environments.task_listing import registered_names

        return tuple(TaskInfo(name) for name in registered_names(["isaaclab_tasks"], "register", "id"))

    def tasks_of(self, modules: tuple[str, ...]) -> tuple[TaskInfo, ...]:
        """List what modules of other projects would register."""
        from leapp_rsl_rl.environments.task_listing import names_in_modules

        return tuple(TaskInfo(name) for name in names_in_modules(modules, "register", "id"))

    def import_tasks(self, modules: tuple[str, ...]) -> None:
        """Import modules of other projects; see the contract."""
        if modules:
            from leapp_core.compat import activate

            activate(force=True)  # before Isaac Lab is imported, as in make
        super().import_tasks(modules)

    def log_root(self, task: str) -> Path | None:
        """Return where Isaac Lab's training script writes runs: ``logs/rsl_rl/<experiment>``."""
        from leapp_core.compat import activate

        activate(force=True)
        from isaaclab_tasks.utils.parse_cfg import load_cfg_from_registry

        from leapp_rsl_rl.environments.isaaclab.agents import agent_entry
        from leapp_rsl_rl.environments.isaaclab.config import registered_task

        known = registered_task(task)
        agent = load_cfg_from_registry(known, agent_entry(known, None))
        return Path("logs") / "rsl_rl" / str(agent.experiment_name)

    def sizes(self, request: EnvRequest) -> TaskSizes | None:
        """Return the sizes that the configuration and the robot's file tell."""
        from leapp_core.compat import activate

        activate(force=True)
        from leapp_rsl_rl.environments.isaaclab.config import load_config
        from leapp_rsl_rl.environments.isaaclab.sizes import task_sizes

        return task_sizes(load_config(request))

    def make(self, request: EnvRequest) -> PolicyEnvironment:
        """Make the training form with one environment; see the contract."""
        from leapp_core.compat import activate

        activate(force=True)  # before Isaac Lab is imported: its semantics take their kinds from the leapp module
        from leapp_rsl_rl.environments.isaaclab.config import load_config
        from leapp_rsl_rl.environments.isaaclab.training import IsaacPolicyEnvironment

        return IsaacPolicyEnvironment(load_config(request), request.seed, request.device)

    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        """Make the deployment form of a bundle; see the contract."""
        from leapp_core.compat import activate

        activate(force=True)
        from leapp_rsl_rl.environments.isaaclab.config import load_config
        from leapp_rsl_rl.environments.isaaclab.deployment import IsaacDeployment

        return IsaacDeployment(request, document, load_config(request))
