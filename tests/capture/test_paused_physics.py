"""A simulator in Python, stepped while the session is paused, is no part of the program."""

from __future__ import annotations

import torch

import leapp_core


class Physics:
    """State in plain attributes that are computed anew in every step, as small simulators do."""

    def __init__(self) -> None:
        self.angle = torch.full((1, 1), 0.3)
        self.velocity = torch.zeros(1, 1)

    def drive(self, torque: torch.Tensor) -> None:
        self.velocity = 0.99 * self.velocity + (torque + torch.sin(self.angle)) / 50.0
        self.angle = self.angle + self.velocity / 50.0


class Processing:
    """What the policy sees, and what becomes of its action."""

    def observe(self, angle: torch.Tensor, velocity: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.sin(angle), torch.cos(angle), 0.2 * velocity], dim=-1)

    def torque(self, action: torch.Tensor) -> torch.Tensor:
        return (10.0 * action).clamp(-20.0, 20.0)


class Environment:
    """Both, as an environment plugin has them."""

    def __init__(self) -> None:
        self._physics = Physics()
        self._processing = Processing()
        self._layer = torch.nn.Linear(3, 1)

    def act(self, observations: dict[str, torch.Tensor]) -> torch.Tensor:
        return self._layer(observations["policy"])

    def observations(self) -> dict[str, torch.Tensor]:
        return {"policy": self._processing.observe(self._physics.angle, self._physics.velocity)}

    def step(self, session: leapp_core.CaptureSession) -> None:
        session.input_tensors("hold", {"angle": self._physics.angle, "velocity": self._physics.velocity})
        torque = self._processing.torque(self.act(self.observations()))
        session.output_tensors("hold", {"torque": torque})
        with session.paused():
            self._physics.drive(torque)


def test_attributes_that_only_paused_code_changes_are_no_counters() -> None:
    environment = Environment()
    with leapp_core.capture("hold") as session, torch.inference_mode():
        for _ in range(4):
            environment.step(session)
    captured = session.compile()
    assert [port.name for port in captured.spec.nodes[0].inputs] == ["angle", "velocity"]
