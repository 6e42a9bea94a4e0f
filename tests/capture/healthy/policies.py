"""Policies and runners in the style of reinforcement learning libraries: iteration counters, schedules, modes."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import deque
from functools import cache, cached_property, partial

import numpy as np
import torch
from torch import nn

from tests.capture.case import exact


class OnPolicyRunner:
    """What a runner keeps: none of it reaches the policy in inference."""

    def __init__(self):
        self.current_learning_iteration = 0
        self.tot_timesteps, self.tot_time = 0, 0.0
        self.num_steps_per_env, self.save_interval = 24, 50
        self.rewbuffer, self.lenbuffer = deque(maxlen=100), deque(maxlen=100)
        self.learning_rate, self.desired_kl = 1e-3, 0.01
        self.entropy_coef = 0.01

    def collect(self, reward):
        self.tot_timesteps += self.num_steps_per_env
        self.rewbuffer.append(float(reward))
        if len(self.rewbuffer) > 3:
            self.mean_reward = statistics.mean(self.rewbuffer)

    def update(self, kl):
        if kl > self.desired_kl * 2.0:
            self.learning_rate = max(1e-5, self.learning_rate / 1.5)
        elif kl < self.desired_kl / 2.0:
            self.learning_rate = min(1e-2, self.learning_rate * 1.5)
        self.current_learning_iteration += 1
        if self.current_learning_iteration % self.save_interval == 0:
            self.save()

    def save(self):
        self.saved = self.current_learning_iteration


class ActorCritic(nn.Module):
    """Acts by mean in inference, with noise in training."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(n_in, 8), nn.ELU(), nn.Linear(8, n_out))
        self.critic = nn.Linear(n_in, 1)
        self.std = nn.Parameter(torch.ones(n_out))
        self.distribution, self.num_updates = None, 0

    def update_distribution(self, obs):
        self.distribution = torch.distributions.Normal(self.actor(obs), self.std)
        self.num_updates += 1

    def act(self, obs):
        self.update_distribution(obs)
        return self.distribution.sample()

    def act_inference(self, obs):
        return self.actor(obs)


@exact(x=(1, 4))
class RunnerWithPolicy(OnPolicyRunner):
    def __init__(self):
        super().__init__()
        self.policy = ActorCritic(4, 2).eval()

    def step(self, x):
        return self.policy.act_inference(x)

    def after(self):
        self.collect(1.0)
        self.update(0.01)


@exact(x=(1, 4))
class MeanOfDistribution(OnPolicyRunner):
    """The mean of a distribution whose arguments are checked."""

    def __init__(self):
        super().__init__()
        self.policy = ActorCritic(4, 2).eval()

    def step(self, x):
        self.policy.update_distribution(x)
        self.tot_time += 0.02
        return self.policy.distribution.mean.clone()


class Scheduled(nn.Module):
    """A schedule that training advances."""

    def __init__(self):
        super().__init__()
        self.progress, self.epsilon = 0, 1.0
        self.layer = nn.Linear(3, 3)

    def anneal(self):
        self.progress += 1
        self.epsilon = max(0.05, self.epsilon * 0.99)

    def forward(self, x):
        y = self.layer(x)
        if self.training and self.epsilon > 0.1:
            y = y + self.epsilon * torch.randn_like(y)
        return y


@exact(x=(1, 3))
class ScheduleOfTraining:
    def __init__(self):
        self.net = Scheduled().eval()

    def step(self, x):
        return self.net(x)


class Memory(nn.Module):
    """Recurrent, with its hidden state kept."""

    def __init__(self, n_in, hidden, kind="lstm"):
        super().__init__()
        self.rnn = (nn.GRU if kind.lower() == "gru" else nn.LSTM)(n_in, hidden, 1)
        self.hidden_states, self.num_resets = None, 0

    def forward(self, x, masks=None, hidden_states=None):
        batch_mode = masks is not None
        if batch_mode:
            if hidden_states is None:
                raise ValueError("hidden states are needed")
            out, _ = self.rnn(x, hidden_states)
        else:
            out, self.hidden_states = self.rnn(x.unsqueeze(0), self.hidden_states)
        return out.squeeze(0)

    def reset(self, dones=None):
        self.num_resets += 1
        if dones is None:
            self.hidden_states = None
            return
        for state in self.hidden_states if isinstance(self.hidden_states, tuple) else (self.hidden_states,):
            state[..., dones == 1, :] = 0.0


@exact(x=(1, 4))
class RecurrentPolicy:
    def __init__(self):
        self.memory, self.head = Memory(4, 6), nn.Linear(6, 2)
        self.episode = 0

    def step(self, x):
        return self.head(self.memory(x))

    def after(self):
        self.episode += 1
        if self.episode > 1000:
            self.memory.reset()


@exact(x=(1, 4))
class RecurrentGru:
    def __init__(self):
        self.memory, self.t = Memory(4, 6, "gru"), 0
        self.memory.hidden_states = torch.zeros(1, 1, 6)

    def step(self, x):
        self.t += 1
        out = self.memory(x)
        assert out.shape == (1, 6), f"step {self.t}: {out.shape}"
        return out


@exact(x=(1, 1, 8, 8), v=(1, 3))
class CameraPolicy:
    """Layers by loop, size worked out once."""

    def __init__(self):
        convs, channels = [], 1
        for i, out in enumerate((4, 8)):
            convs += [nn.Conv2d(channels, out, 3, stride=2, padding=1), nn.ReLU()]
            channels = out
            self.depth = i + 1
        self.cnn, self.frames = nn.Sequential(*convs, nn.Flatten()), 0

    @cached_property
    def head(self):
        """Made on first use."""
        with torch.no_grad():
            size = self.cnn(torch.zeros(1, 1, 8, 8)).shape[1]
        torch.manual_seed(5)
        return nn.Linear(size + 3, 2)

    def step(self, x, v):
        self.frames += 1
        features = self.cnn(x)
        if features.ndim > 2:
            features = features.flatten(1)
        return self.head(torch.cat([features, v], dim=-1))


@exact(x=(1, 3))
class FrozenTeacher:
    """A student with its teacher beside, whose loss is logged at intervals."""

    def __init__(self):
        self.student, self.teacher = nn.Linear(3, 2), nn.Linear(3, 2)
        self.losses, self.num = [], itertools.count()

    def step(self, x):
        y = self.student(x)
        with torch.no_grad():
            wanted = self.teacher(x)
        if next(self.num) % 2 == 0:
            self.losses.append(nn.functional.mse_loss(y, wanted).item())
        return y


@cache
def _table(n):
    return torch.arange(n, dtype=torch.float32) / n


@exact(x=(1, 3))
class MemoizedTables:
    """Tables come from a cache, functions are partial."""

    def __init__(self):
        self.scale = partial(torch.mul, 2.0)
        self.uses = 0

    def step(self, x):
        self.uses += 1
        return self.scale(x) + _table(3) + _table(x.shape[-1])


@exact(x=(1, 3))
class SineGait:
    """Phase in a tensor; gait constants by Python arithmetic on constants."""

    def __init__(self):
        self.freq, self.dt, self.legs = 1.5, 0.02, 4
        self.phase = torch.zeros(1)
        self.offsets = torch.tensor([2 * math.pi * k / self.legs for k in range(self.legs)])
        self.n_called = 0

    def step(self, x):
        self.n_called += 1
        self.phase = torch.remainder(self.phase + 2 * math.pi * self.freq * self.dt, 2 * math.pi)
        return torch.cat([x, torch.sin(self.phase + self.offsets).unsqueeze(0)], dim=1)


@exact(x=(1, 3))
class NumpyStatistics:
    """Statistics in NumPy beside; the array goes nowhere."""

    def __init__(self):
        self.sum, self.n = np.zeros(3), 0

    def step(self, x):
        y = x * 2
        self.n += 1
        self.sum += y.numpy()[0]
        if self.n % 100 == 0:
            self.mean = self.sum / self.n
        return y


@exact(x=(1, 3))
class GuardedSizes:
    """Shapes are checked everywhere."""

    def __init__(self):
        self.obs_dim, self.checked = 3, 0

    def step(self, x):
        if x.ndim == 1:
            x = x.unsqueeze(0)
        batch, size = x.shape
        if size != self.obs_dim:
            raise ValueError(f"expected {self.obs_dim} numbers, got {size}")
        self.checked += batch
        try:
            y = x.view(batch, self.obs_dim)
        except RuntimeError as error:
            raise RuntimeError("not contiguous") from error
        finally:
            self.last = self.checked
        return y * 2 if batch == 1 else y


@exact(x=(1, 6))
class PaddedHistory:
    """Half a buffer is written by slices, its rows counted by constants."""

    def __init__(self):
        self.rows, self.buffer, self.written = 4, torch.zeros(4, 6), 0

    def step(self, x):
        self.buffer[1:] = self.buffer[:-1].clone()
        self.buffer[0] = x[0]
        self.written = min(self.written + 1, self.rows)
        return self.buffer.flatten().unsqueeze(0)
