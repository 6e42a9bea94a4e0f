"""Gains that would leave a joint limp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.spec.port import PortSpec
from leapp_core.spec.semantics import OutputKind

if TYPE_CHECKING:
    from leapp_core.plugins.exporters import NodeProgram
    from leapp_core.tracing.result import CapturedPipeline

_SHOWN = 8


def limp_joints(captured: CapturedPipeline) -> tuple[str, ...]:
    """Return a warning for every node that puts out position targets of joints whose proportional gain is 0.

    A robot's controller that takes both would not move these joints, whatever the policy says.
    """
    return tuple(text for program in captured.programs.values() for text in _of_node(program))


def _of_node(program: NodeProgram) -> list[str]:
    held = {joint for port in program.spec.outputs if port.kind == OutputKind.JOINT_POSITION for joint in _joints(port)}
    limp = [
        joint for port in program.spec.outputs if port.kind == OutputKind.KP for joint in _without_gain(program, port)
    ]
    named = [joint for joint in dict.fromkeys(limp) if joint in held]
    if not named:
        return []
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return [
        f"node {program.spec.name!r}: the gain kp of {', '.join(named[:_SHOWN])}{more} is 0, though it puts out "
        "position targets for these joints; a robot that takes both does not move them. Actuators that are networks "
        "have no gains: set the ones that your robot needs"
    ]


def _without_gain(program: NodeProgram, port: PortSpec) -> list[str]:
    names = _joints(port)
    values = program.samples[-1].outputs[port.name].reshape(-1, len(names)) if names else None
    return [] if values is None else [name for name, zero in zip(names, (values == 0).all(0), strict=True) if zero]


def _joints(port: PortSpec) -> tuple[str, ...]:
    axis = (port.element_names or (None,))[-1]
    return axis if isinstance(axis, tuple) else ()
