"""Whole policies as robots run them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from tests.capture.case import exact, flags, quaternions


def _mlp(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 32), nn.ELU(), nn.Linear(32, outputs)).eval()


def _rotate_inverse(q: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    w, xyz = q[:, :1], q[:, 1:]
    t = torch.cross(xyz, v, dim=-1) * 2
    return v - w * t + torch.cross(xyz, t, dim=-1)


@exact(ang_vel=(1, 3), quat=quaternions(1), command=(1, 3), joint_pos=(1, 12), joint_vel=(1, 12), tolerance=2e-4)
class Quadruped:
    """Velocity tracking: projected gravity, relative joints, last action, scaled targets."""

    def __init__(self):
        self.default = torch.linspace(-0.5, 0.8, 12)
        self.gravity = torch.tensor([[0.0, 0.0, -1.0]])
        self.last_action = torch.zeros(1, 12)
        self.net = _mlp(45, 12)

    def step(self, ang_vel, quat, command, joint_pos, joint_vel):
        obs = torch.cat(
            [
                ang_vel * 0.25,
                _rotate_inverse(quat, self.gravity),
                command * torch.tensor([2.0, 2.0, 0.25]),
                joint_pos - self.default,
                joint_vel * 0.05,
                self.last_action,
            ],
            -1,
        ).clip(-100, 100)
        self.last_action = self.net(obs).clip(-10, 10)
        return {"joint_targets": self.last_action * 0.25 + self.default}


@exact(ang_vel=(1, 3), gravity=(1, 3), joint_pos=(1, 8), tolerance=2e-4)
class QuadrupedHistory:
    """Per-term history kept in one preallocated buffer, written by slices."""

    def __init__(self):
        self.history = torch.zeros(1, 5, 14)
        self.obs = torch.zeros(1, 14)
        self.net = _mlp(70, 8)

    def step(self, ang_vel, gravity, joint_pos):
        self.obs[:, 0:3] = ang_vel * 0.2
        self.obs[:, 3:6] = gravity
        self.obs[:, 6:14] = joint_pos
        self.history = torch.roll(self.history, -1, 1)
        self.history[:, -1] = self.obs
        return self.net(self.history.flatten(1))


@exact(ang_vel=(1, 3), joint_pos=(1, 10), joint_vel=(1, 10), tolerance=2e-4)
class Biped:
    """Gait clock held as a tensor, GRU policy, low-pass filtered action."""

    def __init__(self):
        self.phase = torch.zeros(1, 1)
        self.gru = nn.GRU(25, 16)
        self.head = nn.Linear(16, 10)
        self.hidden = torch.zeros(1, 1, 16)
        self.filtered = torch.zeros(1, 10)

    def step(self, ang_vel, joint_pos, joint_vel):
        self.phase = torch.fmod(self.phase + 0.02 / 0.8, 1.0)
        clock = torch.cat([torch.sin(2 * torch.pi * self.phase), torch.cos(2 * torch.pi * self.phase)], -1)
        obs = torch.cat([ang_vel, joint_pos, joint_vel * 0.1, clock], -1)
        out, self.hidden = self.gru(obs.unsqueeze(0), self.hidden)
        self.filtered.lerp_(self.head(out[0]), 0.3)
        return {"targets": self.filtered, "phase": self.phase}


@exact(joint_pos=(1, 7), target=(1, 3), tolerance=2e-4)
class ArmReach:
    """Forward kinematics of a planar chain, Jacobian transpose control."""

    def __init__(self):
        self.lengths = torch.full((7,), 0.2)

    def step(self, joint_pos, target):
        angles = torch.cumsum(joint_pos, -1)
        x = (self.lengths * torch.cos(angles)).sum(-1)
        y = (self.lengths * torch.sin(angles)).sum(-1)
        error = target[:, :2] - torch.stack([x, y], -1)
        columns_x = -(self.lengths * torch.sin(angles)).flip(-1).cumsum(-1).flip(-1)
        columns_y = (self.lengths * torch.cos(angles)).flip(-1).cumsum(-1).flip(-1)
        return (columns_x * error[:, :1] + columns_y * error[:, 1:]).clamp(-0.5, 0.5)


@exact(image=(1, 1, 12, 12), vector=(1, 6), tolerance=2e-4)
class DepthPolicy:
    """CNN over a depth image with a vector, clipped and normalised in place."""

    def __init__(self):
        self.cnn = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.ELU(), nn.Flatten(), nn.Linear(100, 8)).eval()
        self.head = nn.Linear(14, 4)

    def step(self, image, vector):
        depth = image.clone()
        depth[depth < 0.0] = 0.0
        depth[torch.isinf(depth)] = 5.0
        depth.clamp_(max=2.0).sub_(1.0)
        return torch.tanh(self.head(torch.cat([self.cnn(depth), vector], -1)))


@exact(heights=(1, 17, 11), base=(1, 3), tolerance=2e-4)
class HeightScan:
    """Height scan relative to the base, subsampled, clipped."""

    def __init__(self):
        self.net = _mlp(54, 4)

    def step(self, heights, base):
        relative = base[:, 2:3].unsqueeze(-1) - heights - 0.5
        grid = relative.clip(-1.0, 1.0)[:, ::2, 1::2][:, :, :5]
        return self.net(torch.cat([grid.flatten(1), base, base, base], -1))


@exact(joint_pos=(2, 6), joint_vel=(2, 6), done=flags(2), tolerance=2e-4)
class TwoEnvironments:
    """Two environments, one of which may be reset by an input in each step."""

    def __init__(self):
        self.last = torch.zeros(2, 6)
        self.episode = torch.zeros(2, dtype=torch.int64)
        self.net = _mlp(18, 6)

    def step(self, joint_pos, joint_vel, done):
        self.last[done] = 0.0
        self.episode = torch.where(done, 0, self.episode + 1)
        self.last = self.net(torch.cat([joint_pos, joint_vel, self.last], -1))
        return {"action": self.last, "episode": self.episode}


@exact(joint_pos=(1, 6), joint_vel=(1, 6), tolerance=2e-4)
class PdActuator:
    """Position targets become torques with delay, friction and limits."""

    def __init__(self):
        self.kp, self.kd = torch.full((6,), 25.0), torch.full((6,), 0.6)
        self.limit = torch.linspace(10, 20, 6)
        self.delayed = torch.zeros(1, 6)
        self.net = _mlp(12, 6)

    def step(self, joint_pos, joint_vel):
        target = self.net(torch.cat([joint_pos, joint_vel], -1)) * 0.5
        torque = self.kp * (self.delayed - joint_pos) - self.kd * joint_vel
        torque -= 0.1 * torch.sign(joint_vel)
        self.delayed = target
        return {"torque": torch.clamp(torque, -self.limit, self.limit), "saturated": torque.abs() > self.limit}


@exact(obs=(1, 10), tolerance=2e-4)
class OnlineNormalizer:
    """A module whose running statistics go on learning while it acts."""

    def __init__(self):
        self.module = _Normalizer()
        self.net = _mlp(10, 3)

    def step(self, obs):
        return self.net(self.module(obs))


class _Normalizer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(10))
        self.register_buffer("var", torch.ones(10))
        self.register_buffer("count", torch.tensor(1.0))

    def forward(self, obs):
        self.count += 1
        delta = obs[0] - self.mean
        self.mean += delta / self.count
        self.var *= 0.99
        self.var += 0.01 * delta**2
        return (obs - self.mean) / torch.sqrt(self.var + 1e-5)


@exact(obs=(1, 12), goal=(1, 3), tolerance=2e-4)
class Hierarchical:
    """A planner node and a controller node; the controller's last action is fed back to the planner."""

    def __init__(self):
        self.planner, self.controller = _mlp(19, 4), _mlp(16, 4)
        self.last = torch.zeros(1, 4)

    def run(self, io, obs, goal):
        io.inputs("planner", {"obs": obs, "goal": goal, "last_action": self.last})
        plan = torch.tanh(self.planner(torch.cat([obs, goal, self.last], -1)))
        io.outputs("planner", {"plan": plan})
        io.inputs("controller", {"plan": plan})
        self.last = self.controller(torch.cat([plan, plan, plan, plan], -1))
        io.outputs("controller", {"action": self.last})


@exact(obs=(1, 8), tolerance=2e-4)
class AttentionOverHistory:
    """Attention over the last four observations, positions embedded."""

    def __init__(self):
        self.history = torch.zeros(1, 4, 8)
        self.position = torch.randn(4, 8) * 0.1
        self.qkv = nn.Linear(8, 24)
        self.head = nn.Linear(8, 2)

    def step(self, obs):
        self.history = torch.cat([self.history[:, 1:], obs.unsqueeze(1)], 1)
        q, k, v = self.qkv(self.history + self.position).chunk(3, -1)
        return self.head(functional.scaled_dot_product_attention(q, k, v)[:, -1])


@exact(lin_vel=(1, 3), ang_vel=(1, 3), quat=quaternions(1), tolerance=2e-4)
class Quadrotor:
    """Body rates and collective thrust, integrated attitude error."""

    def __init__(self):
        self.integral = torch.zeros(1, 3)
        self.mixer = torch.tensor([[1.0, 1, 1, 1], [1, -1, -1, 1], [1, 1, -1, -1], [1, -1, 1, -1]]).T

    def step(self, lin_vel, ang_vel, quat):
        up = _rotate_inverse(quat, torch.tensor([[0.0, 0.0, 1.0]]))
        error = torch.linalg.cross(up, torch.tensor([[0.0, 0.0, 1.0]]), dim=-1)
        self.integral = (self.integral + error * 0.01).clamp(-0.3, 0.3)
        rates = 4 * error + 2 * self.integral - 0.3 * ang_vel
        thrust = (1.0 - 0.5 * lin_vel[:, 2:]).clamp(0, 2)
        return (torch.cat([thrust, rates], -1) @ self.mixer.T).clamp(0, 1)


@exact(pos=(1, 6), vel=(1, 6), contact=flags(1, 2), tolerance=2e-4)
class ContactTimers:
    """Air time per foot, updated in place from boolean contacts."""

    def __init__(self):
        self.air_time = torch.zeros(1, 2)
        self.net = _mlp(14, 6)

    def step(self, pos, vel, contact):
        self.air_time += 0.02
        self.air_time *= ~contact
        return self.net(torch.cat([pos, vel, self.air_time], -1))


@exact(scan=(1, 16), tolerance=2e-4)
class LidarSectors:
    """Minimum per sector, padded, smoothed by a convolution."""

    def step(self, scan):
        ranges = torch.where(scan > 0, scan, 10.0).clamp(max=10)
        sectors = ranges.view(1, 4, 4).amin(-1)
        padded = functional.pad(sectors, (1, 1), value=10.0)
        kernel = torch.tensor([[[0.25, 0.5, 0.25]]])
        return functional.conv1d(padded.unsqueeze(1), kernel).squeeze(1)
