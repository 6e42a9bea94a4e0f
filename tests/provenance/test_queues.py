"""Chunks of actions in a queue, as policies that predict several at once keep them."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import torch

import leapp_core
from leapp_core.runtime import load


class Chunked:
    """Asks its network for three actions when none is left."""

    def __init__(self):
        torch.manual_seed(0)
        self.net = torch.nn.Linear(4, 6)
        self.reset()

    def reset(self):
        self.queue = deque(maxlen=3)

    @torch.no_grad()
    def select_action(self, obs):
        if len(self.queue) == 0:
            self.queue.extend(self.net(obs).unflatten(-1, (3, 2)).transpose(0, 1))
        return self.queue.popleft()


def test_a_bundle_asks_for_a_chunk_when_the_code_does_after_every_reset(tmp_path: Path) -> None:
    policy = Chunked()
    with leapp_core.capture("arm", tmp_path) as session:
        for _ in range(8):
            obs = torch.randn(1, 4)
            session.input_tensors("policy", {"obs": obs})
            session.output_tensors("policy", {"action": policy.select_action(obs)})
    state = [port.name for port in session.compile().spec.nodes[0].inputs if port.name != "obs"]
    assert sorted(state) == ["queue_left_in", "queue_rows_in"]
    runtime = load(session.export("onnx-dynamo", visualize=False).bundle)
    for steps in (7, 5):
        policy.reset()
        runtime.reset()
        for _ in range(steps):
            obs = torch.randn(1, 4)
            wanted = policy.select_action(obs)
            np.testing.assert_allclose(runtime.step({"obs": obs.numpy()})["action"], wanted.numpy(), atol=1e-6)


def test_the_users_queue_is_what_it_would_be_without_a_session() -> None:
    watched, alone = Chunked(), Chunked()
    session = leapp_core.capture("arm")
    with session:
        for _ in range(7):
            obs = torch.randn(1, 4)
            session.input_tensors("policy", {"obs": obs})
            session.output_tensors("policy", {"action": watched.select_action(obs)})
            alone.select_action(obs)
    assert type(watched.queue) is deque
    assert [row.tolist() for row in watched.queue] == [row.tolist() for row in alone.queue]
