"""Elementwise, reductions, ordering, types."""

from __future__ import annotations

import torch
from torch.nn import functional

from tests.capture.case import exact, flags, integers, quaternions, typed


@exact(x=(2, 5), scale=(5,))
def broadcast(x, scale):
    return x * scale + torch.tensor([1.0]) - x.mean(-1, keepdim=True)


@exact(x=(4, 3))
def reductions(x):
    return torch.cat([x.sum(0), x.mean(0), x.amax(0), x.amin(0), x.std(0), x.var(0, unbiased=False), x.prod(0)])


@exact(x=(3, 4))
def reductions_all(x):
    return torch.stack([x.sum(), x.norm(), x.abs().max(), x.min(), torch.linalg.vector_norm(x)])


@exact(x=(2, 6))
def flip_tile(x):
    return x.flip(-1).tile(1, 2) - x.flip(0, 1).repeat(1, 2)


@exact(x=(3, 4))
def transposes(x):
    return x.T @ x - x.mT.contiguous() @ x


@exact(x=(5, 2))
def roll_both(x):
    return torch.roll(x, (1, -1), (0, 1)) + torch.roll(x, 2) - x.roll(-1, 0)


@exact(x=(3, 5))
def cumulative(x):
    return torch.cumsum(x, -1) + x.cumsum(0).flip(0) + torch.cumprod(torch.tanh(x), 1)


@exact(x=(2, 6))
def sort_topk(x):
    values, order = x.sort(-1, descending=True)
    top = x.topk(3, dim=-1)
    return {"sorted": values, "order": order, "best": top.values, "where": top.indices}


@exact(x=(2, 7))
def argmax_one_hot(x):
    return functional.one_hot(x.argmax(-1), 7).float() * x + functional.one_hot(x.argmin(-1), 7)


@exact(x=(2, 3, 4), w=(4, 5))
def einsum(x, w):
    return torch.einsum("bij,jk->bik", x, w).sum(1) + torch.einsum("bij->bj", x) @ w


@exact(a=(4, 3), b=(4, 3))
def cross_and_dot(a, b):
    return torch.cross(a, b, dim=-1) + (a * b).sum(-1, keepdim=True) + torch.linalg.cross(b, a)


@exact(q=quaternions(2), v=(2, 3))
def quaternion_rotate(q, v):
    w, xyz = q[:, :1], q[:, 1:]
    t = torch.cross(xyz, v, dim=-1) * 2
    return v + w * t + torch.cross(xyz, t, dim=-1)


@exact(q=quaternions(3), p=quaternions(3))
def quaternion_multiply(q, p):
    w1, x1, y1, z1 = q.unbind(-1)
    w2, x2, y2, z2 = p.unbind(-1)
    return torch.stack(
        [
            w1 * w2 - x1 * x2 - y1 * y2 - z1 * z2,
            w1 * x2 + x1 * w2 + y1 * z2 - z1 * y2,
            w1 * y2 - x1 * z2 + y1 * w2 + z1 * x2,
            w1 * z2 + x1 * y2 - y1 * x2 + z1 * w2,
        ],
        dim=-1,
    )


@exact(q=quaternions(2))
def euler_angles(q):
    w, x, y, z = q[..., 0], q[..., 1], q[..., 2], q[..., 3]
    roll = torch.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    pitch = torch.asin((2 * (w * y - z * x)).clamp(-1, 1))
    yaw = torch.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return torch.stack([roll, pitch, yaw % (2 * torch.pi)], -1)


@exact(x=(2, 4))
def where_and_masks(x):
    return torch.where(x > 0, x.sqrt().nan_to_num(), -x) + x.masked_fill(x.abs() < 0.3, 0.0)


@exact(x=(3, 4), low=(4,), width=(4,))
def clamp_bounds(x, low, width):
    return torch.clamp(x, low, low + width.abs()) + x.clamp(min=-0.5) + torch.clamp(x, max=0.2)


@exact(n=integers(50, 4))
def integer_division(n):
    return {"floor": n // 7, "rest": n % 7, "real": n / 7, "power": n**2, "shift": (n << 1) & 0xF}


@exact(x=(2, 3), n=integers(9, 2, 3))
def type_changes(x, n):
    return (x.double() * n).float() + (x > 0).to(torch.int64) + n.to(torch.int32) + x.to(torch.int64).bool()


@exact(x=(2, 3))
class NumbersAndScalars:
    """Python numbers with tensors of no dimensions keep the tensors' type."""

    def __init__(self):
        self.total = torch.zeros(2, 3)

    def step(self, x):
        self.total[0] = x.sum() * 0.25
        return {"sum": x.sum() * 0.5 - 1, "total": self.total / 3, "rest": x.mean().remainder(0.7)}


@exact(x=())
def scalar_input(x):
    return x * 2 + torch.ones(()) - x.unsqueeze(0).expand(3).sum()


@exact(x=(0, 3), y=(2, 3))
def empty_tensor(x, y):
    return torch.cat([x, y]) + x.sum(0)


@exact(x=(8, 6))
def batch_of_eight(x):
    return torch.tanh(x) / (1 + x.norm(dim=-1, keepdim=True))


@exact(x=typed(torch.float64, 2, 4))
def double_precision(x):
    return torch.sin(x) * 1e-9 + x.cumsum(-1)


@exact(x=typed(torch.float16, 2, 4), tolerance=3e-2)
def half_precision(x):
    return torch.tanh(x) * 2 + x.clamp(-1, 1)


@exact(
    x=typed(torch.bfloat16, 2, 4),
    tolerance=2e-1,
    limits={"onnx-dynamo": "bfloat16", "onnx-torchscript": "bfloat16"},
)
def brain_float(x):
    return x * 2 + x.clamp(-1, 1)


@exact(x=(2, 4), limits={"onnx-dynamo": "bfloat16", "onnx-torchscript": "bfloat16"})
def brain_float_inside(x):
    return (x.bfloat16() * 2).float()


@exact(a=flags(4), b=flags(4))
def logic(a, b):
    return {"xor": a ^ b, "both": a & ~b, "any": (a | b).any(), "all": a.logical_and(b).all()}


@exact(x=(3, 4))
def trigonometry(x):
    return x.sin() + x.cos() * x.tan().clamp(-3, 3) + torch.sinh(x.clamp(-1, 1)) + torch.atan(x) + torch.acos(x.tanh())


@exact(x=(3, 4))
def activations(x):
    kinds = (functional.elu, functional.selu, functional.gelu, functional.silu, functional.softplus, functional.mish)
    return sum(kind(x) for kind in kinds) + functional.leaky_relu(x, 0.2) + functional.hardtanh(x)


@exact(x=(3, 4))
def exponentials(x):
    y = torch.exp(x.clamp(max=2)) + torch.log1p(x.abs()) + torch.expm1(x * 0.1)
    return y + torch.pow(x.abs() + 0.1, 0.3) + x.rsqrt().nan_to_num(posinf=0)


@exact(x=(2, 5))
def softmaxes(x):
    return functional.softmax(x, -1) + functional.log_softmax(x, 0) + torch.logsumexp(x, -1, keepdim=True)


@exact(x=(2, 3), y=(2, 3))
def remainders(x, y):
    return torch.fmod(x, 0.7) + torch.remainder(x, 0.7) + torch.floor(y * 3) + torch.round(x * 2) + y.frac() + y.sign()


@exact(x=(4, 4), limits={"onnx-torchscript": "aten.diag"})
def linear_algebra(x):
    y = torch.tril(x) + torch.triu(x, 1) * 2 + torch.eye(4) + torch.outer(x[0], x[1])
    return y + x.diagonal().sum() + torch.trace(x)


@exact(x=(3, 4), y=(3, 4))
def lerp_addcmul(x, y):
    z = torch.lerp(x, y, 0.3) + torch.addcmul(x, x, y, value=0.5)
    return z + torch.addcdiv(x, y, y.abs() + 1) + torch.hypot(x, y)


@exact(x=(2, 6))
def quantize_levels(x):
    edges = torch.tensor([-1.0, 0.0, 1.0])
    return torch.bucketize(x, edges).float() + (x.unsqueeze(-1) > edges).sum(-1)


@exact(x=(3, 5))
def median_and_quantile(x):
    return x.median(-1).values + x.sort(-1).values[:, 1]


@exact(x=(2, 3, 4))
def shapes(x):
    return x.permute(2, 0, 1).reshape(4, 6)[:, ::2].unsqueeze(0).squeeze(0).flatten() + x.movedim(0, -1).numel()
