"""NumPy between tensors."""

from __future__ import annotations

import numpy as np
import torch

from tests.capture.case import exact


@exact(x=(2, 3))
def ufuncs(x):
    a = x.numpy()
    return torch.from_numpy(np.tanh(a) * 2 + np.abs(a))


@exact(x=(2, 3))
def clip_and_concatenate(x):
    a = x.numpy()
    return torch.from_numpy(np.concatenate([np.clip(a, -0.5, 0.5), a[:, :1]], axis=1))


@exact(x=(2, 3))
def where_and_norm(x):
    a = x.numpy()
    return torch.as_tensor(np.where(a > 0, a, 0.1 * a) / np.linalg.norm(a, axis=-1, keepdims=True))


@exact(x=(3,))
def interpolation(x):
    a = x.numpy()
    table = np.interp(a, [-1.0, 0.0, 1.0], [0.0, 0.2, 1.0])
    return torch.from_numpy(table).float()


@exact(x=(2, 3))
class NumpyConstants:
    """Gains come from NumPy arrays made at construction."""

    def __init__(self):
        self.gain = np.array([1.0, 2.0, 3.0], dtype=np.float32)

    def step(self, x):
        return x * torch.from_numpy(self.gain) + torch.as_tensor(self.gain).sum()


@exact(x=(2, 3))
class NumpyScalars:
    """NumPy scalars and Python numbers mix with tensors."""

    def __init__(self):
        self.scale = np.float32(0.25)

    def step(self, x):
        return x * float(self.scale) + torch.tensor(self.scale)


@exact(x=(2, 3))
def numpy_reductions(x):
    a = x.numpy()
    return torch.from_numpy(np.stack([a.mean(axis=0), a.max(axis=0), np.sum(a, axis=0)]))


@exact(x=(1, 3))
class WritesThroughNumpy:
    """The step writes a buffer's memory through a NumPy array."""

    def __init__(self):
        self.buffer = torch.zeros(1, 3)

    def step(self, x):
        out = x + self.buffer
        self.buffer.numpy()[:] = out.numpy() * 0.5
        return out


@exact(x=(2, 4))
def numpy_indexing(x):
    a = x.numpy().copy()
    a[:, 1] = 0.0
    a[a > 1] = 1.0
    return torch.from_numpy(a[:, ::-1].copy())


@exact(x=(3,))
class NumpyState:
    """A low-pass filter in NumPy."""

    def __init__(self):
        self.value = np.zeros(3, dtype=np.float32)

    def step(self, x):
        self.value = 0.8 * self.value + np.float32(0.2) * x.numpy()
        return torch.from_numpy(self.value)


@exact(x=(1, 3))
def numpy_by_asarray(x):
    return torch.from_numpy(np.asarray(x) * 2)


@exact(x=(1, 3))
def errors_ignored(x):
    a = np.abs(x.numpy()) + 1
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            y = np.log(a)
    except FloatingPointError:
        y = np.zeros_like(a)
    return torch.from_numpy(y)
