"""An arm that reaches: inverse kinematics, poses, keypoints and images before the policy."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import quaternion, variant


def jacobian(q):
    return np.array([[-np.sin(q[0]), -np.sin(q[1]), 0.3], [np.cos(q[0]), np.cos(q[1]), 0.1]])


@variant(arrays=True, q=(3,), error=(2,))
class DampedLeastSquares:
    """dq = J.T @ solve(J J.T + l I, e) in NumPy"""

    def __init__(self):
        self.damping = 0.1

    def step(self, q, error):
        J = jacobian(q)
        dq = J.T @ np.linalg.solve(J @ J.T + self.damping**2 * np.eye(2), error)
        return (q + dq).astype(np.float32)


@variant(arrays=True, q=(3,), error=(2,))
class PseudoInverse:
    """np.linalg.pinv(J) @ e"""

    def __init__(self):
        self.gain = 0.5

    def step(self, q, error):
        return (q + self.gain * np.linalg.pinv(jacobian(q)) @ error).astype(np.float32)


@variant(quat=quaternion(), goal=quaternion())
class QuaternionErrorTorch:
    """orientation error with torch quaternions, sign by where"""

    def step(self, quat, goal):
        w1, x1, y1, z1 = goal.unbind(-1)
        w2, x2, y2, z2 = (quat * torch.tensor([1.0, -1.0, -1.0, -1.0])).unbind(-1)
        w = w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2
        x = w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2
        y = w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2
        z = w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2
        error = torch.stack([x, y, z], dim=-1)
        return torch.where(w < 0, -error, error)


@variant(quat=quaternion(), goal=quaternion())
class QuaternionErrorIf:
    """the same with `if w < 0: error = -error`"""

    def step(self, quat, goal):
        w = torch.dot(quat, goal)
        error = goal[1:] * quat[0] - quat[1:] * goal[0] - torch.linalg.cross(goal[1:], quat[1:])
        if w < 0:
            error = -error
        return error


@variant(steps=8, q=(3,), goal=(3,))
class GoalReachedSwitch:
    """waypoints advance when one is reached: self.index += 1"""

    def __init__(self):
        self.waypoints = [torch.tensor([0.2, 0.0, 0.1]), torch.tensor([-0.3, 0.4, 0.0]), torch.tensor([0.0, 0.0, 0.5])]
        self.index = 0

    def step(self, q, goal):
        if torch.norm(self.waypoints[self.index] - q) < 1.5:
            self.index = (self.index + 1) % len(self.waypoints)
        return 0.5 * (self.waypoints[self.index] - q) + 0.1 * goal


@variant(q=(3,), points=(6, 3))
class MaskedPoints:
    """points behind the robot are dropped to zero by a boolean mask"""

    def step(self, q, points):
        points = points.clone()
        points[points[:, 0] < 0] = 0.0
        return points.mean(dim=0) + q


@variant(arrays=True, image=(8, 8, 3), q=(3,))
class ImageToPolicy:
    """HWC image scaled, transposed and given to a CNN"""

    def __init__(self):
        self.cnn = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten()).eval()
        self.head = torch.nn.Linear(4 * 36 + 3, 3).eval()

    def step(self, image, q):
        chw = np.transpose(image / 255.0, (2, 0, 1)).astype(np.float32)
        with torch.no_grad():
            features = self.cnn(torch.from_numpy(chw).unsqueeze(0))[0]
            return self.head(torch.cat([features, torch.from_numpy(q)])).numpy()
