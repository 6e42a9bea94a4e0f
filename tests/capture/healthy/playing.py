"""Whole scripts that play a policy in an environment: wrappers, meters and settings share names with the program."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

import leapp_core


class Sensors:
    """Readings in NumPy, as physics engines give them."""

    def __init__(self) -> None:
        self.qpos, self.time, self.count = np.zeros(3), 0.0, 0

    def step(self, target: np.ndarray) -> None:
        """Let time pass."""
        self.count += 1
        self.time += 0.02
        self.qpos = self.qpos + 0.1 * (target - self.qpos)
        if self.count % 1000 == 0:
            self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.qpos[:] = 0


class Meter:
    """Statistics under names that other things have."""

    def __init__(self) -> None:
        self.values: deque[float] = deque(maxlen=100)
        self.count, self.mean = 0, 0.0

    def update(self, value: float) -> None:
        """Take a value in."""
        self.values.append(value)
        self.count += 1
        self.mean = sum(self.values) / len(self.values)

    def reset(self) -> None:
        """Forget them."""
        self.values.clear()
        self.count, self.mean = 0, 0.0


class Environment:
    """Counts, measures and resets others by the names of methods that the policy has."""

    def __init__(self) -> None:
        self.count, self.sensors, self.meter, self.value = 0, Sensors(), Meter(), 0.0

    def step(self, action: torch.Tensor) -> torch.Tensor:
        """Act on the robot."""
        self.count += 1
        for _ in range(4):
            self.sensors.step(action[0].numpy())
        self.meter.update(action.mean().item())
        if self.count % 7 == 0:
            self.reset()
        return torch.tensor(self.sensors.qpos, dtype=torch.float32)[None]

    def reset(self) -> None:
        """Begin anew."""
        self.sensors.reset()
        self.meter.reset()
        self.value = 0.0


@dataclass
class Smoother:
    """A filter with a tensor under a name that the environment has for a number."""

    alpha: float = 0.8
    value: torch.Tensor = field(default_factory=lambda: torch.zeros(1, 3))
    count: int = 0

    def update(self, x: torch.Tensor) -> torch.Tensor:
        """Smooth."""
        self.count += 1
        self.value = self.value * self.alpha + x * (1 - self.alpha)
        return self.value

    def reset(self) -> None:
        """Begin anew."""
        self.value = torch.zeros(1, 3)


class Agent:
    """Holds its environment, and steps a smoother by the name by which it is stepped itself."""

    def __init__(self) -> None:
        self.smoother, self.net, self.environment, self.count = Smoother(), nn.Linear(3, 3), Environment(), 0

    def step(self, session: leapp_core.CaptureSession, q: torch.Tensor) -> torch.Tensor:
        """Run one control step."""
        self.count += 1
        q = session.input_tensors("policy", {"q": q})
        action = self.smoother.update(self.net(q))
        session.output_tensors("policy", {"action": action})
        return self.environment.step(action)


def agent_that_owns_its_environment() -> leapp_core.CaptureSession:
    """What the environment decides is declared anew before the policy sees it."""
    agent, q = Agent(), torch.zeros(1, 3)
    with torch.no_grad(), leapp_core.capture("script") as session:
        for _ in range(6):
            q = agent.step(session, q)
    return session


def readings_put_together_in_numpy() -> leapp_core.CaptureSession:
    """An expression of NumPy within the declaration of the input."""
    sensors, net, last = Sensors(), nn.Linear(9, 3), torch.zeros(1, 3)
    with torch.no_grad(), leapp_core.capture("script") as session:
        for _ in range(6):
            reading = torch.tensor(np.r_[sensors.qpos, np.sin(sensors.qpos)][None]).float()
            obs = session.input_tensors("policy", {"obs": reading})
            last = net(torch.cat([obs, last], -1))
            session.output_tensors("policy", {"action": last})
            sensors.step(last[0].numpy())
    return session


class Normaliser(nn.Module):
    """Code of a module that PyTorch's own source is looked at for."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, 3))
        self.meter, self.count = Meter(), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise."""
        if self.training:
            self.count += 1
            self.mean += (x - self.mean) / self.count
        self.meter.update(x.norm().item())
        return x - self.mean


def meters_in_modules() -> leapp_core.CaptureSession:
    """``values`` and ``mean`` are names of methods, too."""
    policy = nn.Sequential(Normaliser(), nn.Linear(3, 3)).eval()
    with torch.inference_mode(), leapp_core.capture("script") as session:
        for _ in range(6):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            session.output_tensors("policy", {"y": policy(x)})
    return session


class Phase(Enum):
    """Of an episode."""

    RUN = auto()
    STOP = auto()


@dataclass
class Settings:
    """A step counter beside the numbers that the program uses."""

    scale: float = 0.25
    clip: float = 3.0
    step: int = 0


def scaled(settings: Settings, x: torch.Tensor) -> torch.Tensor:
    """Scale observations."""
    return (x * settings.scale).clamp(-settings.clip, settings.clip)


def counters_in_namespaces_and_settings() -> leapp_core.CaptureSession:
    """Objects that compare as a whole are handed on, and one number in them counts."""
    status = SimpleNamespace(phase=Phase.RUN, ticks=0, log=[])
    settings, net, since = Settings(), nn.Linear(3, 3), time.perf_counter()

    def act(x: torch.Tensor) -> torch.Tensor:
        settings.step += 1
        status.ticks += 1
        status.log.append((status.ticks, status.phase.name, time.perf_counter() - since))
        return net(scaled(settings, x))

    with torch.no_grad(), leapp_core.capture("script") as session:
        for _ in range(6):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            session.output_tensors("policy", {"y": act(x)})
            if status.ticks > 1000:
                status.phase = Phase.STOP
    return session


SCRIPTS = (
    agent_that_owns_its_environment,
    readings_put_together_in_numpy,
    meters_in_modules,
    counters_in_namespaces_and_settings,
)
