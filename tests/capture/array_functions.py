"""Functions of a NumPy array, as people write them between reading a robot and commanding it."""

from __future__ import annotations

import collections
import copy
import ctypes
import io
import json
import math
import struct

import numpy as np
import torch

DEFAULT = np.array([0.1, -0.2, 0.3], dtype=np.float32)
A = np.arange(9, dtype=np.float32).reshape(3, 3) / 10
NET = torch.nn.Linear(3, 2).eval()
obs = np.zeros(3, dtype=np.float32)
buf = collections.deque([np.zeros(3, dtype=np.float32)] * 3, maxlen=3)
last = np.zeros(3, dtype=np.float32)


def restart() -> None:
    """Put what programs keep back to its beginning."""
    global last
    obs[:] = 0
    buf.clear()
    buf.extend([np.zeros(3, dtype=np.float32)] * 3)
    last = np.zeros(3, dtype=np.float32)


def inplace(q):
    q -= DEFAULT
    return q * 2


def copyarr(q):
    return np.array(q) * 2


def lst(q):
    return np.array(list(q)) * 2


def tolist(q):
    return np.array(q.tolist()) * 2


def loop(q):
    return np.array([v * 2 for v in q])


def loopf(q):
    return np.array([float(v) * 2 for v in q])


def sumit(q):
    return q * q.sum()


def pymax(q):
    return q * max(q)


def pysum(q):
    return q * sum(q)


def sorted_(q):
    return np.array(sorted(q))


def mathsin(q):
    return q * math.sin(q[0])


def matl(q):
    return A @ q


def dot(q):
    return np.dot(A, q)


def transposed(q):
    return (A.T @ q[:, None]).T


def view64(q):
    return q.view(np.int32).astype(np.float32) * 1e-9


def flat(q):
    return np.fromiter(q.flat, dtype=np.float32) * 2


def tobytes(q):
    return np.frombuffer(q.tobytes(), dtype=np.float32) * 2


def structp(q):
    return np.array(struct.unpack("3f", struct.pack("3f", *q)), dtype=np.float32) * 2


def net(q):
    return NET(torch.from_numpy(q)).detach().numpy()


def net2(q):
    return NET(torch.tensor(q)).detach().numpy()


def net3(q):
    return NET(torch.as_tensor(q, dtype=torch.float32)).detach().numpy()


def net4(q):
    return NET(torch.Tensor(q)).detach().numpy()


def net5(q):
    return NET(torch.FloatTensor(q)).detach().numpy()


def net6(q):
    return NET(torch.from_numpy(q.copy())).detach().numpy()


def net7(q):
    return NET(torch.from_numpy(np.concatenate([q[:2], q[2:]]))).detach().numpy()


def prealloc(q):
    obs[:] = q
    return obs * 2


def prealloc2(q):
    obs[0] = q[0]
    obs[1:] = q[1:] * 0.5
    return NET(torch.from_numpy(obs)).detach().numpy()


def prealloc3(q):
    np.copyto(obs, q)
    return obs * 2


def prealloc4(q):
    for i in range(3):
        obs[i] = q[i] - DEFAULT[i]
    return obs * 1.0


def hist(q):
    buf.append(q.copy())
    return np.stack(buf).mean(0)


def hist2(q):
    buf.append(q)
    return np.concatenate(list(buf))


def filt(q):
    global last
    last = 0.9 * last + 0.1 * q
    return last


def clip(q):
    return np.clip(q, -0.5, 0.5)


def where(q):
    return np.where(q > 0, q, 0.1 * q)


def ifnp(q):
    return q * 2 if q[0] > 0 else q


def anyif(q):
    return q * 2 if np.any(q > 1) else q


def argm(q):
    return A[np.argmax(q)]


def argi(q):
    return A[int(np.argmax(q))]


def norm(q):
    return q / np.linalg.norm(q)


def jsn(q):
    return np.array(json.loads(json.dumps([float(x) for x in q])))


def fmt(q):
    return np.array([float(f"{x:.3f}") for x in q])


def roundit(q):
    return np.round(q, 2)


def rnd(q):
    return np.array([round(float(x), 2) for x in q])


def astype(q):
    return q.astype(np.float64) * 0.1


def mem(q):
    return np.asarray(memoryview(q)) * 2


def bufr(q):
    return np.ndarray(3, dtype=np.float32, buffer=q) * 2


def ctp(q):
    p = q.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    return np.array([p[0], p[1], p[2]], dtype=np.float32)


def save(q):
    f = io.BytesIO()
    np.save(f, q)
    f.seek(0)
    return np.load(f) * 2


def cp(q):
    return copy.copy(q) * 2


def dcp(q):
    return copy.deepcopy(q) * 2


def asl(q):
    return np.array([*q[:2], 1.0], dtype=np.float32)


def unpack(q):
    a, b, c = q
    return np.array([a + b, b * c, c])


def unpackf(q):
    a, b, c = map(float, q)
    return np.array([a + b, b * c, c])


def hyp(q):
    return np.array([math.hypot(q[0], q[1])])


def arctan(q):
    return np.array([math.atan2(q[0], q[1])])


def nparctan(q):
    return np.array([np.arctan2(q[0], q[1])])


def vec(q):
    return np.vectorize(lambda v: v * 2)(q)


def apply(q):
    return np.apply_along_axis(lambda v: v * 2, 0, q)


def outer(q):
    return np.outer(q, q)


def cross(q):
    return np.cross(q, DEFAULT)


def einsum(q):
    return np.einsum("ij,j->i", A, q)


def fancy(q):
    return q[[2, 0, 1]]


def mask(q):
    return np.where(np.isnan(q), 0, q)


def maskset(q):
    r = q.copy()
    r[np.abs(r) < 0.3] = 0
    return r


def inter(q):
    return np.interp(q, [-1, 0, 1], [0, 1, 4]).astype(np.float32)


def torchmix(q):
    return (torch.from_numpy(q) * torch.tensor(DEFAULT)).numpy()


def ttod(q):
    return torch.from_numpy(np.ascontiguousarray(q[::-1])).numpy()


def dicts(q):
    d = {"a": q * 2, "b": q + 1}
    return np.concatenate([d[k] for k in sorted(d)])


def pos(q):
    return +q - abs(q) + q**2 + q // 0.3 + q % 0.3


def cmpx(q):
    return (q + 1j * q).imag


def rad(q):
    return np.deg2rad(q) + np.radians(q)


def isc(q):
    return q * float(np.isclose(q[0], 0.0))


def allc(q):
    return q * (1.0 if np.allclose(q, 0) else 2.0)


def arreq(q):
    return q * (1.0 if np.array_equal(q, DEFAULT) else 2.0)


def sz(q):
    return q * q.size + len(q) + q.shape[0]


def item(q):
    return q * q[0].item()


def tens(q):
    return q * torch.tensor(q[0]).item()
