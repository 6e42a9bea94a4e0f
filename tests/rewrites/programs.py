"""Everyday programs that are refused where Python is not followed, each with what its refusal has to name."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import leapp_core

net = torch.nn.Linear(4, 2).eval()
STEPS = 6


def looped(step: Callable[[Any], Any], *, arrays: bool = False) -> None:
    """Record a function as a deploy script does, and compile."""
    generator = torch.Generator().manual_seed(3)
    drawn = [torch.randn(4, generator=generator) for _ in range(STEPS)]
    with leapp_core.capture("loop", max_cached_io=STEPS, follow=False) as session:
        for q in [value.numpy() for value in drawn] if arrays else drawn:
            session.input_tensors("policy", {"q": q})
            action = step(q)
            session.output_tensors("policy", {"action": action})
    session.compile()


def clock() -> None:
    began = time.time()

    def step(q):
        t = time.time() - began
        return q + math.sin(t)

    looped(step)


def noise_of_python() -> None:
    def step(q):
        scale = 1 + 0.1 * random.random()
        return q * scale

    looped(step)


def noise_of_numpy() -> None:
    def step(q):
        noise = np.random.randn(4).astype(np.float32)
        return q + noise

    looped(step, arrays=True)


def item_in_arithmetic() -> None:
    def step(q):
        speed = q[0].item() * 2 + 1
        return q + speed

    looped(step)


def output_of_numbers() -> None:
    def step(q):
        roll = float(q[0]) * 2
        return torch.tensor([roll, 1.0])

    looped(step)


class Counter:
    def __init__(self):
        self.count = 0
        self.action = torch.zeros(2)

    def step(self, q):
        if self.count % 3 == 0:
            self.action = net(q)
        self.count += 1
        return self.action


class Ramp:
    def __init__(self):
        self.count = 0

    def step(self, q):
        self.count += 1
        alpha = min(1.0, self.count / 20)
        return alpha * q


class Late:
    def __init__(self):
        self.fault = False

    def step(self, q):
        if q[0] > 1.0:
            self.fault = True
        if self.fault:
            return torch.zeros(4)
        return q * 2.0


def every_third_step() -> None:
    looped(Counter().step)


def ramp() -> None:
    looped(Ramp().step)


def latch() -> None:
    looped(Late().step)


def clamp_by_if() -> None:
    def step(q):
        w = q[0]
        if w < 0:
            q = -q
        return q

    looped(step)


def argmax_of_a_list() -> None:
    gains = [0.1, 0.5, 1.0, 2.0]

    def step(q):
        return q * gains[int(q.argmax())]

    looped(step)


def networks_by_number() -> None:
    networks = {0: torch.nn.Linear(4, 2).eval(), 1: torch.nn.Linear(4, 2).eval()}

    def step(q):
        return networks[int(q[0] > 0)](q)

    looped(step)


def added_where_masked() -> None:
    def step(q):
        q = q.copy()
        q[q > 0] += 1
        return q

    looped(step, arrays=True)


class Queue:
    def __init__(self):
        self.queue = []

    def step(self, q):
        if not self.queue:
            self.queue = list(net(q).repeat(3, 1))
        return self.queue.pop(0)


def queue_refilled() -> None:
    looped(Queue().step)


def sends_to_the_robot() -> None:
    """What a copy of the process must not do again."""

    def step(q):
        with open("/tmp/leapp-sent-to-the-robot", "a", encoding="utf-8") as robot:  # noqa: PTH123
            robot.write("step\n")
        if q[0] < 0:
            q = -q
        return q

    looped(step)
