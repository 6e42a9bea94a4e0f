"""An environment in the style of legged robot tasks: reset, curriculum, rewards and logging around the observation."""
# ruff: noqa: T201

from __future__ import annotations

import time
from collections import defaultdict, deque
from types import SimpleNamespace

import torch
from torch import nn

from tests.capture.case import exact


class BaseTask:
    """Counters and buffers that every task has, most of them for the trainer."""

    def __init__(self, cfg=None):
        self.cfg = cfg or SimpleNamespace(
            clip=5.0, scale=0.25, decimation=4, add_noise=False, push=False, log_every=24, max_episode_length=1000
        )
        self.common_step_counter = 0
        self.num_episodes = 0
        self.total_time = 0.0
        self.debug = False
        self.extras = {}
        self.episode_sums = defaultdict(float)
        self.reward_history = deque(maxlen=100)
        self.reward_names = ["tracking", "action_rate", "energy"]
        self.level = 0
        self.last_log = time.perf_counter()

    def pre_physics_step(self):
        self.common_step_counter += 1
        if self.debug:
            print(f"step {self.common_step_counter}")

    def post_physics_step(self, reward):
        self.total_time += self.cfg.decimation * 0.005
        self.episode_sums["reward"] += float(reward)
        self.reward_history.append(float(reward))
        if self.common_step_counter % self.cfg.log_every == 0:
            self.extras["episode"] = {k: v / self.cfg.max_episode_length for k, v in self.episode_sums.items()}
            print("mean", sum(self.reward_history) / len(self.reward_history), time.perf_counter() - self.last_log)
            self.last_log = time.perf_counter()
        if self.common_step_counter >= self.cfg.max_episode_length:
            self.update_curriculum()

    def update_curriculum(self):
        self.level += 1
        self.num_episodes += 1


@exact(gyro=(1, 3), command=(1, 3), q=(1, 4))
class WalkingTask(BaseTask):
    """Observations clipped and stacked, rewards logged, a curriculum that changes nothing here."""

    def __init__(self):
        super().__init__()
        self.obs_terms = {
            "gyro": self._gyro_term,
            "command": lambda data: data["command"] * 2.0,
            "joints": self._joint_term,
            "last_action": self._action_term,
        }
        self.last_action = torch.zeros(1, 4)
        self.default = torch.full((1, 4), 0.3)
        self.actor = nn.Sequential(nn.Linear(14, 16), nn.ELU(), nn.Linear(16, 4))

    def _gyro_term(self, data):
        return data["gyro"] * 0.25

    def _joint_term(self, data):
        return data["q"] - self.default

    def _action_term(self, data):
        return self.last_action

    def compute_observations(self, **data):
        parts = []
        for name, term in self.obs_terms.items():
            value = term(data)
            assert value.shape[0] == 1, f"{name} has shape {value.shape}"
            parts.append(value)
        obs = torch.cat(parts, dim=-1)
        if self.cfg.clip is not None:
            obs = obs.clamp(-self.cfg.clip, self.cfg.clip)
        if self.cfg.add_noise:
            obs = obs + torch.randn_like(obs) * 0.01
        return obs

    def compute_reward(self, action):
        total = 0.0
        for i, name in enumerate(self.reward_names):
            value = getattr(self, f"_reward_{name}")(action).item()
            self.episode_sums[name] += value
            total += value * (i + 1)
        return total

    def _reward_tracking(self, action):
        return torch.exp(-action.square().sum())

    def _reward_action_rate(self, action):
        return (action - self.last_action).square().sum()

    def _reward_energy(self, action):
        return action.abs().sum()

    def step(self, gyro, command, q):
        self.pre_physics_step()
        obs = self.compute_observations(gyro=gyro, command=command, q=q)
        action = self.actor(obs)
        self.last_action = action
        return action * self.cfg.scale + self.default

    def after(self):
        self.post_physics_step(self.compute_reward(self.last_action))


@exact(x=(4, 6))
class ResetsOfRobots(BaseTask):
    """Rows of robots that fell are reset outside the program, with counters of episodes and levels beside it."""

    def __init__(self):
        super().__init__()
        self.num_envs = 4
        self.episode_length_buf = torch.zeros(4, dtype=torch.long)
        self.terrain_level = [0, 0, 0, 0]
        self.count = 0

    def _update_terrain(self, ids):
        for i in ids:
            self.terrain_level[i] += 1
        self.num_episodes += len(ids)

    def step(self, x):
        self.count += 1
        phase = (self.episode_length_buf % 20).unsqueeze(1) / 20.0
        return torch.cat([x * 0.5, torch.sin(6.2831853 * phase)], dim=1)

    def after(self):
        self.episode_length_buf += 1
        if self.num_episodes > 1000 and self.count % 10 == 0:
            self._update_terrain(range(self.num_envs))


@exact(x=(1, 3))
class PhysicsSubsteps(BaseTask):
    """A controller runs a fixed number of times per step, timed for statistics."""

    def __init__(self):
        super().__init__()
        self.substeps = 4
        self.position = torch.zeros(1, 3)
        self.timings = {"control": [], "max": 0.0}

    def step(self, x):
        start = time.perf_counter()
        for k in range(self.cfg.decimation):
            torque = 3.0 * (x - self.position) / (k + 1)
            self.position = self.position + 0.01 * torque
        elapsed = time.perf_counter() - start
        self.timings["control"].append(elapsed)
        self.timings["max"] = max(self.timings["max"], elapsed)
        if len(self.timings["control"]) > 1000:
            self.timings["control"].clear()
        if elapsed > 0.5:
            print(f"slow control: {elapsed:.3f} s")
        return self.position * 1.0


@exact(x=(1, 3))
class ClassWideCounter(BaseTask):
    """A counter of all objects of the class."""

    steps_of_all = 0

    def step(self, x):
        type(self).steps_of_all += 1
        if self.steps_of_all % 100 == 0:
            self.extras["steps"] = type(self).steps_of_all
        return torch.tanh(x)


@exact(x=(1, 3))
class TimedOutEpisode(BaseTask):
    """The end of an episode is noted; who drives the program resets it."""

    def step(self, x):
        self.common_step_counter += 1
        timeout = self.common_step_counter >= self.cfg.max_episode_length
        y = x.clamp(-1, 1)
        self.extras["time_outs"] = timeout
        if timeout:
            self.num_episodes += 1
            self.common_step_counter = 0
        return y


@exact(x=(1, 3))
class NameOfARewardCounter(BaseTask):
    """A tensor under a name that other classes of this file count with."""

    def __init__(self):
        super().__init__()
        self.level = torch.zeros(1, 3)
        self.count = torch.zeros(1)
        self.step_count = 0

    def step(self, x):
        self.level = self.level * 0.9 + x
        self.count = self.count + 1
        self.step_count += 1
        return self.level / self.count.clamp(min=1.0)


class _Level:
    """Another class's counter of the name of a tensor above."""

    def __init__(self):
        self.level, self.count, self.value = 0, 0, 0

    def advance(self):
        self.level += 1
        self.count += 1
        self.value = self.value * 2 + 1
        if self.level > 10:
            self.level = 0


@exact(x=(1, 3))
class CurriculumBeside(BaseTask):
    """A curriculum object with counters; the program does not read it."""

    def __init__(self):
        super().__init__()
        self.curriculum = _Level()
        self.value = torch.ones(1, 3)

    def step(self, x):
        self.value = self.value * 0.5 + x
        if self.curriculum.level < 5:
            self.curriculum.advance()
        return self.value + 1.0
