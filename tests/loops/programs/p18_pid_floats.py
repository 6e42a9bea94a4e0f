"""PID with python floats per joint and integral clamp, derivative None first"""

import torch

SHAPE = (6,)


class PID:
    def __init__(self, kp, ki, kd):
        self.kp, self.ki, self.kd = kp, ki, kd
        self.integral = 0.0
        self.prev = None

    def __call__(self, err, dt=0.02):
        self.integral += err * dt
        if self.integral > 0.1:
            self.integral = 0.1
        elif self.integral < -0.1:
            self.integral = -0.1
        d = 0.0 if self.prev is None else (err - self.prev) / dt
        self.prev = err
        return self.kp * err + self.ki * self.integral + self.kd * d


class Arm:
    def __init__(self):
        self.pids = [PID(2.0, 1.0, 0.01), PID(1.0, 5.0, 0.0), PID(3.0, 0.5, 0.02)]

    def step(self, obs):
        q = obs[:3].tolist()
        ref = obs[3:].tolist()
        tau = []
        for i, pid in enumerate(self.pids):
            tau.append(pid(ref[i] - q[i]))
        return torch.tensor(tau, dtype=torch.float32)


def make():
    return Arm()
