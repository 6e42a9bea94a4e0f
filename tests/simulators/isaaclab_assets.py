"""Make a local asset root for Isaac Lab: ``python -m tests.simulators.isaaclab_assets FOLDER`` in its environment.

Isaac Lab gets its robots from a server. Three of its classic robots come with newton too; the others that cases need,
and the ground plane, are authored.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from tests.simulators import isaaclab_robots as robots

AUTHORED = {
    "Isaac/IsaacLab/Robots/Unitree/Go2/go2.usd": (robots.go2, False),
    "Isaac/IsaacLab/Robots/UniversalRobots/UR10/ur10_instanceable.usd": (robots.ur10, True),
}
CLASSIC = {
    "cartpole_single_pendulum.usda": "Isaac/IsaacLab/Robots/Classic/Cartpole/cartpole.usd",
    "ant.usda": "Isaac/Robots/IsaacSim/Ant/ant_instanceable.usd",
    "humanoid.usda": "Isaac/Robots/IsaacSim/Humanoid/humanoid_instanceable.usd",
}
HUMANOID_JOINTS = {  # names in newton's file: names that Isaac Lab's gains are given for
    "abdomen_x": "pelvis",
    "right_knee": "right_shin",
    "left_knee": "left_shin",
    "right_elbow": "right_lower_arm",
    "left_elbow": "left_lower_arm",
}


def main(root: Path) -> None:
    """Write everything below ``root``."""
    os.environ["ISAACSIM_ASSET_ROOT"] = str(root)  # the ground plane's path depends on it
    spec = importlib.util.find_spec("newton")
    shipped = Path(str(spec.origin)).parent / "examples" / "assets"
    for source, target in CLASSIC.items():
        _robot(shipped / source, root / target)
    for target, (links, fixed) in AUTHORED.items():
        robots.write_robot(root / target, links(), fixed)
    from isaaclab.sim.spawners.from_files import from_files_cfg

    plane = from_files_cfg._DEFAULT_GROUND_PLANE_USD.split("/Isaac/", 1)[1]
    _ground(root / "Isaac" / plane)
    _ground(root / "Isaac/Environments/Grid/default_environment.usd")


def _robot(source: Path, target: Path) -> None:
    """Copy a robot; its default prim becomes the one that holds the rigid bodies."""
    from pxr import Sdf, Usd, UsdPhysics

    target.parent.mkdir(parents=True, exist_ok=True)
    Sdf.Layer.FindOrOpen(str(source)).Export(str(target))
    stage = Usd.Stage.Open(str(target))
    layer = stage.GetRootLayer()
    if not stage.GetDefaultPrim():
        roots = stage.GetPseudoRoot().GetChildren()
        stage.SetDefaultPrim(next(p for p in roots if any(q.HasAPI(UsdPhysics.RigidBodyAPI) for q in Usd.PrimRange(p))))
    for old, new in HUMANOID_JOINTS.items() if "Humanoid" in target.parts else ():
        layer.GetPrimAtPath(f"/nv_humanoid/joints/{old}").name = new
    layer.Save()


def _ground(target: Path) -> None:
    from pxr import Sdf, Usd, UsdGeom, UsdPhysics

    target.parent.mkdir(parents=True, exist_ok=True)
    stage = Usd.Stage.CreateNew(str(target))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, "/Root").GetPrim())
    # Isaac Lab scales the plane, and asks for a scale that is there already.
    UsdGeom.Xform.Define(stage, "/Root/Environment").AddScaleOp(UsdGeom.XformOp.PrecisionFloat).Set((1, 1, 1))
    mesh = UsdGeom.Mesh.Define(stage, "/Root/Environment/Geometry")
    mesh.CreatePointsAttr([(-50, -50, 0), (50, -50, 0), (50, 50, 0), (-50, 50, 0)])
    mesh.CreateFaceVertexCountsAttr([4])
    mesh.CreateFaceVertexIndicesAttr([0, 1, 2, 3])
    primvars = UsdGeom.PrimvarsAPI(mesh)
    corners = primvars.CreatePrimvar("st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.varying)
    corners.Set([(0, 0), (1, 0), (1, 1), (0, 1)])
    plane = UsdGeom.Plane.Define(stage, "/Root/CollisionPlane")
    plane.CreateAxisAttr("Z")
    plane.CreatePurposeAttr("guide")
    UsdPhysics.CollisionAPI.Apply(plane.GetPrim())
    stage.GetRootLayer().Save()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
