"""The file of ``--map``: what is connected to what, where names do not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.spec.names import PortRef
from leapp_core.spec.yaml_nodes import parse_yaml
from leapp_core.suggest import suggest

INPUT_KEYS = ("sensor", "body", "site", "quantity", "frame", "point", "order", "joints", "minus", "value")
OUTPUT_KEYS = ("drive", "joints")
DRIVES = ("model", "ignore")
QUANTITIES = (
    "position", "rotation", "linear_velocity", "angular_velocity", "projected_gravity",
    "joint_position", "joint_velocity", "joint_acceleration", "joint_effort",
)  # fmt: skip


@dataclass(frozen=True)
class Mapped:
    """What a user says about names, ports and gains.

    Attributes:
        joints: Joint name in the bundle to joint of the model.
        bodies: The same for bodies.
        sensors: The same for sensors.
        base: Body that readings of the robot's base are of.
        inputs: By port, some of :data:`INPUT_KEYS`.
        outputs: By port, some of :data:`OUTPUT_KEYS`.
        kp: Gains, a number for all joints or by joint name in the bundle.
        kd: See ``kp``.
    """

    joints: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    sensors: Mapping[str, str] = field(default_factory=dict)
    base: str | None = None
    inputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kp: float | Mapping[str, float] | None = None
    kd: float | Mapping[str, float] | None = None

    def input(self, ref: PortRef) -> Mapping[str, Any]:
        """Return what is said about an input port."""
        return self.inputs.get(str(ref), self.inputs.get(ref.port, {}))

    def output(self, ref: PortRef) -> Mapping[str, Any]:
        """Return what is said about an output port."""
        return self.outputs.get(str(ref), self.outputs.get(ref.port, {}))


def read_mapping(path: Path | None) -> Mapped:
    """Read the file; without one nothing is said.

    Raises:
        UsageError: a key or a value that is none; the nearest is suggested.
    """
    if path is None:
        return Mapped()
    said = parse_yaml(path.read_bytes(), str(path)).plain()
    if said is None:
        return Mapped()
    where = str(path)
    _check_keys(said, ("joints", "bodies", "sensors", "base", "inputs", "outputs", "gains"), where, "the file")
    gains = said.get("gains") or {}
    _check_keys(gains, ("kp", "kd"), where, "gains")
    names = {key: _names(said.get(key) or {}, where, key) for key in ("joints", "bodies", "sensors")}
    inputs = _ports(said.get("inputs") or {}, INPUT_KEYS, where, "inputs")
    outputs = _ports(said.get("outputs") or {}, OUTPUT_KEYS, where, "outputs")
    _check_values(inputs, "quantity", QUANTITIES, where)
    _check_values(inputs, "frame", ("world", "body"), where)
    _check_values(inputs, "point", ("link", "com"), where)
    _check_values(inputs, "order", ("wxyz", "xyzw"), where)
    _check_values(outputs, "drive", DRIVES, where)
    base = said.get("base")
    return Mapped(
        base=None if base is None else str(base),
        inputs=inputs,
        outputs=outputs,
        kp=_gain(gains.get("kp"), where),
        kd=_gain(gains.get("kd"), where),
        **names,
    )


def refuse_unknown_ports(mapped: Mapped, inputs: tuple[PortRef, ...], outputs: tuple[PortRef, ...]) -> None:
    """Refuse a file that speaks of ports the bundle does not have.

    Raises:
        UsageError: naming the port; the nearest is suggested.
    """
    for side, said, refs in (("input", mapped.inputs, inputs), ("output", mapped.outputs, outputs)):
        known = {name for ref in refs for name in (str(ref), ref.port)}
        for name in said:
            if name not in known:
                raise UsageError(
                    f"--map: the bundle has no {side} {name!r}",
                    expected=suggest(name, [ref.port for ref in refs]),
                    code="U001",
                )


def _check_keys(said: Any, allowed: tuple[str, ...], where: str, what: str) -> None:
    if not isinstance(said, dict):
        raise UsageError(
            f"--map: {what} is {said!r}", where=where, expected=f"some of {', '.join(allowed)}", code="U003"
        )
    for key in said:
        if key not in allowed:
            raise UsageError(
                f"--map: {what} has the key {key!r}", where=where, expected=suggest(str(key), allowed), code="U001"
            )


def _names(said: Any, where: str, what: str) -> dict[str, str]:
    if not isinstance(said, dict) or not all(isinstance(name, (str, int, float)) for name in said.values()):
        raise UsageError(
            f"--map: {what} is {said!r}", where=where, expected="name in the bundle: name in the model", code="U003"
        )
    return {str(key): str(name) for key, name in said.items()}


def _ports(said: Any, allowed: tuple[str, ...], where: str, what: str) -> dict[str, dict[str, Any]]:
    if not isinstance(said, dict):
        raise UsageError(
            f"--map: {what} is {said!r}", where=where, expected="port: what it is connected to", code="U003"
        )
    for port, entry in said.items():
        _check_keys(entry, allowed, where, f"{what}.{port}")
    return said


def _check_values(ports: Mapping[str, Mapping[str, Any]], key: str, allowed: tuple[str, ...], where: str) -> None:
    for port, entry in ports.items():
        if key in entry and entry[key] not in allowed:
            raise UsageError(
                f"--map: {port}: {key} is {entry[key]!r}",
                where=where,
                expected=suggest(str(entry[key]), allowed),
                code="U003",
            )


def _gain(said: Any, where: str) -> float | dict[str, float] | None:
    values = list(said.values()) if isinstance(said, dict) else [said]
    if not all(value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values):
        raise UsageError(f"--map: gains hold {said!r}", where=where, expected="a number, or joint: number", code="U003")
    return {str(k): float(v) for k, v in said.items()} if isinstance(said, dict) else said
