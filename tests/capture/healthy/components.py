"""Small components as robot code has them: filters, normalizers, histories, with statistics and logging beside."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch
from torch import nn

from tests.capture.case import exact

logger = logging.getLogger(__name__)


class Logger:
    """Stands for a service that takes metrics."""

    def __init__(self):
        self.step, self.rows, self.last = 0, [], {}

    def log(self, values: dict[str, Any], step: int | None = None) -> None:
        self.step += 1
        self.last = dict(values)
        self.rows.append((self.step if step is None else step, values))
        if len(self.rows) > 500:
            self.rows = self.rows[-100:]


@exact(x=(1, 3))
class WithMetricsService:
    """Norms and maxima go to a metrics service every tenth step."""

    def __init__(self):
        self.wandb = Logger()
        self.global_step = 0
        self.net = nn.Linear(3, 3)

    def step(self, x):
        y = self.net(x)
        if self.global_step % 10 == 0:
            self.wandb.log({"norm": y.norm().item(), "max": float(y.max())}, step=self.global_step)
        self.global_step += 1
        return y


@exact(x=(1, 3))
class LowPassFilter:
    """Its first call makes the buffer."""

    def __init__(self):
        self.value = None
        self.calls = 0
        self.alpha = 0.4

    def step(self, x):
        self.calls += 1
        if self.value is None:
            self.value = torch.zeros_like(x)
        self.value = self.alpha * x + (1.0 - self.alpha) * self.value
        return self.value


@exact(x=(1, 3))
class LazyByAttribute:
    """Buffers are made where ``hasattr`` finds none."""

    def step(self, x):
        if not hasattr(self, "bias"):
            self.bias = torch.full((3,), 0.1)
            self.made = 1
        self.made += 1
        return x + self.bias


@exact(x=(1, 3))
class CacheOfConstants:
    """Constants are looked up in a dictionary that counts hits."""

    def __init__(self):
        self._cache, self.hits, self.misses = {}, 0, 0

    def _constant(self, name, size):
        found = self._cache.get((name, size))
        if found is None:
            self.misses += 1
            found = self._cache[name, size] = torch.linspace(0.0, 1.0, size)
        else:
            self.hits += 1
        return found

    def step(self, x):
        return x * self._constant("gain", 3) + self._constant("bias", 3)


class Term(ABC):
    """A term of an observation."""

    uses = 0

    def __init__(self, scale: float = 1.0, clip: tuple[float, float] | None = None) -> None:
        self.scale, self.clip, self.uses = scale, clip, 0

    @abstractmethod
    def compute(self, x): ...

    def __call__(self, x):
        self.uses += 1
        value = self.compute(x) * self.scale
        if self.clip is not None:
            value = value.clamp(*self.clip)
        return value


class Joint(Term):
    def compute(self, x):
        return x[:, :2]


class History(Term):
    """The last three values, as one buffer."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.buffer = torch.zeros(1, 3, 2)
        self.pushes = 0

    def compute(self, x):
        self.buffer = torch.roll(self.buffer, -1, dims=1)
        self.buffer[:, -1] = x[:, 2:4]
        self.pushes += 1
        return self.buffer.flatten(1)


@exact(x=(1, 4))
class ManagerOfTerms:
    """Terms in a dictionary, checked by ``isinstance`` and ``len``, errors that never come."""

    def __init__(self):
        self.terms: dict[str, Term] = {"joint": Joint(2.0), "history": History(clip=(-1.0, 1.0))}
        self.order = list(self.terms)
        self.dims = None

    def step(self, x):
        if len(self.terms) == 0:
            raise ValueError(f"no terms for {x.shape}")
        parts = []
        for index, name in enumerate(self.order):
            term = self.terms[name]
            if not isinstance(term, Term):
                raise TypeError(f"term {index} ({name}) is {type(term)}")
            value = term(x)
            parts.append(value.unsqueeze(0) if value.dim() == 1 else value)
        if self.dims is None:
            self.dims = [p.shape[-1] for p in parts]
        elif self.dims != [p.shape[-1] for p in parts]:
            raise RuntimeError("sizes changed")
        return torch.cat(parts, dim=-1)


class Mode(Enum):
    """What the controller does."""

    STAND = 0
    WALK = 1


@dataclass
class Statistics:
    """What a controller counts."""

    ticks: int = 0
    warnings: int = 0
    longest: float = 0.0
    names: list[str] = field(default_factory=list)

    def tick(self, seconds: float) -> None:
        self.ticks += 1
        self.longest = max(self.longest, seconds)
        if seconds > 0.02:
            self.warnings += 1
            self.names.append(f"late at {self.ticks}")


@exact(x=(1, 3))
class ControllerWithMode:
    """A mode that stays, statistics that count."""

    def __init__(self):
        self.mode, self.stats = Mode.WALK, Statistics()
        self.last_tick = time.monotonic()

    def step(self, x):
        now = time.monotonic()
        self.stats.tick(now - self.last_tick)
        self.last_tick = now
        if self.mode is Mode.STAND:
            return torch.zeros_like(x)
        if self.mode == Mode.WALK:
            return x * 2
        raise ValueError(f"unknown mode {self.mode}")


class Saturation:
    """Mixed in: counts how often its method ran."""

    count = 0

    def saturate(self, x):
        self.count += 1
        if self.count == 1:
            logger.info("first saturation")
        return x.clamp(-0.7, 0.7)


class Scaling:
    """Mixed in."""

    def scale(self, x):
        self.scaled = getattr(self, "scaled", 0) + 1
        return x * self.gain


@exact(x=(1, 3))
class MixedIn(Scaling, Saturation):
    """Several bases, each with its own counter."""

    gain = 1.5

    def step(self, x):
        return self.saturate(self.scale(x))


class RunningNorm(nn.Module):
    """Updates online while training, which it is not here; a Python counter beside a tensor one."""

    def __init__(self, size, until=10_000):
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))
        self.register_buffer("count", torch.zeros(()))
        self.until, self.updates = until, 0

    def update(self, x):
        if self.until is not None and self.updates >= self.until:
            return
        self.updates += 1
        self.count += 1
        self.mean += (x.mean(0) - self.mean) / self.count

    def forward(self, x):
        if self.training:
            self.update(x)
        return (x - self.mean) / (self.var.sqrt() + 1e-2)


@exact(x=(1, 3))
class FrozenNormalizer:
    def __init__(self):
        self.norm, self.net = RunningNorm(3).eval(), nn.Linear(3, 2)

    def step(self, x):
        return self.net(self.norm(x))


@exact(x=(1, 3))
class LayersByNumber:
    """Layers in a list, walked by ``range`` of a number that stays."""

    def __init__(self):
        self.num_layers = 3
        self.layers = [nn.Linear(3, 3) for _ in range(self.num_layers)]
        self.forwards = 0

    def step(self, x):
        for i in range(self.num_layers):
            x = self.layers[i](x)
            if i < self.num_layers - 1:
                x = torch.relu(x)
        self.forwards += 1
        return x
