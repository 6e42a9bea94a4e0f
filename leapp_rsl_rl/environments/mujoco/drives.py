"""What each output of a bundle drives: actuators of the model, one per joint.

A joint is driven by one MuJoCo actuator whose force is ``u - kp q - kd v``, with ``u = kp q* + kd v* + effort`` set
once per control step. So feedback runs at the physics rate, and integrators that treat damping implicitly do so here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.port import PortSpec
from leapp_rsl_rl.environments.mujoco.mapping import Mapped
from leapp_rsl_rl.environments.mujoco.model import ModelFile, Parts
from leapp_rsl_rl.environments.mujoco.problems import Problems
from leapp_rsl_rl.environments.mujoco.sources import Connector, last_axis

Array = np.ndarray[Any, Any]
_TARGETS = {
    "target/joint/position": "position",
    "target/joint/velocity": "velocity",
    "target/joint/effort": "effort",
    "target/joint/torques": "effort",
}
_GAINS = {"kp": "stiffness", "kd": "damping"}
_ADDED = "leapp_"
_NO_DYNAMICS = int(mujoco.mjtDyn.mjDYN_NONE)


@dataclass
class Drive:
    """How one joint is driven.

    Attributes:
        joint: Number of the joint.
        name: Its name in the bundle.
        targets: From ``position``, ``velocity`` or ``effort`` to output and element.
        gains: From ``kp`` or ``kd`` to output and element, where they are outputs.
        kp: Gain where no output gives it (N*m/rad or N/m); ``None`` if unknown.
        kd: Likewise (N*m*s/rad or N*s/m).
        effort_limit: Largest effort (N*m or N), or ``None``.
        armature: Inertia of the drive (kg*m^2 or kg), or ``None`` if the bundle does not say.
        factor: Effort per unit of an effort target.
        own: The model's actuator takes the target as it is.
        actuator: Number of the actuator.
    """

    joint: int
    name: str
    targets: dict[str, tuple[str, int]] = field(default_factory=dict)
    gains: dict[str, tuple[str, int]] = field(default_factory=dict)
    kp: float | None = None
    kd: float | None = None
    effort_limit: float | None = None
    armature: float | None = None
    factor: float = 1.0
    own: bool = False
    actuator: int = -1

    def gain(self, which: str, outputs: Mapping[str, Array]) -> float:
        """Return a gain as it is now."""
        if which in self.gains:
            port, element = self.gains[which]
            return float(outputs[port].reshape(-1)[element])
        return float((self.kp if which == "kp" else self.kd) or 0.0)

    @property
    def served(self) -> bool:
        """Whether feedback towards a target has its gain."""
        needed = [gain for gain, target in (("kp", "position"), ("kd", "velocity")) if target in self.targets]
        return all(gain in self.gains or getattr(self, gain) is not None for gain in needed)


class Drives:
    """All driven joints; made by :func:`connect_outputs`."""

    def __init__(self, model: Any, drives: list[Drive]) -> None:
        self._model, self._drives = model, drives
        self._lowest = {d.actuator: (-np.inf, np.inf) for d in drives}

    def limit_targets(self, ranges: Mapping[int, tuple[float, float]]) -> None:
        """Hold position targets within what the model's own position actuators take, by actuator."""
        self._lowest.update(ranges)

    def write(self, data: Any, outputs: Mapping[str, Array]) -> None:
        """Set gains and controls for one control step."""
        for drive in self._drives:
            values = {
                what: float(outputs[port].reshape(-1)[element]) for what, (port, element) in drive.targets.items()
            }
            if drive.own:
                data.ctrl[drive.actuator] = next(iter(values.values()))
                continue
            gear = float(self._model.actuator_gear[drive.actuator, 0])
            kp = drive.gain("kp", outputs) if "position" in values else 0.0
            kd = drive.gain("kd", outputs)
            self._model.actuator_biasprm[drive.actuator, 1] = -kp / gear**2
            self._model.actuator_biasprm[drive.actuator, 2] = -kd / gear**2
            low, high = self._lowest[drive.actuator]
            control = values.get("effort", 0.0) * drive.factor
            if "position" in values:
                control += kp * min(max(values["position"], low), high)
            control += kd * values.get("velocity", 0.0)
            data.ctrl[drive.actuator] = control


def connect_outputs(
    document: BundleDocument, file: ModelFile, mapped: Mapped, connector: Connector, problems: Problems
) -> tuple[Drives, list[str]]:
    """Return what drives the joints, with the model compiled anew where actuators were added, and notes.

    Args:
        document: The bundle.
        file: The model.
        mapped: What the user says.
        connector: Finds joints by name.
        problems: Where what does not match is noted; check it before the drives are used.
    """
    parts = connector.parts
    drives: dict[int, Drive] = {}
    for ref in document.pipeline.outputs:
        _add_target(ref, document.pipeline.output_spec(ref), mapped, connector, drives, problems)
    _add_gains(document, mapped, drives)
    if not drives and not problems:
        problems.add("no output of the bundle drives a joint", f"kinds of outputs that do: {', '.join(_TARGETS)}")
    notes: list[str] = []
    made = _Actuators(file, parts, problems, notes)
    for drive in drives.values():
        made.choose(drive)
    return (Drives(file.model, []), notes) if problems else (made.finish(list(drives.values())), notes)


def _add_target(
    ref: PortRef,
    spec: PortSpec,
    mapped: Mapped,
    connector: Connector,
    drives: dict[int, Drive],
    problems: Problems,
) -> None:
    said, kind = mapped.output(ref), spec.kind or ""
    if said.get("drive") == "ignore" or kind in _GAINS or (not kind.startswith("target/") and not said):
        return
    what = _TARGETS.get(kind)
    if what is None:
        problems.add(
            f"output {ref.port!r} ({kind}) drives nothing that a model has",
            f"outputs: {{{ref.port}: {{drive: ignore}}}}; joints take {', '.join(_TARGETS)}",
        )
        return
    joints = connector.joint_numbers(spec, said)
    for element, (joint, name) in enumerate(zip(joints or (), said.get("joints") or last_axis(spec), strict=False)):
        drive = drives.setdefault(joint, Drive(joint, str(name)))
        if what in drive.targets:
            problems.add(
                f"joint {name!r} is given two {what} targets: by {drive.targets[what][0]} and {ref}",
                f"outputs: {{{ref.port}: {{drive: ignore}}}}",
            )
        drive.targets[what] = (str(ref), element)
        drive.own = drive.own or said.get("drive") == "model"
        for key, fact in (("kp", "stiffness"), ("kd", "damping"), ("effort_limit", "effort_limit"), ("armature",) * 2):
            known = _element(spec.extra.get(fact), element)
            if known is not None:
                setattr(drive, key, known)
        if what == "effort" and spec.extra.get("unit") == "actuator control":
            drive.factor = _element(spec.extra.get("gear"), element) or 1.0


def _add_gains(document: BundleDocument, mapped: Mapped, drives: Mapping[int, Drive]) -> None:
    """Give each drive its gains: what the user says, else outputs, else what the target's port states."""
    by_name = {drive.name: drive for drive in drives.values()}
    for ref in document.pipeline.outputs:
        spec = document.pipeline.output_spec(ref)
        if spec.kind not in _GAINS or mapped.output(ref).get("drive") == "ignore":
            continue
        for element, name in enumerate(last_axis(spec)):
            if name in by_name:
                by_name[name].gains[spec.kind] = (str(ref), element)
    for which, said in (("kp", mapped.kp), ("kd", mapped.kd)):
        for drive in drives.values():
            value = said.get(drive.name) if isinstance(said, Mapping) else said
            if value is not None:
                drive.gains.pop(which, None)
                setattr(drive, which, float(value))


class _Actuators:
    """Chooses the actuator of each driven joint: the model's, changed to what the bundle says, or a new one."""

    def __init__(self, file: ModelFile, parts: Parts, problems: Problems, notes: list[str]) -> None:
        self._file, self._parts, self._problems, self._notes = file, parts, problems, notes
        self._existing: dict[int, list[int]] = {}
        self._added: list[str] = []
        self._armature: list[str] = []
        self._ranges: dict[int, tuple[float, float]] = {}

    def choose(self, drive: Drive) -> None:
        """Look at one joint's actuators, and note what cannot work."""
        model, name = self._parts.model, self._joint_name(drive)
        own = self._parts.actuators_of(drive.joint)
        self._existing[drive.joint] = own
        if drive.own and len(own) != 1:
            self._problems.add(
                f"joint {name!r} has {len(own)} actuators in the model, so its own cannot take the target as it is",
                "leave `drive: model` out",
            )
        servos = [a for a in own if _is_servo(model, a)]
        if not drive.served and not drive.own:
            if len(own) == 1 and servos:
                drive.own = True
                self._notes.append(f"joint {name}: the bundle states no gains; those of the model's actuator are used")
            else:
                self._problems.add(
                    f"joint {name!r} has a {'/'.join(drive.targets)} target, and neither the bundle nor an actuator of "
                    "the model has gains for it",
                    f"gains: {{kp: {{{drive.name}: NUMBER}}, kd: {{{drive.name}: NUMBER}}}}",
                )
        dynamic = [a for a in own if int(model.actuator_dyntype[a]) != _NO_DYNAMICS]
        if dynamic and not drive.own:
            self._problems.add(
                f"actuator {self._parts.actuator_name(dynamic[0])!r} of joint {name!r} has dynamics of its own",
                "outputs: {PORT: {drive: model}} gives it the target as it is",
            )
        if not own and self._file.spec is None:
            self._problems.add(
                f"joint {name!r} has no actuator, and none can be added to a compiled model",
                "pass the MJCF file (.xml)",
            )

    def finish(self, drives: list[Drive]) -> Drives:
        """Add what is missing, compile, set what the bundle says."""
        self._add(drives)
        model, parts = self._parts.model, self._parts
        numbers = parts._named("actuator", model.nu)
        replaced = []
        for drive in drives:
            own = self._existing[drive.joint]
            drive.actuator = own[0] if own else numbers[f"{_ADDED}{self._joint_name(drive)}"]
            if drive.own:
                continue
            if own and _is_servo(model, own[0]):
                if not _same_gains(model, own[0], drive):
                    replaced.append(self._joint_name(drive))
                if model.actuator_ctrllimited[own[0]]:
                    low, high = (float(v) for v in model.actuator_ctrlrange[own[0]])
                    self._ranges[own[0]] = (low, high)
            for further in own[1:]:
                model.actuator_gainprm[further], model.actuator_biasprm[further] = 0.0, 0.0
            _make_servo(model, drive)
        self._tell(drives, replaced)
        made = Drives(model, drives)
        made.limit_targets(self._ranges)
        return made

    def _add(self, drives: list[Drive]) -> None:
        spec, changed = self._file.spec, False
        if spec is None:
            return
        for drive in drives:
            name = self._joint_name(drive)
            if not self._existing[drive.joint]:
                spec.add_actuator(name=f"{_ADDED}{name}", target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
                self._added.append(name)
                changed = True
            joint = spec.joint(name)
            if drive.armature is not None and _first(joint.armature) == 0.0 and drive.armature > 0.0:
                joint.armature = drive.armature
                self._armature.append(name)
                changed = True
        if changed:
            self._file.recompile()
            self._parts.model = self._file.model

    def _tell(self, drives: list[Drive], replaced: list[str]) -> None:
        model = self._parts.model
        if self._added:
            self._notes.append(f"actuators were added for {', '.join(self._added)}: the model has none for them")
        if self._armature:
            joints = ", ".join(self._armature)
            self._notes.append(f"inertia of the drives (armature) is the bundle's, the model has none: {joints}")
        if replaced:
            self._notes.append(f"gains of the model's actuators were replaced by the bundle's: {', '.join(replaced)}")
        driven = {a for drive in drives for a in (drive.actuator, *self._existing[drive.joint])}
        left = [self._parts.actuator_name(a) for a in range(model.nu) if a not in driven]
        if left:
            self._notes.append(f"actuators that the bundle does not drive keep their start value: {', '.join(left)}")

    def _joint_name(self, drive: Drive) -> str:
        return str(self._parts.model.joint(drive.joint).name)


def _make_servo(model: Any, drive: Drive) -> None:
    """Let an actuator give ``u - kp q - kd v`` as the joint's effort, within the limits of model and bundle."""
    a = drive.actuator
    gear = float(model.actuator_gear[a, 0])
    limits = [drive.effort_limit / abs(gear)] if drive.effort_limit is not None else []
    if model.actuator_forcelimited[a]:
        limits.append(float(np.abs(model.actuator_forcerange[a]).max()))
    if model.actuator_ctrllimited[a] and not _is_servo(model, a):
        limits.append(float(np.abs(model.actuator_ctrlrange[a] * model.actuator_gainprm[a, 0]).max()))
    model.actuator_gaintype[a] = int(mujoco.mjtGain.mjGAIN_FIXED)
    model.actuator_biastype[a] = int(mujoco.mjtBias.mjBIAS_AFFINE)
    model.actuator_gainprm[a], model.actuator_biasprm[a] = 0.0, 0.0
    model.actuator_gainprm[a, 0] = 1.0 / gear
    model.actuator_ctrllimited[a] = 0
    model.actuator_forcelimited[a] = bool(limits)
    if limits:
        model.actuator_forcerange[a] = (-min(limits), min(limits))


def _same_gains(model: Any, actuator: int, drive: Drive) -> bool:
    """Return whether an actuator's gains are those that the bundle states beside its outputs."""
    stated = [drive.kp, drive.kd]
    if any(gain is None for gain in stated):
        return False
    own = -model.actuator_biasprm[actuator, 1:3] * float(model.actuator_gear[actuator, 0]) ** 2
    return bool(np.allclose(own, np.array(stated, np.float64), rtol=1e-5))


def _is_servo(model: Any, actuator: int) -> bool:
    """Return whether an actuator has feedback of its own."""
    affine = int(model.actuator_biastype[actuator]) == int(mujoco.mjtBias.mjBIAS_AFFINE)
    return affine and bool(np.any(model.actuator_biasprm[actuator, 1:3]))


def _element(stated: Any, index: int) -> float | None:
    """Return an element of a fact: of a list, or the one number for all."""
    if isinstance(stated, (list, tuple)):
        stated = stated[index] if index < len(stated) else None
    number = isinstance(stated, (int, float)) and not isinstance(stated, bool)
    return float(stated) if number and stated is not None else None


def _first(value: Any) -> float:
    """Return the first number: newer versions hold some joint parameters as arrays."""
    return float(np.asarray(value).reshape(-1)[0])
