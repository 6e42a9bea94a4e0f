"""What a policy adapter is: a training library's checkpoint becomes a callable policy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from leapp_core.errors import UsageError
from leapp_core.plugins.requirements import require

if TYPE_CHECKING:
    import torch

    from leapp_core.plugins.environments import PolicyEnvironment, TaskSizes


class Recorder(Protocol):
    """What environments and policies see of a capture session (:class:`leapp_core.tracing.session.CaptureSession`)."""

    def input_tensors(self, node: str, tensors: Any) -> Any:
        """Declare inputs of a node's current step; returns them as given."""
        ...

    def state_tensors(self, node: str, tensors: Mapping[str, Any]) -> Any:
        """Declare state read in this step."""
        ...

    def update_state(self, node: str, tensors: Mapping[str, Any]) -> Any:
        """Declare the next value of declared state."""
        ...

    def output_tensors(
        self,
        node: str,
        tensors: Any,
        static_outputs: Any = None,
        export_with: str | None = None,
        backend_params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Declare outputs; ends the node's step."""
        ...

    def register_buffer(self, node: str, tensors: Mapping[str, Any]) -> Any:
        """Name tensors that the node writes in place, should they turn out to be state."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Run code that is not part of the program, such as physics, unrecorded."""
        ...


@dataclass(frozen=True)
class Terms:
    """What observations and actions of a task are made of, for messages: names and widths, in order.

    Attributes:
        observations: Group to term to number of values.
        actions: Action term to number of values.
    """

    observations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    actions: Mapping[str, int] = field(default_factory=dict)

    def of_group(self, name: str, shape: Sequence[int] | None) -> str:
        """Return ``policy 8 = joint_pos 3 + joint_vel 3 + target 2`` for a message.

        Args:
            name: The observation group.
            shape: Its shape without the batch axis, ``None`` if it is not known.
        """
        size = "?" if shape is None else "x".join(map(str, shape))
        return f"{name} {size}" + (f" = {_sum(self.observations[name])}" if self.observations.get(name) else "")

    def of_actions(self, count: int | None) -> str:
        """Return ``2 (joints 2)`` for a message."""
        return f"{'?' if count is None else count}" + (f" ({_sum(self.actions)})" if self.actions else "")


def _sum(terms: Mapping[str, int]) -> str:
    return " + ".join(f"{name} {width}" for name, width in terms.items())


NO_TERMS = Terms()
"""Where nothing is known of terms."""


@dataclass(frozen=True)
class PolicyRequest:
    """What an adapter gets to build a policy.

    Attributes:
        checkpoint: The file.
        agent: Agent configuration: saved beside the checkpoint, or the task's; ``None`` if neither is known.
        observations: Example observations by group, each ``[num_envs, ...]``.
        num_actions: Size of an action, or ``None`` if only the checkpoint can tell.
        device: Torch device string.
        agent_changes: What the user set in the agent configuration, by dotted path; goes before any file.
        terms: What observations and actions are made of, for messages about widths that differ.
    """

    checkpoint: Path
    agent: Mapping[str, Any] | None
    observations: Mapping[str, torch.Tensor]
    num_actions: int | None = None
    device: str = "cpu"
    agent_changes: Mapping[str, Any] = field(default_factory=dict)
    terms: Terms = NO_TERMS

    @classmethod
    def foreseen(cls, sizes: TaskSizes, checkpoint: Path, device: str = "cpu") -> PolicyRequest | None:
        """Return what is needed to load a checkpoint for a task that is not started; ``None`` if not all is known."""
        if sizes.observations is None:
            return None
        import torch

        shown = {name: torch.zeros(1, *shape, device=device) for name, shape in sizes.observations.items()}
        return cls(checkpoint, sizes.agent, shown, sizes.num_actions, device, sizes.agent_changes, sizes.terms)

    @classmethod
    def within(cls, env: PolicyEnvironment, checkpoint: Path, device: str = "cpu") -> PolicyRequest:
        """Return what is needed to load a checkpoint for an environment."""
        return cls(checkpoint, env.agent, env.observations(), env.num_actions, device, env.agent_changes, env.terms)


@dataclass(frozen=True)
class StandaloneRequest:
    """What an adapter gets to build a policy where no environment can be started.

    Attributes:
        checkpoint: The file.
        agent_file: File with the agent configuration, or ``None`` to look beside the checkpoint.
        shapes: Shapes of observation groups without the batch axis, as far as the user gave them.
        device: Torch device string.
    """

    checkpoint: Path
    agent_file: Path | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    device: str = "cpu"


class LoadedPolicy(ABC):
    """A policy in evaluation mode.

    Attributes:
        summary: One line: class, sizes, normalizer, recurrence.
        obs_groups: Observation groups it reads, in order, or ``None`` if it does not tell.
        clip_actions: Limit that training set to actions, for environments whose training clips them.
    """

    summary: str
    obs_groups: tuple[str, ...] | None = None
    clip_actions: float | None = None

    @abstractmethod
    def act(
        self, observations: Mapping[str, torch.Tensor], session: Recorder | None = None, node: str | None = None
    ) -> torch.Tensor:
        """Return the deterministic action ``[num_envs, num_actions]``, ``int64`` from 0 on of a policy that chooses.

        With a session, recurrent state is declared to it as state of ``node``: ``actor_state`` for one tensor,
        ``actor_state_0``, ``actor_state_1`` for several.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget recurrent state."""


@dataclass(frozen=True)
class StandalonePolicy:
    """A policy without its environment.

    Attributes:
        policy: The policy.
        shapes: What it takes: observation groups with their shapes without the batch axis, in order.
        notes: How the groups came about, where that is not obvious.
        groups: Observation groups it was trained on, in order, where ``shapes`` has several as one.
    """

    policy: LoadedPolicy
    shapes: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognition:
    """That an adapter knows a file.

    Attributes:
        certainty: From 0 (it may be) to 1 (nobody else writes such files). Where several adapters know a file, the
            surest reads it; where two are equally sure, the user is asked.
        reason: What it was known by, for messages: ``it holds 'actor_state_dict'``.
    """

    certainty: float
    reason: str


class PolicyAdapter(ABC):
    """Loads checkpoints of one training library.

    Attributes:
        name: What users type, such as the library's name.
        aliases: Other names for it.
        summary: One line for listings.
        requires: Import names that must be installed.
        extra: Extra of ``leapp-framework`` that brings them; ``None`` if your own distribution does.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    summary: ClassVar[str] = ""
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str | None] = None

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        """Say whether a file is a checkpoint of this library, and how surely; ``None`` if it is not.

        Called for files of any kind, also where the library is not installed: look at names in the file
        (:func:`leapp_core.checkpoints.peek.peek`), import nothing heavy and run nothing of it. By default a file is not
        known, and users have to say ``--adapter``.
        """
        return None

    def require(self) -> None:
        """Raise :class:`~leapp_core.errors.MissingExtraError` unless everything needed is installed."""
        require(f"policy adapter {self.name!r}", self.requires, self.extra)

    @abstractmethod
    def load(self, request: PolicyRequest) -> LoadedPolicy:
        """Load a checkpoint (never running code from it).

        Raises:
            CheckpointError: missing, truncated, unsafe, or not fitting the policy; names what differs.
        """

    def load_alone(self, request: StandaloneRequest) -> StandalonePolicy:
        """Load a checkpoint whose environment is not at hand; shapes come from the weights.

        Raises:
            CheckpointError: as :meth:`load`; and what the weights cannot tell was not given, with what to pass.
            UsageError: checkpoints of this library do not tell enough.
        """
        raise UsageError(
            f"policy adapter {self.name!r} cannot load the checkpoint {request.checkpoint} without its environment",
            fix="export with --task where the environment is installed",
            code="K010",
        )
