"""What an environment plugin is: where tasks come from, in training form and in deployment form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from leapp_core.plugins.policies import NO_TERMS, Terms
from leapp_core.plugins.requirements import require
from leapp_core.plugins.task_modules import import_modules

if TYPE_CHECKING:
    import numpy as np
    import torch

    from leapp_core.plugins.policies import LoadedPolicy, Recorder
    from leapp_core.spec.document import BundleDocument


@dataclass(frozen=True)
class TaskInfo:
    """A task for listings.

    Attributes:
        name: What ``--task`` takes.
        summary: One line.
        pretrained: Whether ``--use_pretrained_checkpoint`` works.
    """

    name: str
    summary: str = ""
    pretrained: bool = False


@dataclass(frozen=True)
class ModelScene:
    """A robot model of the user's own to run a bundle on, for providers that take one (``models``).

    Attributes:
        model: File of the model.
        connections: File that says what the bundle's ports are connected to where names do not tell, or ``None``.
        commands: Where values of inputs come from that the model does not give, by input: numbers ``0.5,0,0``, a
            recorded file, or ``FILE.py:FUNCTION``.
        start: Name of the pose to start in, or ``None`` for the best that is known.
        pushes: Disturbances, each ``TIME:BODY:FX,FY,FZ[:SECONDS]`` (s, N in the world frame).
        timestep: Physics step (s) in place of the model's.
        viewer: Open a window and run in real time.
    """

    model: Path
    connections: Path | None = None
    commands: Mapping[str, str] = field(default_factory=dict)
    start: str | None = None
    pushes: tuple[str, ...] = ()
    timestep: float | None = None
    viewer: bool = False


@dataclass(frozen=True)
class EnvRequest:
    """Which environment to make.

    Attributes:
        task: Task name.
        seed: Seed of everything random.
        device: Torch device string.
        overrides: Configuration overrides in the provider's own syntax (``a.b=c``).
        render: Pictures of the scene will be asked for; renderers often have to be chosen before anything is loaded.
        adapter: Policy adapter that reads the checkpoint, for tasks that have an agent configuration for each of
            several trainers; ``None`` if no checkpoint is involved.
        scene: The user's own robot model, for deployment forms of providers that take one.
    """

    task: str
    seed: int = 0
    device: str = "cpu"
    overrides: tuple[str, ...] = ()
    render: bool = False
    adapter: str | None = None
    scene: ModelScene | None = None


@dataclass(frozen=True)
class TaskSizes:
    """What the configuration of a task tells of it, before anything is started.

    Attributes:
        observations: Shapes of the observation groups that its policy sees, without the batch axis; ``None`` unless all
            of them are known.
        num_actions: Size of an action.
        agent: The task's agent configuration, or ``None``.
        agent_changes: See :class:`PolicyEnvironment`.
        terms: What observations and actions are made of, as far as it is known.
    """

    observations: Mapping[str, tuple[int, ...]] | None
    num_actions: int
    agent: Mapping[str, Any] | None = None
    agent_changes: Mapping[str, Any] = field(default_factory=dict)
    terms: Terms = NO_TERMS


@dataclass(frozen=True)
class StepOutcome:
    """What one control step did (single environment).

    Attributes:
        targets: What was written to the robot, by output port name.
        reward: The task's reward of the step, for reporting only; ``None`` if unknown.
        done: The episode ended with this step.
        state: Robot state after the step by a readable name, for comparing two runs.
        readings: What the policy was shown in the step, by name of the bundle's input: raw readings, copied when they
            were read. Of training forms, outside recordings; with all of them the bundle can be judged by what the
            policy saw, and a deployment that reads something else is told from one that drifts.
    """

    targets: Mapping[str, np.ndarray[Any, Any]]
    reward: float | None
    done: bool
    state: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    readings: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)


class PolicyEnvironment(ABC):
    """A task in training form with one environment, noise and training-only randomisation off.

    Attributes:
        task: Task name.
        node: Name of the node that its policy becomes (by default the task name).
        frequency: Control steps per second (Hz).
        num_actions: Size of the policy's action.
        agent: The task's agent configuration, or ``None``.
        agent_changes: What overrides set in it, by dotted path (``actor.activation``): goes before what is saved
            beside a checkpoint.
        max_episode_steps: Control steps of one episode.
        notes: What was switched off or replaced to make it exportable, for the report.
        terms: What its observations and actions are made of, for messages about checkpoints that do not fit.
        facts: Keys for ``pipeline.configs`` that say what the program holds: physics step and decimation, observation
            and action terms. Plain values.
        action_choices: How many values each number of an action may have, for policies that choose (``int64``, from 0
            on); empty where actions are continuous.
    """

    task: str
    node: str
    frequency: float
    num_actions: int
    agent: Mapping[str, Any] | None
    max_episode_steps: int
    agent_changes: Mapping[str, Any] = MappingProxyType({})
    notes: tuple[str, ...] = ()
    terms: Terms = NO_TERMS
    facts: Mapping[str, Any] = MappingProxyType({})
    action_choices: tuple[int, ...] = ()

    @abstractmethod
    def observations(self) -> Mapping[str, torch.Tensor]:
        """Return current observations by group, each ``[1, ...]``, without advancing history."""

    @abstractmethod
    def reset(self, seed: int) -> None:
        """Start an episode; equal seeds give equal episodes, also in the deployment form."""

    @abstractmethod
    def step(self, policy: LoadedPolicy, session: Recorder | None = None) -> StepOutcome:
        """Make one control step as training code does: observations, policy, action terms, physics.

        With a session, raw sensor reads are declared as inputs and writes to the robot as outputs of ``node``,
        with complete semantics; everything in between is the environment's own code. The outcome of a recorded step is
        not looked at, so it may be empty.
        """

    def close(self) -> None:  # noqa: B027 - many environments hold nothing
        """Release what the environment holds."""


class DeploymentEnvironment(ABC):
    """A task's scene and physics without observation and action processing: what a robot would be.

    Attributes:
        max_episode_steps: Control steps of one episode.
        notes: What was assumed or replaced to connect the bundle, for the report.
    """

    max_episode_steps: int
    notes: tuple[str, ...] = ()

    @abstractmethod
    def reset(self, seed: int) -> None:
        """Start an episode as the training form does with that seed."""

    @abstractmethod
    def read(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return what the bundle's outside inputs name, as ``node/port`` to array."""

    @abstractmethod
    def step(self, outputs: Mapping[str, np.ndarray[Any, Any]]) -> StepOutcome:
        """Write what the outputs (``node/port`` to array) name and advance physics by one control step."""

    def render(self) -> np.ndarray[Any, Any] | None:
        """Return a picture of the scene as it is now, ``uint8[height, width, 3]``; ``None`` if there is no renderer.

        Called only if the request had ``render``.
        """
        return None

    def close(self) -> None:  # noqa: B027 - see PolicyEnvironment.close
        """Release what the environment holds."""


class EnvironmentProvider(ABC):
    """A source of tasks.

    Attributes:
        name: What ``--env`` takes.
        summary: One line for listings.
        requires: Import names that must be installed.
        extra: Extra of ``leapp-framework`` that brings them; ``None`` if your own distribution does.
        install: How to get them where that extra alone does not bring them; shown as the fix.
        light: Listing tasks imports nothing heavy, so listings and the search for a task's environment may ask freely.
        renders: Deployment forms can draw the scene without a display.
        simulators: Packages (``warp``, ``mine.physics``) whose Python drives physics beside PyTorch. What they decide
            (when a buffer is refreshed, which kernel runs) shows in their memory, so capture does not look for Python
            values in them that decide what a policy computes.
        examples: Command lines that show how its tasks are exported, for listings.
        models: Endings of files that hold a robot model (``.xml``) which bundles are run on; such a provider has no
            tasks and no training form, and its ``deploy`` gets the model with ``request.scene``.
    """

    name: ClassVar[str]
    summary: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str | None] = None
    install: ClassVar[str | None] = None
    light: ClassVar[bool] = False
    renders: ClassVar[bool] = False
    simulators: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[str, ...]] = ()
    models: ClassVar[tuple[str, ...]] = ()

    def require(self) -> None:
        """Raise :class:`~leapp_core.errors.MissingExtraError` unless everything needed is installed."""
        require(f"environment {self.name!r}", self.requires, self.extra, self.install)

    @abstractmethod
    def tasks(self) -> tuple[TaskInfo, ...]:
        """List tasks; may import what the provider requires."""

    def tasks_of(self, modules: tuple[str, ...]) -> tuple[TaskInfo, ...]:
        """List the tasks that importing modules of other projects would register here, without importing them.

        By default there are none, and users of such tasks have to say ``--env``.
        """
        return ()

    def import_tasks(self, modules: tuple[str, ...]) -> None:
        """Import modules of other projects that register tasks; called before anything is asked about their tasks.

        Raises:
            UsageError: one of them cannot be imported.
        """
        import_modules(modules)

    def pretrained_checkpoint(self, task: str) -> Path | None:
        """Return the checkpoint shipped for a task, if any."""
        return None

    def log_root(self, task: str) -> Path | None:
        """Return the folder that training writes runs of this task to, searched for ``--load_run``."""
        return None

    def sizes(self, request: EnvRequest) -> TaskSizes | None:
        """Return what the task's configuration tells without starting it, or ``None``.

        A checkpoint of another task is then refused before a simulator starts, which can take a minute.

        Raises:
            UsageError: unknown task or override.
        """
        return None

    @abstractmethod
    def make(self, request: EnvRequest) -> PolicyEnvironment:
        """Make the training form.

        Raises:
            UsageError: unknown task; the nearest is suggested.
            EnvError: it cannot be made.
        """

    @abstractmethod
    def deploy(self, request: EnvRequest, document: BundleDocument) -> DeploymentEnvironment:
        """Make the deployment form for a bundle.

        Raises:
            UsageError: unknown task.
            EnvError: a port's connection cannot be served; names port and connection.
        """
