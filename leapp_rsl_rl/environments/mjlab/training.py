"""A task in training form: mjlab's own managers, with raw reads and writes declared to a capture session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import PolicyEnvironment, StepOutcome
from leapp_core.spec.semantics import TensorSemantics
from leapp_rsl_rl.environments.clipping import clipped
from leapp_rsl_rl.environments.mjlab.buffers import replace_buffers
from leapp_rsl_rl.environments.mjlab.config import TaskConfig
from leapp_rsl_rl.environments.mjlab.facts import task_facts
from leapp_rsl_rl.environments.mjlab.outputs import gain_outputs, output_meanings
from leapp_rsl_rl.environments.mjlab.ports import PortMeaning, input_meaning
from leapp_rsl_rl.environments.mjlab.simulator import Simulator, as_array
from leapp_rsl_rl.environments.mjlab.sources import install_taps
from leapp_rsl_rl.environments.mjlab.stepping import StepGate
from leapp_rsl_rl.environments.mjlab.taps import TapBoard
from leapp_rsl_rl.environments.mjlab.writes import Write, WriteBoard
from leapp_rsl_rl.environments.terms import manager_terms

if TYPE_CHECKING:
    import torch

    from leapp_core.plugins.policies import LoadedPolicy, Recorder


class MjlabPolicyEnvironment(PolicyEnvironment):
    """See :class:`leapp_core.plugins.environments.PolicyEnvironment`.

    Args:
        task: Task name.
        config: The prepared configuration.
        seed: Seed of the first episode.
        device: Torch device string.
    """

    def __init__(self, task: str, config: TaskConfig, seed: int, device: str) -> None:
        self.task = self.node = task
        self.agent: Mapping[str, Any] = config.agent
        self.agent_changes = config.agent_changes
        self.max_episode_steps = config.episode_steps
        self._simulator = Simulator(config.env, device, task)
        env = self._simulator.env
        self.frequency = self._simulator.frequency
        self.num_actions = int(env.action_manager.total_action_dim)
        self.terms = manager_terms(env)
        self._buffers = replace_buffers(env.observation_manager, env.num_envs, device)
        self.notes = (*config.notes, *self._buffers.notes)
        self._taps, self._writes = TapBoard(), WriteBoard(env)
        install_taps(env, self._taps)
        self._groups = _policy_groups(config.agent, env.observation_manager.active_terms)
        self.facts = task_facts(env, self._groups)
        self._gate = StepGate(env, self._groups, self._taps, self._writes)
        self._inputs, self._outputs = self._discover()
        self._gains = gain_outputs(self._outputs)
        self.reset(seed)

    def observations(self) -> Mapping[str, torch.Tensor]:
        """Return the current observations by group, each ``[1, ...]``."""
        with self._simulator.running():
            return self._gate.observations()

    def reset(self, seed: int) -> None:
        """Start an episode that depends on ``seed`` only.

        Raises:
            EnvError: something random was drawn that a recording would keep as a constant.
        """
        self._simulator.reset(seed)
        self._refuse_encoder_bias()
        self._gate.episode_began()

    def step(self, policy: LoadedPolicy, session: Recorder | None = None) -> StepOutcome:
        """Make one control step; see the contract."""
        if session is not None:
            return self._recorded_step(policy, session)
        with self._simulator.running():
            readings = {m.name: as_array(self._taps.reads[c]()) for c, m in self._inputs.items()}
            action = clipped(policy.act(self._gate.observations()), policy)
        with self._writes.listening() as writes:
            reward, done = self._simulator.step(action)
        self._gate.stepped(done)
        targets = self._targets([w.value for w in writes[: len(self._outputs)]])
        return StepOutcome(targets, reward, done, self._simulator.state(), readings)

    def close(self) -> None:
        """Release the simulator."""
        self._simulator.close()

    def _recorded_step(self, policy: LoadedPolicy, session: Recorder) -> StepOutcome:
        """Declare the readings, run mjlab's own code from them to the targets, declare those, run physics."""
        written: list[torch.Tensor] = []
        self._refuse_other_groups(policy)

        def declare(writes: Sequence[Write]) -> None:
            self._taps.release()  # what runs from here on is the simulator's own business
            written.extend(w.value for w in writes)
            session.output_tensors(self.node, _semantics(self._outputs, written), static_outputs=self._static())

        with self._simulator.running() as env:
            session.register_buffer(self.node, self._buffers.state())
            readings = {c: self._taps.reads[c]().clone() for c in self._inputs}
            declared = session.input_tensors(self.node, _semantics(self._inputs.values(), readings.values()))
            declared = declared if isinstance(declared, (tuple, list)) else (declared,)
            with self._taps.serving(dict(zip(self._inputs, declared, strict=True))):
                action = clipped(policy.act(self._gate.observe(), session, self.node), policy)
                with self._gate.recording(declare):
                    env.step(action)
        return StepOutcome(self._targets(written), None, False, self._simulator.state())

    def _targets(self, values: Sequence[torch.Tensor]) -> dict[str, Any]:
        return {m.name: as_array(v) for m, v in zip(self._outputs, values, strict=True)}

    def _static(self) -> Any:
        return _semantics([g.meaning for g in self._gains], [g.tensor() for g in self._gains]) or None

    def _discover(self) -> tuple[dict[str, PortMeaning], tuple[PortMeaning, ...]]:
        """Run observation and action terms once to see what they read and write."""
        import torch

        self.reset(0)
        with self._simulator.running() as env, self._taps.listening():
            self._gate.observe()
            with self._writes.listening() as writes:
                env.action_manager.process_action(torch.zeros(1, self.num_actions, device=env.device))
                env.action_manager.apply_action()
            outputs = output_meanings(env, writes, self.task)
        with self._simulator.running() as env:
            inputs = {c: input_meaning(env, c, read().shape) for c, read in self._taps.reads.items()}
        self._refuse_live_targets(len(writes))
        return inputs, outputs

    def _refuse_other_groups(self, policy: LoadedPolicy) -> None:
        """Refuse a policy that sees other observation groups than those whose readings were looked for."""
        wanted = policy.obs_groups
        if wanted is not None and set(wanted) != set(self._groups):
            raise EnvError(
                f"the policy sees the observation groups {', '.join(wanted)}, and task {self.task} registers "
                f"{', '.join(self._groups)} for its actor",
                fix=f"pass the override agent.obs_groups.actor={list(wanted)}",
                code="K008",
            )

    def _refuse_encoder_bias(self) -> None:
        """Refuse what an event of the user's own may do; mjlab's own are off (see ``config``)."""
        for name, entity in self._simulator.env.scene.entities.items():
            if bool(entity.data.encoder_bias.any()):
                raise EnvError(
                    f"task {self.task}: an event gives the joint encoders of {name!r} a bias, "
                    "which would be recorded as a constant of the policy",
                    expected="joint positions as the robot reports them",
                    fix="take that event out with the override env.events.NAME=None",
                    code="E007",
                )

    def _refuse_live_targets(self, per_substep: int) -> None:
        """Refuse action terms whose target changes between the physics steps of one control step."""
        import torch

        with self._writes.listening() as writes:
            self._simulator.step(torch.zeros(1, self.num_actions, device=self._simulator.env.device))
        for write, before in zip(writes[per_substep:], writes, strict=False):
            if not torch.equal(write.value, before.value):
                raise EnvError(
                    f"task {self.task}: the {write.field} of {write.entity!r} is computed anew in every physics step",
                    expected="targets that hold for a whole control step: a bundle runs once per control step",
                    fix="use an action term whose target depends on the action only, or a decimation of 1",
                    code="E007",
                )


def _policy_groups(agent: Mapping[str, Any], groups: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the observation groups that the actor uses."""
    chosen = (agent.get("obs_groups") or {}).get("actor")
    return tuple(chosen) if chosen else tuple(groups)


def _semantics(meanings: Any, values: Any) -> list[Any]:
    return [
        TensorSemantics(name=m.name, ref=v, kind=m.kind, element_names=m.element_names, extra=dict(m.extra))
        for m, v in zip(meanings, values, strict=True)
    ]
