"""Where each input of a bundle comes from: a model's joints, bodies and sensors, or a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leapp_core.errors import UsageError
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.port import PortSpec
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.mujoco.commands import Given, Wanted, read_command
from leapp_rsl_rl.environments.mujoco.mapping import Mapped
from leapp_rsl_rl.environments.mujoco.model import Parts
from leapp_rsl_rl.environments.mujoco.names import find_name, not_found
from leapp_rsl_rl.environments.mujoco.problems import Problems
from leapp_rsl_rl.environments.mujoco.readings import (
    BODY,
    JOINT_QUANTITIES,
    VECTORS,
    WORLD,
    Frame,
    Reader,
    frame_reader,
    joint_reader,
    sensor_reader,
)

Array = np.ndarray[Any, Any]
_XYZ = ("x", "y", "z")
_DEFAULT_FRAME = {"position": WORLD, "rotation": WORLD, "projected_gravity": BODY}
_GRAVITY = "projected_gravity"
CONNECTION = "_connection"


@dataclass(frozen=True)
class Source:
    """What feeds one input.

    Attributes:
        dtype: Of the port.
        shape: Of the port, symbolic sizes as 1.
        read: From MuJoCo's data, or ``None``.
        given: From seconds since the start, or ``None``.
        minus: What is taken off.
        limits: Lowest and highest values of a command; ``None`` if the bundle does not say.
    """

    dtype: str
    shape: tuple[int, ...]
    read: Reader | None = None
    given: Given | None = None
    minus: Array | None = None
    limits: tuple[Array, Array] | None = None

    def value(self, data: Any, seconds: float) -> Array:
        """Return the input as the port wants it."""
        values = self.read(data) if self.read is not None else (self.given or _nothing)(seconds)
        if self.minus is not None:
            values = values - self.minus
        if self.limits is not None:
            values = np.clip(values, *self.limits)
        made: Array = np.asarray(values).astype(self.dtype).reshape(self.shape)
        return made


@dataclass
class Connector:
    """Finds the source of each input, and notes what does not match.

    Attributes:
        parts: What the model holds.
        mapped: What the user says.
        commands: Values of inputs, by input.
        problems: Where what does not match is noted.
        notes: What was assumed.
    """

    parts: Parts
    mapped: Mapped
    commands: Mapping[str, str]
    problems: Problems
    notes: list[str] = field(default_factory=list)

    def connect(self, document: BundleDocument) -> dict[str, Source]:
        """Return the sources by ``node/port``; those that were not found are noted and left out."""
        self._refuse_unknown_commands(document)
        found = {}
        for ref in document.pipeline.inputs:
            source = self._source(ref, document.pipeline.input_spec(ref))
            if source is not None:
                found[str(ref)] = source
        return found

    def joint_numbers(self, spec: PortSpec, said: Mapping[str, Any]) -> list[int] | None:
        """Return the joints of a port in the order of its elements."""
        names = [str(name) for name in said.get("joints") or last_axis(spec)]
        if not names:
            self.problems.add(
                f"{spec.name!r} ({spec.kind}) does not name its joints",
                f"outputs or inputs: {{{spec.name}: {{joints: […]}}}}",
            )
            return None
        numbers = []
        for name in names:
            joint = find_name(name, self.parts.joints, self.mapped.joints)
            if joint is None:
                wanted = self.mapped.joints.get(name, name)
                self.problems.add(
                    f"the model has no hinge or slide joint {wanted!r}; {not_found(wanted, self.parts.joints)}",
                    f"joints: {{{name}: JOINT_OF_THE_MODEL}}",
                )
                continue
            numbers.append(self.parts.joints[joint])
        return numbers if len(numbers) == len(names) else None

    def _source(self, ref: PortRef, spec: PortSpec) -> Source | None:
        said = self.mapped.input(ref)
        shape = tuple(size if isinstance(size, int) else 1 for size in spec.shape)
        wanted = Wanted(ref.port, last_axis(spec), int(np.prod(shape)))
        command = self.commands.get(str(ref), self.commands.get(ref.port))
        if command is not None:
            return Source(spec.dtype, shape, given=read_command(command, wanted), limits=_limits(spec, wanted))
        if "value" in said:
            values = np.asarray(said["value"], np.float64).reshape(-1)
            if values.size not in (1, wanted.size):
                self.problems.add(
                    f"{ref.port!r} is given {values.size} values",
                    f"inputs: {{{ref.port}: {{value: [{wanted.words}]}}}}",
                )
                return None
            held = np.broadcast_to(values, (wanted.size,))
            return Source(spec.dtype, shape, given=lambda seconds: held)
        if (spec.kind or "").startswith("command/") and not said:
            limits = spec.extra.get("range")
            between = f" (trained with {limits})" if limits else ""
            self.problems.add(
                f"{ref.port!r} ({spec.kind}) is a command and has no value{between}",
                f"--command {ref.port}={','.join(wanted.elements) or ','.join(['0'] * wanted.size)}",
            )
            return None
        read = self._reader(ref, spec, said, wanted)
        if read is None:
            return None
        minus = self._minus(ref, spec, said, wanted)
        return Source(spec.dtype, shape, read=read, minus=minus)

    def _reader(self, ref: PortRef, spec: PortSpec, said: Mapping[str, Any], wanted: Wanted) -> Reader | None:
        sensor = said.get("sensor", None if said else _sensor_of(spec))
        if sensor is not None:
            return self._sensor(ref, str(sensor), wanted)
        quantity = str(said.get("quantity") or _quantity(spec))
        joint = quantity.removeprefix("joint_").removesuffix("_relative")
        if quantity.startswith("joint_") and joint in JOINT_QUANTITIES:
            joints = self.joint_numbers(spec, said)
            if joints is not None and len(joints) != wanted.size:
                self.problems.add(
                    f"{ref.port!r} has {wanted.size} elements and {len(joints)} joints",
                    f"inputs: {{{ref.port}: {{joints: [one for each element]}}}}",
                )
                return None
            return None if joints is None else joint_reader(self.parts.model, joints, joint)
        if quantity in (*VECTORS, "rotation"):
            return self._frames(ref, spec, said, quantity, wanted)
        self.problems.add(
            f"{ref.port!r} ({spec.kind or 'no kind'}) is nothing that a model has by itself",
            f"inputs: {{{ref.port}: {{sensor: NAME}}}}; the model has "
            f"{', '.join(self.parts.sensors) or 'no sensors'}; or --command {ref.port}=VALUE",
        )
        return None

    def _sensor(self, ref: PortRef, name: str, wanted: Wanted) -> Reader | None:
        found = find_name(name, self.parts.sensors, self.mapped.sensors)
        if found is None:
            self.problems.add(
                f"{ref.port!r}: the model has no sensor {self.mapped.sensors.get(name, name)!r}; "
                f"{not_found(name, self.parts.sensors)}",
                f"inputs: {{{ref.port}: {{sensor: NAME}}}}, or sensors: {{{name}: NAME}}",
            )
            return None
        number = self.parts.sensors[found]
        size = int(self.parts.model.sensor_dim[number])
        if size != wanted.size:
            self.problems.add(
                f"{ref.port!r} takes {wanted.size} numbers, and sensor {found!r} gives {size}",
                f"inputs: {{{ref.port}: {{sensor: another}}}}",
            )
            return None
        return sensor_reader(self.parts.model, number)

    def _frames(
        self, ref: PortRef, spec: PortSpec, said: Mapping[str, Any], quantity: str, wanted: Wanted
    ) -> Reader | None:
        """Return what reads a quantity of one body, or of each body that the axis before the last names."""
        of = self._bodies(ref, spec, said)
        if of is None:
            return None
        stated = said.get("frame", spec.extra.get("frame"))
        frame = str(stated or _DEFAULT_FRAME.get(quantity, BODY))
        if stated is None and quantity.endswith("velocity"):
            self.notes.append(f"{ref.port}: the bundle does not say in which frame it is; read in the body's own")
        com = said.get("point", spec.extra.get("point")) == "com"
        frames = [Frame(number, site, com and not site, frame == BODY) for number, site in of]
        picks = self._picks(ref, spec, said, quantity, wanted.size // len(frames))
        if picks is None:
            return None
        readers = [frame_reader(self.parts.model, each, quantity) for each in frames]
        return lambda data: np.concatenate([read(data)[picks] for read in readers])

    def _bodies(self, ref: PortRef, spec: PortSpec, said: Mapping[str, Any]) -> list[tuple[int, bool]] | None:
        """Return numbers of bodies or sites, and which of the two they are."""
        if "site" in said:
            return self._named(ref, [str(said["site"])], self.parts.sites, site=True)
        axes = [axis for axis in spec.element_names or () if isinstance(axis, tuple) and axis]
        stated = said.get("body", spec.extra.get("body"))
        if stated is None and len(axes) > 1:
            return self._named(ref, list(axes[-2]), self.parts.bodies, site=False)
        stated = stated or self.mapped.base
        if stated is not None:
            return self._named(ref, [str(stated)], self.parts.bodies, site=False)
        if self.parts.base is None:
            self.problems.add(
                f"{ref.port!r} ({spec.kind}) does not say of which body it is, and the model has no single base",
                f"inputs: {{{ref.port}: {{body: NAME}}}}, or base: NAME; bodies: {', '.join(self.parts.bodies)}",
            )
            return None
        return [(self.parts.base, False)]

    def _named(
        self, ref: PortRef, names: Sequence[str], known: Mapping[str, int], *, site: bool
    ) -> list[tuple[int, bool]] | None:
        found = []
        for name in names:
            match = find_name(name, known, self.mapped.bodies)
            if match is None:
                what = "site" if site else "body"
                wanted = self.mapped.bodies.get(name, name)
                self.problems.add(
                    f"{ref.port!r}: the model has no {what} {wanted!r}; {not_found(wanted, known)}",
                    f"bodies: {{{name}: NAME}}, or inputs: {{{ref.port}: {{{what}: NAME}}}}",
                )
                continue
            found.append((known[match], site))
        return found if len(found) == len(names) else None

    def _picks(
        self, ref: PortRef, spec: PortSpec, said: Mapping[str, Any], quantity: str, size: int
    ) -> list[int] | None:
        """Return which components of a vector or quaternion are wanted, in order."""
        whole = tuple(said.get("order", spec.extra.get("quaternion_order", "wxyz"))) if quantity == "rotation" else _XYZ
        names = [name.removeprefix("q") if quantity == "rotation" else name for name in last_axis(spec)]
        names = names if all(name in ("w", *_XYZ) for name in names) else []
        named = [("wxyz" if quantity == "rotation" else "xyz").find(name) for name in names or whole]
        if len(named) != size or min(named) < 0:
            self.problems.add(
                f"{ref.port!r} takes {size} numbers for the {quantity} of a body, which are {', '.join(whole)}",
                f"name its elements {', '.join(whole)} or fewer of them when exporting; or --command {ref.port}=VALUE",
            )
            return None
        return named

    def _minus(self, ref: PortRef, spec: PortSpec, said: Mapping[str, Any], wanted: Wanted) -> Array | None:
        relative = (spec.kind or "").endswith("_relative") or said.get("minus") == "default"
        stated = spec.extra.get("default") if relative else said.get("minus")
        if not relative and stated is None:
            return None
        values = np.asarray(stated if stated is not None else [], np.float64).reshape(-1)
        if values.size != wanted.size:
            self.problems.add(
                f"{ref.port!r} is relative to values that are not known ({values.size} of {wanted.size})",
                f"inputs: {{{ref.port}: {{minus: [{wanted.words}]}}}}",
            )
            return None
        return values

    def _refuse_unknown_commands(self, document: BundleDocument) -> None:
        known = {name for ref in document.pipeline.inputs for name in (str(ref), ref.port)}
        for name in self.commands:
            if name not in known:
                names = [ref.port for ref in document.pipeline.inputs]
                raise UsageError(
                    f"--command: the bundle has no input {name!r}", expected=suggest(name, names), code="U001"
                )


def last_axis(spec: PortSpec) -> tuple[str, ...]:
    """Return the names of the elements of a port's last axis; nothing if it has none."""
    axis = (spec.element_names or (None,))[-1]
    return tuple(axis) if isinstance(axis, tuple) else ()


def _quantity(spec: PortSpec) -> str:
    """Return what a port's kind asks for, in the words of ``--map``."""
    if _GRAVITY in spec.name or _GRAVITY in (spec.kind or ""):
        return _GRAVITY
    _, _, rest = (spec.kind or "").partition("state/")
    owner, _, quantity = rest.partition("/")
    return f"joint_{quantity}" if owner == "joint" else quantity if owner == "body" else ""


def _sensor_of(spec: PortSpec) -> str | None:
    """Return the sensor that a port says it is read from: by its own key, or by a simulator's connection."""
    if "sensor" in spec.extra:
        return str(spec.extra["sensor"])
    connections = (str(value) for key, value in spec.extra.items() if key.endswith(CONNECTION))
    return next((c.partition(":")[2] for c in connections if c.startswith("sensor:") and c.count(":") == 1), None)


def _limits(spec: PortSpec, wanted: Wanted) -> tuple[Array, Array] | None:
    stated = np.asarray(spec.extra.get("range") or [], np.float64)
    return (stated[:, 0], stated[:, 1]) if stated.shape == (wanted.size, 2) else None


def _nothing(seconds: float) -> Array:
    raise AssertionError("a source reads the model or is given values")
