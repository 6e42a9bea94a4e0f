"""NumPy between tensors."""

from __future__ import annotations

import ctypes

import numpy as np
import torch

from tests.capture.case import exact, refused

TABLE = np.arange(9, dtype=np.float32).reshape(3, 3)


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


LOW = np.array([-1.0, -2.0, -3.0], dtype=np.float32)
HIGH = np.array([1.0, 2.0, 4.0], dtype=np.float32)


@exact(x=(1, 3))
class NumpyRange:
    """Readings scaled by a range that NumPy computes anew in each step."""

    def __init__(self):
        self.low, self.high = LOW.copy(), HIGH.copy()

    def step(self, x):
        return torch.from_numpy((x.numpy() - self.low) / (self.high - self.low) * 2 - 1)


@exact(x=(1, 3))
class NumpyRangeOfATable:
    """The same, from the columns of a table and through a local name."""

    def __init__(self):
        self.limits, self.part = np.stack([LOW, HIGH], 1), np.float32(0.9)

    def step(self, x):
        span = (self.limits[:, 1] - self.limits[:, 0]) * self.part
        middle = (self.limits[:, 1] + self.limits[:, 0]) * 0.5
        return torch.from_numpy((np.clip(x.numpy(), -1, 1) * span + middle).astype(np.float32))


@exact(x=(1, 3))
class NumpyNormalizer:
    """A normalizer whose deviation is computed in each step."""

    def __init__(self):
        self.mean, self.variance = LOW.copy(), HIGH**2

    def step(self, x):
        scaled = (x.numpy() - self.mean) / np.sqrt(self.variance + 1e-8)
        return torch.from_numpy(np.clip(scaled, -5, 5).astype(np.float32))


@exact(x=(1, 3))
def numpy_range_of_the_module(x):
    return torch.from_numpy(np.concatenate([np.divide(x.numpy()[0], HIGH - LOW), LOW * HIGH]))


@exact(x=(3,))
class NumpyJointOrder:
    """Joints come in another order, with offsets and gains that are picked and converted in each step."""

    def __init__(self):
        self.order, self.offsets, self.gains = np.array([2, 0, 1]), LOW.copy(), np.array([0.5, 1.0, 2.0])

    def step(self, x):
        q = x.numpy()
        scaled = (q[self.order] - self.offsets[self.order]) * np.float32(self.gains)
        return torch.from_numpy(np.clip(scaled, np.minimum(LOW, self.offsets), HIGH[self.order]))


@exact(x=(3,))
def numpy_table_of_the_module(x):
    return torch.from_numpy(x.numpy() * TABLE[[0, 2]].sum(axis=0) - np.take(TABLE, [1], axis=0).T[:, 0])


UNDECLARED = r"no recorded call (made|explains) it \(undeclared input\)"


@exact(x=(1, 3))
class NumpyCounterBesideARange:
    """Arithmetic that looks like that of constants: one of them counts, in place, and is state."""

    def __init__(self):
        self.age, self.low = np.zeros(3, dtype=np.float32), LOW.copy()

    def step(self, x):
        self.age += 1
        return torch.from_numpy(x.numpy() * (self.age - self.low))


@exact(x=(1, 3))
class NumpyThresholdBesideARange:
    """Its counter shows after the captured steps only."""

    def __init__(self):
        self.age, self.least = np.zeros(3, dtype=np.float32), np.full(3, 7, dtype=np.float32)

    def step(self, x):
        np.add(self.age, 1, out=self.age)
        factor = np.maximum(self.age, self.least)
        return torch.from_numpy(x.numpy() * factor)


@exact(x=(1, 3))
class NumpyThresholdReplaced:
    """The same, with another array in each step."""

    def __init__(self):
        self.age, self.least = np.zeros(3, dtype=np.float32), np.full(3, 7, dtype=np.float32)

    def step(self, x):
        self.age = self.age + 1
        return torch.from_numpy(x.numpy() * np.maximum(self.age, self.least))


@refused(UNDECLARED, x=(1, 3))
class NumpySensorBesideARange:
    """Arithmetic on a reading that nobody declared."""

    def __init__(self):
        self.sensor, self.low = np.random.default_rng(0), LOW.copy()

    def step(self, x):
        reading = self.sensor.normal(size=3).astype(np.float32)
        return torch.from_numpy(x.numpy() * (self.low + reading))


class Encoder:
    """A sensor nobody declared, in memory of a driver, which reads nothing while the policy is captured."""

    def __init__(self):
        self.memory = (ctypes.c_float * 3)()

    def read(self):
        return np.ctypeslib.as_array(self.memory).copy()


@refused(UNDECLARED, x=(1, 3))
class NumpySensorAddedToARange:
    """A range to which a reading is added in place, which was zero."""

    def __init__(self):
        self.encoder, self.low, self.high = Encoder(), LOW.copy(), HIGH.copy()

    def step(self, x):
        span = self.high - self.low
        span += self.encoder.read()
        return torch.from_numpy(x.numpy() / span)


@refused(UNDECLARED, x=(1, 3))
class NumpySensorWrittenIntoARange:
    """A range of which a reading replaces one element, by chance with what was there."""

    def __init__(self):
        self.encoder, self.low, self.high = Encoder(), LOW.copy(), LOW.copy()

    def step(self, x):
        offset = self.high - self.low
        offset[1] = self.encoder.read()[1]
        return torch.from_numpy(x.numpy() + offset)
