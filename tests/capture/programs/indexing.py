"""Reading and writing by indices, lists, masks."""

from __future__ import annotations

import torch

from tests.capture.case import exact, flags, integers


@exact(x=(4, 6))
def constant_indices(x):
    return x[1, 2:5] + x[-1, ::2] * x[0, 3] - x[2][-3:]


@exact(x=(4, 6))
def list_indices(x):
    return x[:, [0, 2, 5]] + x[[3, 1, 0, 2]][:, 1:4]


@exact(x=(4, 6))
def tensor_indices(x):
    joints = torch.tensor([5, 0, 3])
    return x[:, joints] * x.index_select(1, joints)


@exact(x=(4, 6))
class JointOrder:
    """Reorders joints by an index tensor made at construction."""

    def __init__(self):
        self.order = torch.tensor([3, 1, 0, 2, 5, 4])

    def step(self, x):
        return x[:, self.order] - x[:, self.order.flip(0)]


@exact(x=(3, 4), i=integers(4, 3))
def captured_index(x, i):
    return x[torch.arange(3), i] + x.gather(1, i.unsqueeze(1)).squeeze(1)


@exact(x=(4, 3))
def constant_mask(x):
    mask = torch.tensor([True, False, True, True])
    return x[mask] * 2 + x[mask].sum(0)


@exact(x=(4, 3), m=flags(4, 3))
def captured_mask_value(x, m):
    y = x.clone()
    y[m] = 0.5
    y[y < -1] = -1.0
    return y


@exact(x=(4, 3), m=flags(4))
def row_mask_value(x, m):
    y = x.clone()
    y[m] = torch.tensor([1.0, 2.0, 3.0])
    y[~m] = 0
    return y


@exact(x=(4, 3), y=(4, 3), m=flags(4, 3))
def mask_from_other(x, y, m):
    z = x.clone()
    z[m] = y[m]
    return z


@exact(x=(2, 6))
def mask_read_modify_write(x):
    y = x.clone()
    y[y < 0] *= 0.25
    y[y.abs() > 1] -= 1
    return y


@exact(x=(4, 3), m=flags(4))
def masked_reset(x, m):
    """Environments that are done get zeros."""
    return torch.where(m.unsqueeze(-1), torch.zeros_like(x), x)


@exact(x=(3, 4))
def pair_indices(x):
    y = x.clone()
    y[[0, 1, 2], [3, 2, 0]] = 7.0
    y[torch.tensor([2, 0]), torch.tensor([1, 1])] += x[0, :2]
    return y


@exact(x=(3, 5), i=integers(5, 3, 2))
def gather_scatter(x, i):
    picked = x.gather(1, i)
    return torch.zeros(3, 5).scatter(1, i[:, :1], picked[:, :1]) + x.scatter(1, torch.tensor([[0], [1], [2]]), 9.0)


@exact(x=(3, 5), i=integers(5, 3, 5), limits={"onnx-torchscript": "include_self"})
def scatter_reduce(x, i):
    zeros = torch.zeros(3, 5)
    return zeros.scatter_reduce(1, i, x, "sum") + zeros.scatter_reduce(1, i, x, "amax", include_self=False)


@exact(x=(3, 5), i=integers(5, 3, 5))
def scatter_add(x, i):
    return torch.zeros(3, 5).scatter_add(1, i, x)


@exact(x=(4, 3))
def index_add_copy(x):
    rows = torch.tensor([2, 0])
    y = x.index_add(0, rows, x[:2], alpha=0.5)
    return y.index_copy(0, rows, x[1:3]).index_fill(1, torch.tensor([1]), 0.0)


@exact(x=(4, 3))
def index_put_accumulate(x):
    return x.index_put((torch.tensor([1, 1, 3]),), x[:3], accumulate=True)


@exact(x=(3, 5))
def take_along(x):
    return torch.take_along_dim(x, x.argsort(-1), -1) + x.take(torch.tensor([0, 4, 9]))[0]


@exact(x=(3, 6))
def negative_steps(x):
    return x.flip(1)[:, ::2] + x[:, 1::2].flip(0)


@exact(x=(3, 6))
def narrow_chunk_split(x):
    a, b = x.chunk(2, 1)
    c, d, e = x.split([1, 2, 3], 1)
    return torch.cat([a * 2, b, c, d + 1, e, x.narrow(1, 2, 2)], 1)


@exact(x=(3, 6))
def ellipsis_and_none(x):
    return (x[..., None, 2:4] * x[:, None, :2]).squeeze(1)


@exact(x=(5, 3), i=integers(5))
def tensor_row(x, i):
    return x[i] + x.index_select(0, i.reshape(1))[0]


@exact(x=(2, 8))
def unfold_windows(x):
    return x.unfold(1, 4, 2).mean(-1)


@exact(x=(4, 4))
def masked_scatter_select(x):
    mask = torch.eye(4, dtype=torch.bool)
    return x.masked_select(mask) + x.masked_fill(mask, 0).sum(0)


@exact(x=(2, 3), k=integers(3, 2))
def one_hot_select(x, k):
    return (torch.nn.functional.one_hot(k, 3) * x).sum(-1)


@exact(x=(6,), lookup=integers(4, 2))
class LookupTable:
    """A gait table is read at a row that the input chooses."""

    def __init__(self):
        self.table = torch.arange(12.0).reshape(4, 3)

    def step(self, x, lookup):
        return self.table[lookup] + x.reshape(2, 3)


@exact(x=(3,), k=integers(4))
class WriteAtCapturedRow:
    """A row chosen by an input is written into a table that is kept."""

    def __init__(self):
        self.table = torch.zeros(4, 3)

    def step(self, x, k):
        self.table[k] = x
        return self.table.clone()


@exact(x=(2, 10))
class RayDownsample:
    """Height scan: a fixed subset of rays, clipped, in reverse order."""

    def __init__(self):
        self.keep = torch.arange(0, 10, 3)

    def step(self, x):
        return x[:, self.keep].clamp(-0.5, 0.5).flip(-1)
