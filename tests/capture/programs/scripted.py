"""``torch.jit.script``, ``torch.compile``, ``torch.func``, contexts."""

from __future__ import annotations

import warnings

import torch
from torch import nn

from tests.capture.case import exact, quaternions


def _quietly(function):
    """Script a function; newer PyTorch versions advise against it with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(function)


@_quietly
def _scripted_rotate(q: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    w = q[:, 0:1]
    xyz = q[:, 1:]
    t = torch.cross(xyz, v, dim=-1) * 2
    return v - w * t + torch.cross(xyz, t, dim=-1)


@exact(q=quaternions(2), v=(2, 3))
def scripted_function(q, v):
    return _scripted_rotate(q, v)


@_quietly
def _scripted_write(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[:, 0] = 0.0
    for k in range(2):
        y[:, k + 1] += float(k)
    return y


@exact(x=(2, 4))
def scripted_writes(x):
    return _scripted_write(x)


class _Scripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(4, 3)
        self.register_buffer("last", torch.zeros(2, 3))

    def forward(self, x):
        self.last = torch.tanh(self.net(x)) + 0.5 * self.last
        return self.last


@exact(x=(2, 4))
class ScriptedModuleWithState:
    """A scripted module that keeps state in a buffer."""

    def __init__(self):
        self.module = _quietly(_Scripted())

    def step(self, x):
        return self.module(x)


@exact(x=(2, 4))
class TracedModule:
    def __init__(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.module = torch.jit.trace(nn.Sequential(nn.Linear(4, 3), nn.Tanh()), torch.zeros(1, 4))

    def step(self, x):
        return self.module(x)


@exact(x=(2, 4))
class CompiledFunction:
    """Compiled functions run eagerly while recording."""

    def __init__(self):
        self.weight = torch.randn(4, 4)
        self.function = torch.compile(lambda x: torch.sin(x @ self.weight), backend="eager")

    def step(self, x):
        return self.function(x) * 2


@exact(x=(2, 3))
def function_transforms(x):
    jacobian = torch.vmap(torch.func.jacrev(lambda v: torch.sin(v) * v.sum()))(x)
    return jacobian.sum(-1) + torch.vmap(torch.func.grad(lambda v: (v**2).sum()))(x)


@exact(x=(3, 4))
def vmapped(x):
    return torch.vmap(lambda row: row.cumsum(0) - row.mean())(x)


@exact(x=(2, 4))
class InferenceModeInside:
    """User code opens ``inference_mode`` itself."""

    def __init__(self):
        self.net = nn.Linear(4, 2)
        self.last = torch.zeros(2, 2)

    def step(self, x):
        with torch.inference_mode():
            self.last = self.net(x) + self.last * 0.1
            return self.last


@exact(x=(2, 4))
class GradientsEnabledInside:
    """User code turns gradients on and detaches."""

    def __init__(self):
        self.net = nn.Linear(4, 2)

    def step(self, x):
        with torch.enable_grad():
            return self.net(x).detach()


@exact(x=(2, 4))
def asserts_are_silent(x):
    assert not torch.isnan(x).any(), "bad observation"
    return x * 2


@exact(x=(2, 4))
def checks_that_raise_are_silent(x):
    if torch.isnan(x).any():
        raise ValueError("bad observation")
    return x * 2


@exact(x=(2, 4))
class LoggingIsSilent:
    """A reward is taken as a float and only logged."""

    def __init__(self):
        self.log = []

    def step(self, x):
        self.log.append((x**2).sum().item())
        return x * 2


@exact(x=(2, 4))
def formatting_is_silent(x):
    assert f"{x.mean():.3f} {x}"
    return x + 1


@exact(x=(2, 4))
def autocast_off(x):
    with torch.autocast("cpu", enabled=False):
        return x @ x.T


@exact(x=(2, 6))
def checkpointed(x):
    return torch.utils.checkpoint.checkpoint(lambda y: torch.tanh(y) * 2, x, use_reentrant=False)


@exact(x=(2, 3))
def iterates_rows(x):
    return torch.stack([row * (k + 1) for k, row in enumerate(x)])


@exact(x=(2, 3))
def shape_arithmetic(x):
    batch, size = x.shape
    return x.reshape(batch * size)[: size - 1] / size + x.new_zeros(size - 1) + x.new_ones(2).sum() * x.numel()


@exact(x=(2, 3))
def tensors_from_elements(x):
    return torch.tensor([1.0, 2.0]) * torch.stack([x[0, 0], x[1, 2]]) + torch.as_tensor([0.5, 0.25])
