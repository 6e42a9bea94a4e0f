"""Robot models in MJCF, written by hand after the built-in robots, and one with a free joint."""

from __future__ import annotations

from leapp_rsl_rl.environments.builtin.robots import arm as arm_robot
from leapp_rsl_rl.environments.builtin.robots import cartpole as cartpole_robot

POINT = 1e-12  # inertia of what is a point, in kg m^2: MuJoCo refuses nothing at all


def arm(timestep: float = 0.005, actuators: str = "", extra: str = "") -> str:
    """The reaching arm: point masses at the ends of three links that turn in the x-z plane, upwards being positive."""
    joints, lengths = arm_robot._JOINTS, arm_robot._LENGTHS_M
    body = ""
    for number in reversed(range(len(joints))):
        at = lengths[number - 1] if number else 0.0
        body = (
            f'<body name="link{number}" pos="{at} 0 0">'
            f'<joint name="{joints[number].name}" axis="0 -1 0" armature="{arm_robot._ARMATURE_KGM2[number]}" '
            f'actuatorfrcrange="{-joints[number].effort_limit} {joints[number].effort_limit}"/>'
            f'<inertial pos="{lengths[number]} 0 0" mass="{arm_robot._MASSES_KG[number]}" '
            f'diaginertia="{POINT} {POINT} {POINT}"/>'
            f'<geom type="capsule" fromto="0 0 0 {lengths[number]} 0 0" size="0.02" contype="0" conaffinity="0"/>'
            f"{body}</body>"
        )
    return f"""<mujoco model="arm"><compiler autolimits="true"/><option timestep="{timestep}" integrator="Euler"/>
<worldbody><light pos="0 -2 2"/>{body}</worldbody><actuator>{actuators}</actuator>{extra}</mujoco>"""


def cartpole(timestep: float = 0.005) -> str:
    """The cart-pole: a uniform rod whose angle is zero when upright, a cart with a motor of gear 10."""
    half, mass, joints = cartpole_robot._POLE_HALF_LENGTH_M, cartpole_robot._POLE_KG, cartpole_robot._JOINTS
    about = mass * half * half / 3.0
    return f"""<mujoco model="cartpole">
<option timestep="{timestep}" integrator="Euler"><flag eulerdamp="disable"/></option>
<worldbody><body name="cart"><joint name="slider" type="slide" axis="1 0 0" damping="{joints[0].damping}"/>
<inertial pos="0 0 0" mass="{cartpole_robot._CART_KG}" diaginertia="1 1 1"/>
<geom type="box" size="0.18 0.1 0.09" contype="0" conaffinity="0"/>
<body name="rod"><joint name="pole" axis="0 1 0" damping="{joints[1].damping}"/>
<inertial pos="0 0 {half}" mass="{mass}" diaginertia="{about} {about} {POINT}"/>
<geom type="capsule" fromto="0 0 0 0 0 {2 * half}" size="0.025" contype="0" conaffinity="0"/>
</body></body></worldbody>
<actuator><motor name="push" joint="slider" gear="10" ctrllimited="true" ctrlrange="-2 2"/></actuator></mujoco>"""


def hopper(timestep: float = 0.0025) -> str:
    """A body on a boom, which moves forward and up, with a swinging, telescoping leg and a foot."""
    return f"""<mujoco model="hopper"><option timestep="{timestep}"/>
<worldbody><light pos="0 -2 3"/><geom name="ground" type="plane" size="20 5 0.1" friction="0.9"/>
<body name="torso" pos="0 0 0.55">
<joint name="forward" type="slide" axis="1 0 0"/><joint name="up" type="slide" axis="0 0 1"/>
<geom name="torso" type="box" size="0.17 0.1 0.08" mass="6" contype="0" conaffinity="0"/>
<body name="leg"><joint name="hip" axis="0 -1 0" armature="0.12"/>
<geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.025" mass="0.05" contype="0" conaffinity="0"/>
<body name="shin"><joint name="leg" type="slide" axis="0 0 -1" armature="1.0" limited="true" range="-0.2 0.15"/>
<geom name="foot" type="sphere" pos="0 0 -0.478" size="0.022" mass="0.05"/>
<geom type="capsule" fromto="0 0 -0.2 0 0 -0.47" size="0.012" mass="0.05" contype="0" conaffinity="0"/>
</body></body></body></worldbody></mujoco>"""


QUADRUPED = """<mujoco model="box"><option timestep="0.005"/>
<worldbody><light pos="0 0 3"/><geom type="plane" size="5 5 0.1"/>
<body name="robot/trunk" pos="0 0 1"><freejoint name="robot/root"/>
<geom type="box" size="0.2 0.1 0.05" mass="5" pos="0.03 0.01 0"/><site name="robot/imu" pos="0.1 0.02 0.03"/>
<body name="robot/left" pos="0 0.1 0"><joint name="robot/left_hip" axis="0 1 0" damping="0.1"/>
<geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.02" mass="0.5"/></body>
<body name="robot/right" pos="0 -0.1 0"><joint name="robot/right_hip" axis="0 1 0" damping="0.1"/>
<geom type="capsule" fromto="0 0 0 0 0 -0.3" size="0.02" mass="0.5"/></body>
</body></worldbody>
<sensor><gyro name="robot/gyro" site="robot/imu"/><velocimeter name="robot/speed" site="robot/imu"/>
<framequat name="robot/attitude" objtype="xbody" objname="robot/trunk"/></sensor>
<keyframe><key name="home" qpos="0 0 0.6 1 0 0 0 0.3 -0.3"/></keyframe></mujoco>"""
