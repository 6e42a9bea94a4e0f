"""Record a policy in its environment, and run the environment beside the program on shaken readings."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leapp_core.policy_export.timing import RecordingTime

if TYPE_CHECKING:
    from leapp_core.plugins.environments import PolicyEnvironment
    from leapp_core.plugins.manager import PluginManager
    from leapp_core.plugins.policies import LoadedPolicy
    from leapp_core.tracing.result import CapturedPipeline
    from leapp_core.tracing.session import CaptureSession

PROVE_STEPS = 100
"""Control steps in which the environment is run beside the program."""


@dataclass(frozen=True)
class CaptureSettings:
    """How to capture.

    Attributes:
        name: Graph name.
        steps: Control steps to record.
        seed: Seed of the episode.
        strict: Make every check that could not be made an error.
        prove_seconds: Time limit for running the environment beside the program, after the steps that settle what its
            source does not tell; 0 skips all of it.
    """

    name: str
    steps: int = 5
    seed: int = 0
    strict: bool = False
    prove_seconds: float = 60.0


def capture_policy(
    env: PolicyEnvironment, policy: LoadedPolicy, settings: CaptureSettings, plugins: PluginManager | None = None
) -> tuple[CapturedPipeline, RecordingTime]:
    """Record an episode's first steps; then go on with readings shaken, which the program must follow.

    What is shaken is what the task reads. The simulator's own memory holds what it held before physics goes on, and
    an episode that is begun afterwards is the same as if nothing had been shaken.

    Returns:
        The captured program, and what recording took.

    Raises:
        CaptureError: the program cannot be exported exactly, or does not give what the environment gives.
    """
    from leapp_core.tracing.session import capture
    from leapp_core.tracing.watch import ENOUGH_STEPS

    env.reset(settings.seed)
    policy.reset()
    asked = time.perf_counter()
    with capture(settings.name, max_cached_io=settings.steps, strict=settings.strict) as session:
        preparing = time.perf_counter() - asked
        taken = []
        for _ in range(settings.steps):
            began = time.perf_counter()
            env.step(policy, session)
            taken.append(time.perf_counter() - began)
        if settings.prove_seconds > 0:
            session.prove(
                lambda: _step(env, policy, session, settings.seed),
                steps=PROVE_STEPS,
                seconds=settings.prove_seconds,
                least=ENOUGH_STEPS,  # whether a task can be exported is no question of how busy the machine is
            )
        done = time.perf_counter()
    preparing += time.perf_counter() - done
    return session.compile(plugins), RecordingTime.of(taken, session.looking_s, preparing)


def _step(env: PolicyEnvironment, policy: LoadedPolicy, session: CaptureSession, seed: int) -> None:
    """Make one more step; begin another episode if this one is over."""
    if env.step(policy, session).done:
        with session.paused():
            env.reset(seed)
            policy.reset()
        session.reset_state()
