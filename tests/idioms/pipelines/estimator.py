"""State estimation in front of a policy: Kalman and complementary filters, odometry."""

from __future__ import annotations

import math

import numpy as np
import torch

from tests.idioms.variant import variant

DT = 0.01


@variant(gyro=(3,), acc=(3,))
class ComplementaryTensor:
    """roll and pitch by a complementary filter in tensors"""

    def __init__(self):
        self.angles = torch.zeros(2)

    def step(self, gyro, acc):
        roll = torch.atan2(acc[1], acc[2])
        pitch = torch.atan2(-acc[0], torch.sqrt(acc[1] ** 2 + acc[2] ** 2))
        measured = torch.stack([roll, pitch])
        self.angles = 0.98 * (self.angles + gyro[:2] * DT) + 0.02 * measured
        return self.angles


@variant(gyro=(3,), acc=(3,))
class ComplementaryMath:
    """the same with Python floats and math.atan2"""

    def __init__(self):
        self.roll = 0.0
        self.pitch = 0.0

    def step(self, gyro, acc):
        ax, ay, az = acc.tolist()
        gx, gy = float(gyro[0]), float(gyro[1])
        self.roll = 0.98 * (self.roll + gx * DT) + 0.02 * math.atan2(ay, az)
        self.pitch = 0.98 * (self.pitch + gy * DT) + 0.02 * math.atan2(-ax, math.sqrt(ay * ay + az * az))
        return torch.tensor([self.roll, self.pitch])


@variant(arrays=True, z=(2,))
class KalmanNumpy:
    """a Kalman filter in NumPy with np.linalg.inv"""

    def __init__(self):
        self.x = np.zeros(4)
        self.P = np.eye(4)
        self.F = np.eye(4)
        self.F[0, 2] = self.F[1, 3] = 0.1
        self.H = np.eye(2, 4)
        self.Q = 0.01 * np.eye(4)
        self.R = 0.1 * np.eye(2)

    def step(self, z):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + self.Q
        y = z - self.H @ self.x
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        self.x = self.x + K @ y
        self.P = (np.eye(4) - K @ self.H) @ self.P
        return self.x.astype(np.float32)


@variant(z=(2,))
class KalmanTorch:
    """the same in PyTorch with torch.linalg.solve"""

    def __init__(self):
        self.x = torch.zeros(4)
        self.P = torch.eye(4)
        self.F = torch.eye(4)
        self.F[0, 2] = self.F[1, 3] = 0.1
        self.H = torch.eye(2, 4)

    def step(self, z):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + 0.01 * torch.eye(4)
        S = self.H @ self.P @ self.H.T + 0.1 * torch.eye(2)
        K = torch.linalg.solve(S, self.H @ self.P).T
        self.x = self.x + K @ (z - self.H @ self.x)
        self.P = (torch.eye(4) - K @ self.H) @ self.P
        return self.x


@variant(gyro=(3,), acc=(3,))
class YawUnwrapped:
    """yaw integrated as a Python float and wrapped by if"""

    def __init__(self):
        self.yaw = 0.0

    def step(self, gyro, acc):
        self.yaw += gyro[2].item() * DT
        if self.yaw > math.pi:
            self.yaw -= 2 * math.pi
        elif self.yaw < -math.pi:
            self.yaw += 2 * math.pi
        return torch.tensor([math.cos(self.yaw), math.sin(self.yaw)]) + acc[:2]


@variant(arrays=True, gyro=(3,), acc=(3,))
class MedianOfWindow:
    """np.median over a deque of scalars"""

    def __init__(self):
        self.window = [np.zeros(3, np.float32) for _ in range(5)]

    def step(self, gyro, acc):
        self.window.append(acc)
        self.window.pop(0)
        return gyro + np.median(np.array(self.window), axis=0)


@variant(arrays=True, q=(4,))
class NumpyDifference:
    """velocities by np.diff of a rolled buffer made before the session"""

    def __init__(self):
        self.buffer = np.zeros((3, 4), dtype=np.float32)

    def step(self, q):
        self.buffer = np.roll(self.buffer, -1, axis=0)
        self.buffer[-1] = q
        return np.diff(self.buffer, axis=0).mean(axis=0) / np.float32(DT)
