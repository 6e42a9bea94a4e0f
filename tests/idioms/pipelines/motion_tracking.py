"""Policies that follow a reference motion, frame by frame."""

from __future__ import annotations

import numpy as np
import torch

from tests.idioms.variant import variant


def clip_of_motion(frames: int = 6) -> torch.Tensor:
    return torch.sin(torch.arange(frames * 4).reshape(frames, 4) * 0.3)


def actor() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ELU(), torch.nn.Linear(16, 4)).eval()


@variant(q=(4,))
class FrameIndexModulo:
    """reference = motion[frame]; frame = (frame + 1) % n"""

    def __init__(self):
        self.policy = actor()
        self.motion = clip_of_motion()
        self.frame = 0

    @torch.no_grad()
    def step(self, q):
        reference = self.motion[self.frame]
        self.frame = (self.frame + 1) % self.motion.shape[0]
        return self.policy(torch.cat([q, reference]))


@variant(q=(4,))
class FrameIndexClamped:
    """motion ends and the last frame is held: min(frame, n - 1)"""

    def __init__(self):
        self.policy = actor()
        self.motion = clip_of_motion()
        self.frame = 0

    @torch.no_grad()
    def step(self, q):
        reference = self.motion[min(self.frame, len(self.motion) - 1)]
        self.frame += 1
        return self.policy(torch.cat([q, reference]))


@variant(arrays=True, q=(4,))
class NumpyReference:
    """reference row of a NumPy motion by a counter"""

    def __init__(self):
        self.policy = actor()
        self.motion = clip_of_motion().numpy().copy()
        self.timestep = 0

    @torch.no_grad()
    def step(self, q):
        reference = self.motion[self.timestep % len(self.motion)]
        self.timestep += 1
        obs = np.concatenate([q, reference]).astype(np.float32)
        return self.policy(torch.from_numpy(obs)).numpy()


@variant(q=(4,))
class InterpolatedTime:
    """frames interpolated by a float time: int(t / dt) and the remainder"""

    def __init__(self):
        self.policy = actor()
        self.motion = clip_of_motion()
        self.time = 0.0

    @torch.no_grad()
    def step(self, q):
        position = self.time / 0.05 % (self.motion.shape[0] - 1)
        low = int(position)
        blend = position - low
        reference = (1 - blend) * self.motion[low] + blend * self.motion[low + 1]
        self.time += 0.02
        return self.policy(torch.cat([q, reference]))


@variant(q=(4,))
class FutureWindow:
    """slice of the next frames: motion[i : i + 2]"""

    def __init__(self):
        self.policy = torch.nn.Linear(12, 4).eval()
        self.motion = clip_of_motion(64)
        self.i = 0

    @torch.no_grad()
    def step(self, q):
        window = self.motion[self.i : self.i + 2].flatten()
        self.i = (self.i + 1) % 62
        return self.policy(torch.cat([q, window]))


@variant(q=(4,))
class TensorFrame:
    """frame counter is a tensor, clamped"""

    def __init__(self):
        self.policy = actor()
        self.motion = clip_of_motion()
        self.frame = torch.zeros(1, dtype=torch.long)

    @torch.no_grad()
    def step(self, q):
        reference = self.motion[self.frame.clamp(max=5)].squeeze(0)
        self.frame += 1
        return self.policy(torch.cat([q, reference]))


@variant(q=(4,))
class GeneratorMotion:
    """reference frames come from a generator function"""

    def __init__(self):
        self.policy = actor()
        self.motion = clip_of_motion()
        self.frames = self.play()

    def play(self):
        while True:
            yield from self.motion

    @torch.no_grad()
    def step(self, q):
        return self.policy(torch.cat([q, next(self.frames)]))
