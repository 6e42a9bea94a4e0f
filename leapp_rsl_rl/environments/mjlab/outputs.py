"""The output ports of a policy: what its action terms write, with gains and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError
from leapp_rsl_rl.environments.mjlab.actuation import Actuation, actuation
from leapp_rsl_rl.environments.mjlab.facts import target_facts
from leapp_rsl_rl.environments.mjlab.ports import CONNECTION, PortMeaning, joint_units
from leapp_rsl_rl.environments.mjlab.writes import Write

if TYPE_CHECKING:
    import torch

_KINDS = {
    "joint_pos_target": ("target/joint/position", "rad", "m"),
    "joint_vel_target": ("target/joint/velocity", "rad/s", "m/s"),
    "joint_effort_target": ("target/joint/effort", "N*m", "N"),
    "tendon_len_target": ("target/tendon/length", "m", "m"),
    "tendon_vel_target": ("target/tendon/velocity", "m/s", "m/s"),
    "tendon_effort_target": ("target/tendon/effort", "N", "N"),
    "site_effort_target": ("target/site/effort", "N", "N"),
}


@dataclass(frozen=True)
class StaticOutput:
    """A constant output: gains.

    Attributes:
        meaning: The port.
        values: One value per element.
    """

    meaning: PortMeaning
    values: tuple[float, ...]

    def tensor(self) -> torch.Tensor:
        """Return the values as ``[1, elements]`` float32."""
        import torch

        return torch.tensor([self.values], dtype=torch.float32)


def output_meanings(env: Any, writes: Sequence[Write], task: str) -> tuple[PortMeaning, ...]:
    """Describe the output port of each write of one control step.

    Raises:
        EnvError: nothing is written through the methods mjlab's action terms use.
    """
    if not writes:
        raise EnvError(
            f"the action terms of task {task} write nothing to an entity",
            expected="action terms that call Entity.set_joint_position_target or one of its siblings",
            code="E007",
        )
    count = {(w.entity, w.field): 0 for w in writes}
    meanings = []
    for write in writes:
        count[write.entity, write.field] += 1
        number = count[write.entity, write.field]
        name = f"{write.entity}_{write.field}" + (f"_{number}" if number > 1 else "")
        meanings.append(_meaning(env, write, name))
    return tuple(meanings)


def _meaning(env: Any, write: Write, name: str) -> PortMeaning:
    kind, turning, sliding = _KINDS[write.field]
    elements = write.elements(env)
    extra: dict[str, Any] = {CONNECTION: f"write:{write.entity}:{write.field}"}
    if not write.field.startswith("joint"):
        return PortMeaning(name, kind, [list(elements)], extra | {"unit": turning})
    entity = env.scene.entities[write.entity]
    extra["unit"] = joint_units(env, entity, elements, turning, sliding)
    driven = actuation(env, entity, elements)
    if any(a.effort_limit is not None for a in driven):
        extra["effort_limit"] = [a.effort_limit for a in driven]
    if write.field == "joint_effort_target" and any(a.gear != 1.0 for a in driven):
        extra["unit"] = "actuator control"
        extra["gear"] = [a.gear for a in driven]
    extra |= target_facts(env, entity, elements, write.field) | _gains(driven)
    return PortMeaning(name, kind, [list(elements)], extra)


def _gains(driven: Sequence[Actuation]) -> dict[str, Any]:
    """Return the gains as plain numbers: metadata keeps what the float32 outputs round."""
    if any(a.stiffness is None or a.damping is None for a in driven):
        return {}
    return {"stiffness": [a.stiffness for a in driven], "damping": [a.damping for a in driven]}


def gain_outputs(meanings: Sequence[PortMeaning]) -> tuple[StaticOutput, ...]:
    """Return ``kp`` and ``kd`` of every output that has gains; one write gives plain names, more are told apart."""
    driven = [m for m in meanings if "stiffness" in m.extra]
    outputs = []
    for meaning in driven:
        suffix = "" if len(driven) == 1 else f"_{meaning.name}"
        for name, key in (("kp", "stiffness"), ("kd", "damping")):
            port = PortMeaning(f"{name}{suffix}", name, meaning.element_names, {})
            outputs.append(StaticOutput(port, tuple(meaning.extra[key])))
    return tuple(outputs)
