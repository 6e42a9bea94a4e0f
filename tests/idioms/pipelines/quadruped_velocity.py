"""A velocity-commanded quadruped in the style of legged_gym: scaled observation, last action, position targets."""

from __future__ import annotations

import torch

from tests.idioms.variant import variant

DEFAULT = torch.tensor([0.1, 0.8, -1.5] * 4)


def actor(inputs: int = 48, outputs: int = 12) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(inputs, 32), torch.nn.ELU(), torch.nn.Linear(32, outputs)).eval()


SENSORS = {"omega": (3,), "gravity": (3,), "command": (3,), "q": (12,), "dq": (12,)}


@variant(**SENSORS)
class Plain:
    """last action kept in an attribute"""

    def __init__(self):
        self.policy = actor(45)
        self.actions = torch.zeros(12)

    def step(self, omega, gravity, command, q, dq):
        scale = torch.tensor([2.0, 2.0, 0.25])
        obs = torch.cat([omega * 0.25, gravity, command * scale, q - DEFAULT, dq * 0.05, self.actions])
        obs = torch.clip(obs, -100.0, 100.0)
        with torch.no_grad():
            self.actions = self.policy(obs.unsqueeze(0)).squeeze(0).clamp(-10.0, 10.0)
        return self.actions * 0.25 + DEFAULT


@variant(**SENSORS)
class FilledBuffer:
    """observation tensor made once and filled by slices"""

    def __init__(self):
        self.policy = actor(45)
        self.obs = torch.zeros(1, 45)
        self.actions = torch.zeros(12)

    def step(self, omega, gravity, command, q, dq):
        self.obs[0, 0:3] = omega * 0.25
        self.obs[0, 3:6] = gravity
        self.obs[0, 6:9] = command * torch.tensor([2.0, 2.0, 0.25])
        self.obs[0, 9:21] = q - DEFAULT
        self.obs[0, 21:33] = dq * 0.05
        self.obs[0, 33:45] = self.actions
        with torch.no_grad():
            self.actions[:] = self.policy(self.obs)[0]
        return self.actions * 0.25 + DEFAULT


@variant(**SENSORS)
class FirstActionNone:
    """last action is None until the first step"""

    def __init__(self):
        self.policy = actor(45)
        self.last_action = None

    def step(self, omega, gravity, command, q, dq):
        if self.last_action is None:
            self.last_action = torch.zeros_like(q)
        obs = torch.cat([omega * 0.25, gravity, command, q - DEFAULT, dq * 0.05, self.last_action])
        with torch.no_grad():
            action = self.policy(obs)
        self.last_action = action
        return action * 0.25 + DEFAULT


@variant(**SENSORS)
class DeadZone:
    """small commands are zeroed by an if"""

    def __init__(self):
        self.policy = actor(33)

    def step(self, omega, gravity, command, q, dq):
        if torch.norm(command[:2]) < 1.2:
            command = torch.cat([torch.zeros(2), command[2:]])
        obs = torch.cat([omega * 0.25, gravity, command, q - DEFAULT, dq * 0.05])
        with torch.no_grad():
            return self.policy(obs) * 0.25 + DEFAULT


@variant(script=True, **SENSORS)
def script_main(capture, robot):
    """whole controller in main(), the session opened in its frame, last action a local"""
    policy = actor(45)
    action = torch.zeros(12)
    with capture("quadruped") as session:
        for _ in range(robot.steps):
            now = robot.read()
            session.input_tensors("policy", now)
            parts = [now["omega"] * 0.25, now["gravity"], now["command"], now["q"] - DEFAULT, now["dq"] * 0.05, action]
            with torch.no_grad():
                action = policy(torch.cat(parts))
            session.output_tensors("policy", {"action": action * 0.25 + DEFAULT})


@variant(**SENSORS)
class DelayedAction:
    """actions are delayed by a list used as a queue"""

    def __init__(self):
        self.policy = actor(33)
        self.pending = [torch.zeros(12), torch.zeros(12)]

    def step(self, omega, gravity, command, q, dq):
        obs = torch.cat([omega * 0.25, gravity, command, q - DEFAULT, dq * 0.05])
        with torch.no_grad():
            self.pending.append(self.policy(obs))
        return self.pending.pop(0) * 0.25 + DEFAULT
