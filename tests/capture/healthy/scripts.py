"""Whole scripts: the loop around the session is part of the same function, with all that training scripts count."""

from __future__ import annotations

import argparse
import copy
import logging
import time
from collections import defaultdict, deque
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import nn

import leapp_core

logger = logging.getLogger(__name__)
TOTAL = 0


class Robot:
    """Stands for a simulated robot."""

    def __init__(self, n: int = 3, seed: int = 0) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.q, self.steps, self.falls = torch.zeros(1, n), 0, 0

    def advance(self, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Step physics."""
        self.steps += 1
        noise = torch.rand(self.q.shape, generator=self.generator)
        self.q = self.q + 0.1 * (target[:, : self.q.shape[1]] - self.q) + 0.01 * noise
        if self.steps % 500 == 0:
            self.falls += 1
            self.q = torch.zeros_like(self.q)
        return {"reward": -self.q.square().sum(), "done": (self.q.abs() > 50).any()}


def loop_with_statistics() -> leapp_core.CaptureSession:
    """Rewards, lengths and times of a loop, and its end at a fall."""
    env, policy = Robot(), nn.Linear(6, 3)
    rewards, lengths = deque(maxlen=10), []
    total, episode, length = 0.0, 0, 0
    last = torch.zeros(1, 3)
    start = time.perf_counter()
    with torch.inference_mode(), leapp_core.capture("script") as session:
        for i in range(6):
            session.input_tensors("policy", {"q": env.q})
            obs = torch.cat([env.q, last], dim=-1)
            if i == 0:
                logger.info("observation of %s", tuple(obs.shape))
            action = policy(obs).clamp(-1, 1)
            session.output_tensors("policy", {"action": action})
            last = action
            with session.paused():
                result = env.advance(action)
            total += result["reward"].item()
            length += 1
            rewards.append(float(result["reward"]))
            if result["done"] or length >= 1000:
                episode += 1
                lengths.append(length)
                length = 0
            if (i + 1) % 3 == 0:
                logger.info("%d: %.3f, %.1f/s", i, total / (i + 1), i / (time.perf_counter() - start))
            if episode > 100:
                break
    return session


def unpaused_environment() -> leapp_core.CaptureSession:
    """Nobody paused the session: physics is recorded and not part of the program."""
    env, gain = Robot(), torch.tensor([0.5, 0.5, 0.5])
    best, patience = -1e9, 0
    with torch.no_grad(), leapp_core.capture("script") as session:
        while env.steps < 6:
            q = session.input_tensors("policy", {"q": env.q.clone()})
            target = session.output_tensors("policy", {"target": torch.tanh(q * gain)})
            result = env.advance(target)
            reward = result["reward"].item()
            if reward > best:
                best, patience = reward, 0
            else:
                patience += 1
                if patience > 20:
                    break
    return session


def global_counter() -> leapp_core.CaptureSession:
    """A counter of the module, arguments of a parser."""
    global TOTAL
    args = argparse.Namespace(steps=5, verbose=False, clip=1.0, log_interval=10)
    h = torch.zeros(1, 3)
    with torch.no_grad(), leapp_core.capture("script") as session:
        for step in range(args.steps):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            h = 0.9 * h + 0.1 * x
            y = h.clamp(-args.clip, args.clip) if args.clip else h
            session.output_tensors("policy", {"y": y})
            TOTAL += 1
            if args.verbose and step % args.log_interval == 0:
                logger.info("step %d of %d: %s", step, TOTAL, y)
    return session


def nested_functions() -> leapp_core.CaptureSession:
    """Closures hold state and counters."""
    calls, history = 0, defaultdict(list)
    velocity = torch.zeros(1, 3)

    def log(name: str, value: torch.Tensor) -> None:
        history[name].append(value.norm().item())
        if len(history[name]) > 1000:
            del history[name][:-500]

    def act(x: torch.Tensor) -> torch.Tensor:
        nonlocal calls, velocity
        calls += 1
        velocity = velocity * 0.9 + x
        log("velocity", velocity)
        return velocity * 0.02

    with torch.no_grad(), leapp_core.capture("script") as session:
        for _ in range(5):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            session.output_tensors("policy", {"y": act(x)})
    return session


def training_before_and_after() -> leapp_core.CaptureSession:
    """The very same functions are trained before the session."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
    best, best_weights = float("inf"), None
    for _epoch in range(3):
        loss = (net(torch.rand(4, 3)) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        if loss.item() < best:
            best, best_weights = loss.item(), copy.deepcopy(net.state_dict())
    if best_weights is not None:
        net.load_state_dict(best_weights)
    net.eval()
    autocast = torch.autocast("cpu") if best > 1e9 else nullcontext()
    with torch.no_grad(), autocast, leapp_core.capture("script") as session:
        for _ in range(5):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            session.output_tensors("policy", {"y": net(x)})
    return session


class Exporter:
    """A session held by an object, opened and closed in methods."""

    def __init__(self, steps: int) -> None:
        self.steps, self.count, self.done = steps, 0, False
        self.session = leapp_core.capture("script")
        self.scale = torch.tensor(0.5)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        """Run one step; the session closes by itself after enough of them."""
        if self.count == 0:
            self.session.start()
        if not self.done:
            self.session.input_tensors("policy", {"x": x})
        y = x * self.scale
        if not self.done:
            self.session.output_tensors("policy", {"y": y})
        self.count += 1
        if self.count >= self.steps and not self.done:
            self.session.stop()
            self.done = True
        return y


def session_in_an_object() -> leapp_core.CaptureSession:
    """A class that counts steps to close its session."""
    exporter = Exporter(5)
    with torch.no_grad():
        for _ in range(7):
            exporter.step(torch.rand(1, 3))
    return exporter.session


def numpy_environment() -> leapp_core.CaptureSession:
    """An environment in NumPy around a policy in PyTorch."""
    rng, state, t = np.random.default_rng(0), np.zeros((1, 3), np.float32), 0
    net = nn.Linear(3, 2)
    returns: list[float] = []
    with torch.no_grad(), leapp_core.capture("script") as session:
        for _ in range(5):
            x = session.input_tensors("policy", {"x": torch.from_numpy(state.copy())})
            action = session.output_tensors("policy", {"action": net(x)})
            state = 0.9 * state + rng.normal(size=(1, 3)).astype(np.float32) * float(action.abs().mean())
            t += 1
            returns.append(float(np.sum(state)))
            if t >= 100 or np.abs(state).max() > 1e6:
                t, state = 0, np.zeros((1, 3), np.float32)
    return session


def two_nodes_with_rates() -> leapp_core.CaptureSession:
    """Two nodes, statistics of each."""
    encoder, actor, seen = nn.Linear(3, 4), nn.Linear(4, 2), {"encoder": 0, "actor": 0}
    with torch.no_grad(), leapp_core.capture("script") as session:
        for _ in range(5):
            x = session.input_tensors("encoder", {"x": torch.rand(1, 3)})
            z = session.output_tensors("encoder", {"z": torch.relu(encoder(x))})
            seen["encoder"] += 1
            z = session.input_tensors("actor", {"z": z})
            session.output_tensors("actor", {"y": actor(z)})
            seen["actor"] += 1
            if seen["actor"] % 1000 == 0:
                logger.info("%s", seen)
    return session


def saves_checkpoints() -> leapp_core.CaptureSession:
    """Progress is measured, saved at intervals, resumed if there is something to resume."""
    net, begin, folder = nn.Linear(3, 2), 0, Path("does-not-exist")
    if (folder / "last.pt").exists():
        net.load_state_dict(torch.load(folder / "last.pt"))
    tic = time.time()
    with torch.no_grad(), leapp_core.capture("script") as session:
        for iteration in range(begin, begin + 5):
            x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
            y = session.output_tensors("policy", {"y": net(x).tanh()})
            eta = (time.time() - tic) / (iteration + 1) * (1000 - iteration)
            if eta > 3600:
                logger.warning("an hour left: %.2f at %s", eta, y)
            if iteration % 100 == 99:
                torch.save(net.state_dict(), folder / "last.pt")
    return session


SCRIPTS = (
    loop_with_statistics,
    unpaused_environment,
    global_counter,
    nested_functions,
    training_before_and_after,
    session_in_an_object,
    numpy_environment,
    two_nodes_with_rates,
    saves_checkpoints,
)
