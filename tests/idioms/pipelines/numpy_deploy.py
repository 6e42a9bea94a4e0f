"""Deploy scripts around a TorchScript-like policy, with the observation in NumPy, in the style of unitree_rl_gym."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import quaternion, variant

DEFAULT = np.array([-0.1, 0.0, 0.0, 0.3, -0.2, 0.0] * 2, dtype=np.float32)
SENSORS = {"quat": quaternion(), "omega": (3,), "q": (12,), "dq": (12,), "command": (3,)}


def actor(inputs: int) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(inputs, 24), torch.nn.ELU(), torch.nn.Linear(24, 12)).eval()


def gravity_orientation(quaternion):
    qw, qx, qy, qz = quaternion[0], quaternion[1], quaternion[2], quaternion[3]
    gravity = np.zeros(3)
    gravity[0] = 2 * (-qz * qx + qw * qy)
    gravity[1] = -2 * (qz * qy + qw * qx)
    gravity[2] = 1 - 2 * (qw * qw + qz * qz)
    return gravity


@variant(arrays=True, **SENSORS)
class PreallocatedAttribute:
    """observation array made once, filled by slices in each step"""

    def __init__(self):
        self.policy = actor(45)
        self.obs = np.zeros(45, dtype=np.float32)
        self.action = np.zeros(12, dtype=np.float32)

    def step(self, quat, omega, q, dq, command):
        self.obs[:3] = omega * 0.25
        self.obs[3:6] = gravity_orientation(quat)
        self.obs[6:9] = command * np.array([2.0, 2.0, 0.25])
        self.obs[9:21] = (q - DEFAULT) * 1.0
        self.obs[21:33] = dq * 0.05
        self.obs[33:45] = self.action
        tensor = torch.from_numpy(self.obs).unsqueeze(0)
        self.action = self.policy(tensor).detach().numpy().squeeze()
        return self.action * 0.25 + DEFAULT


@variant(arrays=True, **SENSORS)
class PreallocatedWithPhase:
    """the same with the clock of a step counter, as the g1 configuration has it"""

    def __init__(self):
        self.policy = actor(47)
        self.obs = np.zeros(47, dtype=np.float32)
        self.action = np.zeros(12, dtype=np.float32)
        self.cmd_scale = np.array([2.0, 2.0, 0.25], dtype=np.float32)
        self.counter = 0

    def step(self, quat, omega, q, dq, command):
        self.counter += 1
        period = 0.8
        count = self.counter * 0.02
        phase = count % period / period
        sin_phase = np.sin(2 * np.pi * phase)
        cos_phase = np.cos(2 * np.pi * phase)
        self.obs[:3] = omega * 0.25
        self.obs[3:6] = gravity_orientation(quat)
        self.obs[6:9] = command * self.cmd_scale
        self.obs[9:21] = q - DEFAULT
        self.obs[21:33] = dq * 0.05
        self.obs[33:45] = self.action
        self.obs[45:47] = np.array([sin_phase, cos_phase])
        self.action = self.policy(torch.from_numpy(self.obs).unsqueeze(0)).detach().numpy().squeeze()
        return self.action * 0.25 + DEFAULT


@variant(arrays=True, **SENSORS)
class MadeInTheStep:
    """observation array made in the step"""

    def __init__(self):
        self.policy = actor(33)

    def step(self, quat, omega, q, dq, command):
        obs = np.zeros(33, dtype=np.float32)
        obs[:3] = omega * 0.25
        obs[3:6] = gravity_orientation(quat)
        obs[6:9] = command * np.array([2.0, 2.0, 0.25])
        obs[9:21] = q - DEFAULT
        obs[21:33] = dq * 0.05
        return self.policy(torch.from_numpy(obs)).detach().numpy() * 0.25 + DEFAULT


@variant(arrays=True, **SENSORS)
class Concatenated:
    """np.concatenate of scaled parts, last action as state"""

    def __init__(self):
        self.policy = actor(45)
        self.last = np.zeros(12, dtype=np.float32)

    def step(self, quat, omega, q, dq, command):
        parts = [omega * 0.25, gravity_orientation(quat), command, q - DEFAULT, dq * 0.05, self.last]
        obs = np.concatenate(parts, axis=-1).astype(np.float32)
        obs = np.clip(obs, -100, 100)
        with torch.inference_mode():
            self.last = self.policy(torch.from_numpy(obs)).numpy()
        return np.clip(self.last, -5, 5) * 0.25 + DEFAULT


@variant(arrays=True, **SENSORS)
class ConstantInCall:
    """a constant array written in the call of a helper, quat_rotate_inverse(quat, np.array([0, 0, -1]))"""

    def __init__(self):
        self.policy = actor(30)

    def rotate_inverse(self, q, v):
        w, u = q[0], q[1:]
        a = v * (2.0 * w**2 - 1.0)
        b = np.cross(u, v) * w * 2.0
        c = u * np.dot(u, v) * 2.0
        return a - b + c

    def step(self, quat, omega, q, dq, command):
        gravity = self.rotate_inverse(quat, np.array([0.0, 0.0, -1.0]))
        obs = np.concatenate([gravity, command, q - DEFAULT, dq * 0.05]).astype(np.float32)
        return self.policy(torch.tensor(obs)).detach().numpy()


@variant(script=True, arrays=True, **SENSORS)
def script_preallocated(capture, robot):
    """obs and action are locals of main(), obs is filled in place in the loop"""
    policy = actor(45)
    obs = np.zeros(45, dtype=np.float32)
    action = np.zeros(12, dtype=np.float32)
    with capture("deploy") as session:
        for _ in range(robot.steps):
            now = robot.read()
            session.input_tensors("policy", now)
            obs[:3] = now["omega"] * 0.25
            obs[3:6] = gravity_orientation(now["quat"])
            obs[6:9] = now["command"]
            obs[9:21] = now["q"] - DEFAULT
            obs[21:33] = now["dq"] * 0.05
            obs[33:45] = action
            action = policy(torch.from_numpy(obs).unsqueeze(0)).detach().numpy().squeeze()
            session.output_tensors("policy", {"action": action * 0.25 + DEFAULT})


@variant(**SENSORS)
class LoopOverJoints:
    """for i in range(12): obs[9 + i] = (q[i] - default[i]), tensors handed over with .numpy()"""

    def __init__(self):
        self.policy = actor(33)
        self.order = [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8]

    def step(self, quat, omega, q, dq, command):
        q, dq = q.numpy(), dq.numpy()
        obs = np.zeros(33, dtype=np.float32)
        for i in range(12):
            obs[9 + i] = q[self.order[i]] - DEFAULT[i]
            obs[21 + i] = dq[self.order[i]] * 0.05
        obs[0:3] = omega.numpy()
        obs[3:6] = gravity_orientation(quat.numpy())
        obs[6:9] = command.numpy()
        return self.policy(torch.from_numpy(obs))
