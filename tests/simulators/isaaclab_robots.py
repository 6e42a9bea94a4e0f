"""Robots that no package ships, authored as USD: links, joints and masses under the names that Isaac Lab expects.

Their shapes are boxes. Names, joint axes, lengths and masses are close to the real robots', so that they stand and fall
as these do; nothing else about them is true.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Link:
    """A body and the joint that holds it.

    Attributes:
        name: Of the body.
        parent: Body it hangs on; ``None`` for the base.
        origin: Where its frame lies in its parent's (m).
        size: Lengths of its box (m).
        centre: Middle of the box in its frame (m).
        mass: In kg.
        joint: Name of the joint; ``None`` for a rigid connection.
        axis: Of the joint, ``X``, ``Y`` or ``Z``.
        limits: Of the joint (degrees).
    """

    name: str
    parent: str | None
    origin: Vector
    size: Vector
    centre: Vector
    mass: float
    joint: str | None = None
    axis: str = "Y"
    limits: tuple[float, float] = (-360.0, 360.0)


def go2() -> Iterator[Link]:
    """Yield the links of a Unitree Go2."""
    yield Link("base", None, (0, 0, 0), (0.38, 0.1, 0.11), (0, 0, 0), 6.9)
    for leg in ("FL", "FR", "RL", "RR"):
        front, side = (1 if leg[0] == "F" else -1), (1 if leg[1] == "L" else -1)
        hip, thigh, calf = (f"{leg}_{part}" for part in ("hip", "thigh", "calf"))
        at = (0.1934 * front, 0.0465 * side, 0)
        yield Link(hip, "base", at, (0.08, 0.05, 0.08), (0, 0, 0), 0.68, f"{hip}_joint", "X", (-60, 60))
        at, swing = (0, 0.0955 * side, 0), (-90, 200) if front > 0 else (-30, 260)
        yield Link(thigh, hip, at, (0.03, 0.025, 0.2), (0, 0, -0.1), 1.15, f"{thigh}_joint", "Y", swing)
        at = (0, 0, -0.213)
        yield Link(calf, thigh, at, (0.02, 0.02, 0.2), (0, 0, -0.1), 0.15, f"{calf}_joint", "Y", (-156, -48))
        yield Link(f"{leg}_foot", calf, at, (0.04, 0.04, 0.04), (0, 0, 0), 0.04)


def ur10() -> Iterator[Link]:
    """Yield the links of a UR10, whose base is fixed to the world."""
    yield Link("base_link", None, (0, 0, 0), (0.15, 0.15, 0.04), (0, 0, 0.02), 4.0)
    for name, parent, origin, length, mass, joint, axis in (
        ("shoulder_link", "base_link", (0, 0, 0.1273), 0.1, 7.8, "shoulder_pan_joint", "Z"),
        ("upper_arm_link", "shoulder_link", (0, 0.22, 0), 0.5, 12.9, "shoulder_lift_joint", "Y"),
        ("forearm_link", "upper_arm_link", (0, -0.17, 0.612), 0.5, 3.9, "elbow_joint", "Y"),
        ("wrist_1_link", "forearm_link", (0, 0, 0.5723), 0.1, 2.0, "wrist_1_joint", "Y"),
        ("wrist_2_link", "wrist_1_link", (0, 0.115, 0), 0.1, 2.0, "wrist_2_joint", "Z"),
        ("wrist_3_link", "wrist_2_link", (0, 0, 0.1157), 0.05, 0.4, "wrist_3_joint", "Y"),
    ):
        middle = (0.0, 0.0, length / 2)
        yield Link(name, parent, origin, (0.08, 0.08, length), middle, mass, joint, axis)
    yield Link("ee_link", "wrist_3_link", (0, 0.0922, 0), (0.02, 0.02, 0.02), (0, 0, 0), 0.05)


def write_robot(target: Path, links: Iterator[Link], fixed: bool) -> None:
    """Write a robot as a USD file whose default prim it is.

    Args:
        target: The file.
        links: Its bodies, each after its parent.
        fixed: Whether its base cannot move.
    """
    from pxr import Gf, Usd, UsdGeom, UsdPhysics

    target.parent.mkdir(parents=True, exist_ok=True)
    stage = Usd.Stage.CreateNew(str(target))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = UsdGeom.Xform.Define(stage, "/Robot")
    stage.SetDefaultPrim(root.GetPrim())
    UsdPhysics.ArticulationRootAPI.Apply(root.GetPrim())
    places: dict[str, Any] = {}
    for link in links:
        places[link.name] = places.get(link.parent, Gf.Vec3d(0)) + Gf.Vec3d(*link.origin)
        _body(stage, link, places[link.name])
        if link.parent is not None or fixed:
            _joint(stage, link)
    stage.GetRootLayer().Save()


def _body(stage: Any, link: Link, place: Any) -> None:
    from pxr import Gf, UsdGeom, UsdPhysics

    body = UsdGeom.Xform.Define(stage, f"/Robot/{link.name}")
    body.AddTranslateOp().Set(place)
    UsdPhysics.RigidBodyAPI.Apply(body.GetPrim())
    mass = UsdPhysics.MassAPI.Apply(body.GetPrim())
    mass.CreateMassAttr(link.mass)
    mass.CreateCenterOfMassAttr(Gf.Vec3f(*link.centre))
    x, y, z = (side * side for side in link.size)
    mass.CreateDiagonalInertiaAttr(Gf.Vec3f(y + z, x + z, x + y) * (link.mass / 12))
    mass.CreatePrincipalAxesAttr(Gf.Quatf(1.0))
    box = UsdGeom.Cube.Define(stage, f"/Robot/{link.name}/collision")
    box.CreateSizeAttr(1.0)
    box.AddTranslateOp().Set(Gf.Vec3d(*link.centre))
    box.AddScaleOp().Set(Gf.Vec3f(*link.size))
    UsdPhysics.CollisionAPI.Apply(box.GetPrim())


def _joint(stage: Any, link: Link) -> None:
    from pxr import Gf, UsdPhysics

    path = f"/Robot/joints/{link.joint or link.name + '_fixed'}"
    joint = (UsdPhysics.FixedJoint if link.joint is None else UsdPhysics.RevoluteJoint).Define(stage, path)
    if link.parent is not None:
        joint.CreateBody0Rel().SetTargets([f"/Robot/{link.parent}"])
    joint.CreateBody1Rel().SetTargets([f"/Robot/{link.name}"])
    joint.CreateLocalPos0Attr(Gf.Vec3f(*link.origin))
    joint.CreateLocalPos1Attr(Gf.Vec3f(0))
    joint.CreateLocalRot0Attr(Gf.Quatf(1.0))
    joint.CreateLocalRot1Attr(Gf.Quatf(1.0))
    if link.joint is not None:
        joint.CreateAxisAttr(link.axis)
        joint.CreateLowerLimitAttr(link.limits[0])
        joint.CreateUpperLimitAttr(link.limits[1])
        drive = UsdPhysics.DriveAPI.Apply(joint.GetPrim(), "angular")
        drive.CreateTypeAttr("force")
        drive.CreateStiffnessAttr(1.0)  # Isaac Lab's actuators set what holds
        drive.CreateDampingAttr(0.1)
