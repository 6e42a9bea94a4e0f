"""Small linear algebra of controllers and estimators, which ONNX has no operators for."""

from __future__ import annotations

import torch

from tests.capture.case import exact


@exact(x=(3, 6))
def jacobian_transpose_times_vector(x):
    jacobian, force = x, x.sum(-1)
    return jacobian.T @ force + jacobian.mT.matmul(force * 2) + force @ jacobian


@exact(x=(3, 7))
def damped_least_squares(x):
    return x.T @ torch.linalg.solve(x @ x.T + 0.1 * torch.eye(3), x[:, 0])


@exact(x=(2, 4, 4), tolerance=1e-4)
def solve_batches_from_both_sides(x):
    matrix = x @ x.mT + torch.eye(4)
    return torch.linalg.solve(matrix, x[:, :, :2]) + torch.linalg.solve(matrix, x[:, :2], left=False).mT


@exact(x=(4, 4), tolerance=1e-4)
def rows_change_places(x):
    """Zeros on the diagonal: elimination has to exchange rows."""
    matrix = 0.1 * x.tanh() + torch.eye(4)[[1, 2, 3, 0]]
    return torch.linalg.inv(matrix) + torch.inverse(matrix)


@exact(x=(3, 3))
def cholesky_factor(x):
    matrix = x @ x.T + torch.eye(3)
    return torch.linalg.cholesky(matrix) + torch.linalg.cholesky(matrix, upper=True)


@exact(x=(3, 3))
def solve_with_cholesky_factor(x):
    lower = torch.linalg.cholesky(x @ x.T + torch.eye(3))
    return torch.cholesky_solve(x, lower) + torch.linalg.solve_triangular(lower, x, upper=False)


@exact(x=(3, 7), tolerance=1e-4)
def pseudo_inverse_of_a_jacobian(x):
    return torch.linalg.pinv(x) @ x[:, 0]


@exact(x=(4, 4), tolerance=1e-4)
def pseudo_inverse_of_lower_rank(x):
    """Rank two: what is left of two singular values is rounding, and counts as zero."""
    matrix = x[:, :2] @ x[:2]
    return torch.linalg.pinv(matrix, rtol=1e-3) * 0.1


@exact(z=(2,))
class KalmanFilter:
    def __init__(self):
        self.x = torch.zeros(4)
        self.P = torch.eye(4)
        self.F = torch.eye(4) + 0.1 * torch.diag(torch.ones(2), 2)
        self.H = torch.eye(2, 4)

    def step(self, z):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + 0.01 * torch.eye(4)
        gain = self.P @ self.H.T @ torch.linalg.inv(self.H @ self.P @ self.H.T + 0.1 * torch.eye(2))
        self.x = self.x + gain @ (z - self.H @ self.x)
        self.P = (torch.eye(4) - gain @ self.H) @ self.P
        return self.x
