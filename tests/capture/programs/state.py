"""State that nobody declares."""

from __future__ import annotations

import torch
from torch import nn

from tests.capture.case import exact, flags


@exact(x=(1, 4))
class LastAction:
    """The last action is an attribute that is assigned anew."""

    def __init__(self):
        self.last = torch.zeros(1, 2)
        self.net = nn.Linear(6, 2)

    def step(self, x):
        self.last = self.net(torch.cat([x, self.last], 1))
        return self.last * 0.25


@exact(x=(1, 4))
class LastActionAfterOutputs:
    """The last action is kept only after the outputs went out."""

    def __init__(self):
        self.last = torch.zeros(1, 4)
        self.current = self.last

    def step(self, x):
        self.current = torch.tanh(x + self.last * 0.5)
        return self.current

    def after(self):
        self.last = self.current


@exact(x=(1, 4))
class AttributeInPlace:
    """A sum is kept in place."""

    def __init__(self):
        self.total = torch.zeros(1, 4)

    def step(self, x):
        self.total += x * 0.1
        return self.total - x


class _Filter(nn.Module):
    def __init__(self, persistent: bool = True):
        super().__init__()
        self.register_buffer("value", torch.zeros(3), persistent=persistent)


@exact(x=(3,))
class BufferCopy:
    """A registered buffer is overwritten by ``copy_``."""

    def __init__(self):
        self.filter = _Filter()

    def step(self, x):
        self.filter.value.copy_(0.8 * self.filter.value + 0.2 * x)
        return self.filter.value


@exact(x=(3,))
class BufferArithmetic:
    """A registered buffer is changed by in-place arithmetic."""

    def __init__(self):
        self.filter = _Filter()

    def step(self, x):
        self.filter.value.mul_(0.9).add_(x, alpha=0.1)
        return self.filter.value * 2


@exact(x=(3,))
class BufferSlices:
    """A part of a registered buffer is written."""

    def __init__(self):
        self.filter = _Filter()

    def step(self, x):
        out = self.filter.value.clone()
        self.filter.value[:2] = x[1:]
        return out


@exact(x=(3,))
class BufferReassigned:
    """A registered buffer is replaced by a new tensor."""

    def __init__(self):
        self.filter = _Filter()

    def step(self, x):
        self.filter.value = self.filter.value * 0.5 + x
        return self.filter.value.clone()


@exact(x=(3,))
class BufferNonPersistent:
    """A buffer that is not in the state dict is state too."""

    def __init__(self):
        self.filter = _Filter(persistent=False)

    def step(self, x):
        self.filter.value += x
        return self.filter.value.clamp(-2, 2)


@exact(x=(3,))
class ExponentialAverage:
    """EMA of the action."""

    def __init__(self):
        self.mean = torch.zeros(3)

    def step(self, x):
        self.mean = 0.9 * self.mean + 0.1 * x
        return x - self.mean


@exact(x=(2, 3))
class RunningNormalizer:
    """Mean and variance updated online, counted by a tensor."""

    def __init__(self):
        self.count = torch.tensor(1e-4)
        self.mean = torch.zeros(3)
        self.var = torch.ones(3)

    def step(self, x):
        mean, var = x.mean(0), x.var(0, unbiased=False)
        delta = mean - self.mean
        total = self.count + 2
        self.var = (self.var * self.count + var * 2 + delta**2 * self.count * 2 / total) / total
        self.mean = self.mean + delta * 2 / total
        self.count = total
        return (x - self.mean) / torch.sqrt(self.var + 1e-2)


@exact(x=(1, 2))
class TensorCounter:
    """A step counter and a phase held as tensors."""

    def __init__(self):
        self.steps = torch.zeros(1, dtype=torch.int64)
        self.phase = torch.zeros(1)

    def step(self, x):
        self.steps += 1
        self.phase = (self.phase + 0.02) % 1.0
        clock = torch.stack([torch.sin(2 * torch.pi * self.phase), torch.cos(2 * torch.pi * self.phase)], 1)
        return {"action": x + clock, "steps": self.steps}


@exact(x=(1, 3))
class ResetByEnvironment:
    """State that only an environment's reset, which never comes, would change."""

    def __init__(self):
        self.offset = torch.tensor([[0.1, 0.2, 0.3]])
        self.command = torch.ones(1, 3)

    def step(self, x):
        return x * self.command + self.offset


@exact(x=(2, 3), done=flags(2))
class ResetByInput:
    """Done environments get their history zeroed."""

    def __init__(self):
        self.last = torch.zeros(2, 3)

    def step(self, x, done):
        self.last[done] = 0.0
        out = x + self.last
        self.last = out * 0.5
        return out


@exact(x=(3,))
class Delay:
    """An action delay of two steps by two attributes."""

    def __init__(self):
        self.one, self.two = torch.zeros(3), torch.ones(3)

    def step(self, x):
        out = self.two
        self.two, self.one = self.one, x
        return out * 2


@exact(x=(2,))
class Integrator:
    """Position from velocity, with wrap-around."""

    def __init__(self):
        self.position = torch.zeros(2)

    def step(self, x):
        self.position = torch.remainder(self.position + 0.02 * x + torch.pi, 2 * torch.pi) - torch.pi
        return self.position


@exact(x=(2,))
class StateBetweenSteps:
    """The environment's own dynamics run after the outputs and write what the next step reads."""

    def __init__(self):
        self.pos = torch.zeros(2)
        self.action = torch.zeros(2)

    def step(self, x):
        self.action = torch.tanh(x - self.pos)
        return self.action

    def after(self):
        self.pos.add_(self.action, alpha=0.1)


@exact(x=(3,))
class TwoAliases:
    """Two attributes name one tensor."""

    def __init__(self):
        self.a = torch.zeros(3)
        self.b = self.a

    def step(self, x):
        self.a.add_(x)
        return self.b * 2


@exact(x=(2, 3))
class Hysteresis:
    """Flags are chosen between flags."""

    def __init__(self):
        self.on = torch.zeros(2, dtype=torch.bool)
        self.count = torch.zeros(2, dtype=torch.int16)

    def step(self, x):
        error = x.norm(dim=-1)
        self.on = torch.where(self.on, error > 1.0, error > 2.0)
        self.count = torch.where(self.on, self.count + 1, 0).to(torch.int16).clamp(max=4)
        return {"x": torch.where(self.on[:, None], x * 2, x), "count": self.count.float()}
