"""unitree_rl_gym deploy: obs array filled in place, counter phase, gravity from quaternion"""

import numpy as np
import torch
import torch.nn as nn

SHAPE = (13,)
NUMPY = True


def get_gravity_orientation(quaternion):
    qw = quaternion[0]
    qx = quaternion[1]
    qy = quaternion[2]
    qz = quaternion[3]
    g = np.zeros(3)
    g[0] = 2 * (-qz * qx + qw * qy)
    g[1] = -2 * (qz * qy + qw * qx)
    g[2] = 1 - 2 * (qw * qw + qz * qz)
    return g


class Controller:
    def __init__(self):
        torch.manual_seed(26)
        self.policy = nn.Sequential(nn.Linear(17, 32), nn.ELU(), nn.Linear(32, 3))
        self.obs = np.zeros(17, dtype=np.float32)
        self.action = np.zeros(3, dtype=np.float32)
        self.counter = 0
        self.default = np.array([0.1, 0.8, -1.5], dtype=np.float32)

    def step(self, s):
        quat, omega, q, dq = s[:4], s[4:7], s[7:10], s[10:13]
        period = 0.8
        count = self.counter * 0.02
        phase = count % period / period
        self.counter += 1
        self.obs[:3] = omega * 0.25
        self.obs[3:6] = get_gravity_orientation(quat)
        self.obs[6:9] = q - self.default
        self.obs[9:12] = dq * 0.05
        self.obs[12:15] = self.action
        self.obs[15] = np.sin(2 * np.pi * phase)
        self.obs[16] = np.cos(2 * np.pi * phase)
        self.action = self.policy(torch.from_numpy(self.obs).unsqueeze(0)).detach().numpy().squeeze()
        return self.action * 0.25 + self.default


def make():
    return Controller()
