"""A policy in another program, stepped through its standard input and output, as `programs/peer.cpp` does it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from leapp_core.runtime import load
from tests.cpp.plant import Array, Plant

STATUS = ("ok", "wrong_size", "input_not_finite", "output_not_finite", "engine_failed")


@dataclass(frozen=True)
class Interface:
    """Names and shapes of what a policy reads and writes, in the order in which its ports are."""

    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]


def interface(bundle: Path) -> Interface:
    """Return what a bundle reads and writes, all of it float32."""
    policy = load(bundle)
    sides = [
        {name: tuple(map(int, port.shape)) for name, port in side.items()} for side in (policy.inputs, policy.outputs)
    ]
    return Interface(*sides)


class Peer:
    """The other program while it runs; ``facts`` is what it measured, once it has ended."""

    def __init__(self, command: Sequence[str], ports: Interface) -> None:
        self._ports = ports
        self._sizes = {name: int(np.prod(shape)) * 4 for name, shape in ports.outputs.items()}
        self._process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.status = "ok"
        self.facts: dict[str, Any] = {}

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            _, said = self._process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        if self._process.returncode == 0:
            self.facts = json.loads(said)
        elif kind is None:
            raise AssertionError(said.decode())

    def reset(self) -> None:
        """Reset the policy."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"r")

    def step(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Make a step; ``status`` says how it went."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"s" + b"".join(inputs[name].tobytes() for name in self._ports.inputs))
        self._process.stdin.flush()
        answer = self._process.stdout.read(1 + sum(self._sizes.values()))
        if not answer:
            raise AssertionError(self._process.communicate(timeout=60)[1].decode())
        self.status = STATUS[answer[0]]
        found, at = {}, 1
        for name, size in self._sizes.items():
            found[name] = np.frombuffer(answer[at : at + size], np.float32).reshape(self._ports.outputs[name])
            at += size
        return found


def largest_difference(bundle: Path, peer: Peer, steps: int, *, reset_at: int | None = None, seed: int = 0) -> float:
    """Close a loop around Python's runtime and one around the peer, each with its own plant, and compare commands."""
    ports, python = interface(bundle), load(bundle)
    ours, theirs = (Plant(ports.inputs, ports.outputs, seed) for _ in range(2))
    largest = 0.0
    for step in range(steps):
        if step == reset_at:
            python.reset()
            peer.reset()
        expected = python.step(ours.readings())
        found = peer.step(theirs.readings())
        assert peer.status == "ok"
        ours.act(expected)
        theirs.act(found)
        largest = max(largest, *(float(np.abs(expected[name] - found[name]).max()) for name in ports.outputs))
    return largest
