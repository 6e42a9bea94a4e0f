"""Small policies with everything around them, captured as users would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

import leapp_core
from leapp_core import GraphConfigs, InputKind, OutputKind, TensorSemantics
from leapp_core.tracing.result import CapturedPipeline

JOINTS = ["hip", "knee", "ankle"]
STEPS = 5


def capture_pipeline(build: Callable[..., None], name: str = "policy", seed: int = 0, **options) -> CapturedPipeline:
    """Capture one of the functions below."""
    torch.manual_seed(seed)
    with leapp_core.capture(name, save_path=Path("unused")) as session:
        build(session, torch.Generator().manual_seed(seed + 1), **options)
    return with_frequency(session.compile())


def with_frequency(captured: CapturedPipeline) -> CapturedPipeline:
    from dataclasses import replace

    return replace(captured, spec=replace(captured.spec, configs=GraphConfigs(50.0, {"decimation": 4})))


def sensors(session, node: str, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    return session.input_tensors(
        node,
        [
            TensorSemantics("joint_pos", torch.randn(1, 3, generator=random), InputKind.JOINT_POSITION, JOINTS),
            TensorSemantics("joint_vel", torch.randn(1, 3, generator=random), InputKind.JOINT_VELOCITY, JOINTS),
        ],
    )


def targets(session, node: str, value: torch.Tensor) -> None:
    session.output_tensors(
        node,
        [TensorSemantics("joint_targets", value, OutputKind.JOINT_POSITION, JOINTS)],
        static_outputs=[TensorSemantics("kp", torch.tensor([[10.0, 20.0, 30.0]]), OutputKind.KP, JOINTS)],
    )


def mlp(session, random: torch.Generator) -> None:
    """Normalizer, scales, clip, last action."""
    net = nn.Sequential(nn.Linear(9, 32), nn.ELU(), nn.Linear(32, 3)).eval()
    mean, std = torch.randn(9), torch.rand(9) + 0.5
    default = torch.tensor([[0.1, -0.4, 0.8]])
    action = torch.full((1, 3), 0.25)
    for _ in range(STEPS):
        pos, vel = sensors(session, "policy", random)
        obs = torch.cat([pos - default, 0.05 * vel, action], dim=-1)
        action = net(((obs - mean) / std).clamp(-5.0, 5.0))
        targets(session, "policy", action.clamp(-2.0, 2.0) * 0.5 + default)


def gru(session, random: torch.Generator) -> None:
    cell = nn.GRU(6, 16, batch_first=True).eval()
    head = nn.Linear(16, 3).eval()
    hidden = torch.zeros(1, 1, 16)
    for _ in range(STEPS):
        pos, vel = sensors(session, "policy", random)
        hidden = session.state_tensors("policy", {"actor_state": hidden})
        features, hidden = cell(torch.cat([pos, vel], dim=-1).unsqueeze(0), hidden)
        session.update_state("policy", {"actor_state": hidden})
        targets(session, "policy", head(features[0]))


def lstm(session, random: torch.Generator) -> None:
    cell = nn.LSTM(6, 8).eval()
    head = nn.Linear(8, 3).eval()
    state = (torch.zeros(1, 1, 8), torch.zeros(1, 1, 8))
    for _ in range(STEPS):
        pos, vel = sensors(session, "policy", random)
        features, state = cell(torch.cat([pos, vel], dim=-1).unsqueeze(0), state)
        targets(session, "policy", torch.tanh(head(features[0])))


def history(session, random: torch.Generator) -> None:
    """Three observations of history in a buffer written in place, filled with something other than zeros."""
    net = nn.Linear(18, 3).eval()
    buffer = torch.full((1, 3, 6), 0.5)
    for _ in range(STEPS):
        pos, vel = sensors(session, "policy", random)
        buffer[:, :-1] = buffer[:, 1:].clone()
        buffer[:, -1] = torch.cat([pos, vel * 0.1], dim=-1)
        targets(session, "policy", net(buffer.flatten(1)))


def three_nodes(session, random: torch.Generator) -> None:
    """Preprocessing, policy with last action, postprocessing; feedback within the policy."""
    net = nn.Sequential(nn.Linear(9, 16), nn.Tanh(), nn.Linear(16, 3)).eval()
    action = torch.zeros(1, 3)
    for _ in range(STEPS):
        pos, vel = sensors(session, "observe", random)
        obs = torch.cat([pos * 2.0, vel * 0.1], dim=-1)
        session.output_tensors("observe", {"obs": obs})
        session.input_tensors("decide", {"obs": obs})
        action = net(torch.cat([obs, action], dim=-1))
        session.output_tensors("decide", {"action": action})
        session.input_tensors("act", {"action": action})
        targets(session, "act", action * 0.25 + 0.1)


def counters(session, random: torch.Generator) -> None:
    """Whole numbers and booleans as inputs, outputs and state."""
    ticks = torch.zeros(1, dtype=torch.int64)
    for step in range(STEPS):
        pos, gate = session.input_tensors(
            "policy", {"joint_pos": torch.randn(1, 3, generator=random), "gate": torch.tensor([step % 2 == 0])}
        )
        ticks = ticks + gate.to(torch.int64)
        moved = torch.where(gate, pos, -pos)
        session.output_tensors("policy", {"moved": moved, "ticks": ticks, "odd": ticks % 2 == 1})


PIPELINES = {build.__name__: build for build in (mlp, gru, lstm, history, three_nodes, counters)}
