"""drone: yaw wrapped with atan2, altitude PID floats, mixer"""

import math

import torch

SHAPE = (5,)


class Drone:
    def __init__(self):
        self.alt_int = 0.0
        self.hover = 0.5

    def step(self, obs):
        z, vz, yaw, yaw_ref, z_ref = [float(v) for v in obs]
        e = z_ref - z
        self.alt_int = max(-0.3, min(0.3, self.alt_int + 0.02 * e))
        thrust = self.hover + 0.4 * e - 0.2 * vz + self.alt_int
        thrust = max(0.0, min(1.0, thrust))
        ey = math.atan2(math.sin(yaw_ref - yaw), math.cos(yaw_ref - yaw))
        m = 0.1 * ey
        if abs(ey) < 0.1:
            m = 0.0
        return torch.tensor([thrust + m, thrust - m, thrust + m, thrust - m])


def make():
    return Drone()
