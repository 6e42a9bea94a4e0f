"""Which tasks there are, and what they show. gymnasium is not imported for this."""

CLASSIC = ("Acrobot-v1", "CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1")
MUJOCO = tuple(
    f"{name}-v5"
    for name in (
        "Ant",
        "HalfCheetah",
        "Hopper",
        "Humanoid",
        "HumanoidStandup",
        "InvertedDoublePendulum",
        "InvertedPendulum",
        "Pusher",
        "Reacher",
        "Swimmer",
        "Walker2d",
    )
)

_CAR = {"position": 1, "velocity": 1}
OBSERVATIONS = {
    "Acrobot-v1": {
        "cos(theta1)": 1,
        "sin(theta1)": 1,
        "cos(theta2)": 1,
        "sin(theta2)": 1,
        "theta1_dot": 1,
        "theta2_dot": 1,
    },
    "CartPole-v1": {"cart_position": 1, "cart_velocity": 1, "pole_angle": 1, "pole_angular_velocity": 1},
    "InvertedDoublePendulum-v5": {"cart": 1, "sin(angles)": 2, "cos(angles)": 2, "qvel": 3, "qfrc_constraint": 1},
    "MountainCar-v0": _CAR,
    "MountainCarContinuous-v0": _CAR,
    "Pendulum-v1": {"cos(theta)": 1, "sin(theta)": 1, "theta_dot": 1},
    "Pusher-v5": {"qpos": 7, "qvel": 7, "fingertip": 3, "object": 3, "goal": 3},
    "Reacher-v5": {"cos(qpos)": 2, "sin(qpos)": 2, "target": 2, "qvel": 2, "fingertip - target": 2},
}
"""What the observations of tasks are made of that do not say so themselves, in order, as gymnasium documents them."""
ACTIONS = {"MountainCarContinuous-v0": {"force": 1}, "Pendulum-v1": {"torque": 1}}
