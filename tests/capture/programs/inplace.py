"""In-place writes of every kind."""

from __future__ import annotations

import torch

from tests.capture.case import exact


@exact(pos=(1, 3), vel=(1, 3), cmd=(1, 2))
def buffer_by_slices(pos, vel, cmd):
    obs = torch.zeros(1, 8)
    obs[:, 0:3] = pos
    obs[:, 3:6] = vel * 0.05
    obs[:, 6:] = cmd
    return obs


@exact(pos=(1, 3), vel=(1, 3))
class KeptBuffer:
    """The observation buffer is allocated once and fully rewritten in each step: it is no state."""

    def __init__(self):
        self.obs = torch.empty(1, 6)

    def step(self, pos, vel):
        self.obs[:, :3] = pos
        self.obs[:, 3:] = vel
        return self.obs


@exact(x=(4, 3))
def rows_in_a_loop(x):
    out = torch.zeros(4, 3)
    for k in range(4):
        out[k] = x[k] * (k + 1)
    return out


@exact(x=(2, 5))
def on_an_input(x):
    x[:, 0] = 0
    x.clamp_(-1, 1).mul_(2)
    return x


@exact(x=(2, 6))
def through_chunks(x):
    y = x.clone()
    a, b, c = y.chunk(3, 1)
    a.mul_(2)
    c.copy_(a)
    b += 1
    return y


@exact(x=(3, 4))
def through_unbind(x):
    y = x.clone()
    first, _, last = y.unbind(0)
    first.add_(last)
    last.zero_()
    return y


@exact(x=(3, 4))
def through_transpose(x):
    y = x.clone()
    y.t()[1] = x.sum(1)
    y.T[0, 1:] = -1
    return y


@exact(x=(2, 8))
def through_strides(x):
    y = x.clone()
    y[:, ::2] *= 2
    y[:, 1::2] = y[:, ::2] - 1
    return y


@exact(x=(2, 6))
def through_view_and_reshape(x):
    y = x.clone()
    y.view(2, 3, 2)[:, 1] = 5.0
    y.reshape(-1)[3] = 0
    y.flatten()[0] = 9
    return y


@exact(x=(3, 3))
def through_diagonal(x):
    y = x.clone()
    y.diagonal().mul_(0)
    y.fill_diagonal_(2.0)
    return y


@exact(x=(4, 3))
def view_read_after_write(x):
    y = x.clone()
    view = y[1:3]
    y.mul_(2)
    y[2] = 0
    return view + 0


@exact(x=(4, 3))
def base_read_after_view_write(x):
    y = x.clone()
    y[1:3].select(0, 1).fill_(4.0)
    return y.sum(0)


@exact(x=(4, 3))
def out_argument(x):
    buffer = torch.empty(4, 3)
    torch.add(x, 1, out=buffer)
    torch.mul(buffer, x, out=buffer)
    return buffer


@exact(x=(2, 3))
class OutIntoKeptBuffer:
    """``out=`` into an attribute whose old values are read first."""

    def __init__(self):
        self.total = torch.zeros(2, 3)

    def step(self, x):
        torch.add(self.total, x, alpha=0.5, out=self.total)
        return self.total * 2


@exact(x=(3,), y=(4,))
def foreach(x, y):
    values = [x.clone(), y.clone()]
    torch._foreach_mul_(values, 2.0)
    torch._foreach_add_(values, [x, y])
    squared = torch._foreach_mul(values, values)
    return torch.cat(squared)


@exact(x=(3, 4))
def fills_and_copies(x):
    y = torch.empty(3, 4).fill_(1.5)
    y[0].zero_()
    y[1].copy_(x[0])
    y[2].fill_(x[1, 1])
    return y.masked_fill_(x > 1, -1.0)


@exact(x=(3, 4))
def copy_casts_and_broadcasts(x):
    y = torch.zeros(3, 4, dtype=torch.float64)
    y.copy_(x[0])
    y[1] = (x[1] > 0).float()
    n = torch.zeros(4, dtype=torch.int64)
    n.copy_(x[2] * 3)
    return {"wide": y, "whole": n}


@exact(x=(3, 4))
def index_writes(x):
    y = x.clone()
    y.index_put_((torch.tensor([0, 2]), torch.tensor([1, 3])), torch.tensor([5.0, 6.0]))
    y.index_add_(0, torch.tensor([1]), x[:1])
    y.index_copy_(1, torch.tensor([0]), x[:, 1:2])
    y.index_fill_(1, torch.tensor([2]), 0.0)
    return y


@exact(x=(3, 4))
def scatter_writes(x):
    y = torch.zeros(3, 4)
    y.scatter_(1, torch.tensor([[0], [3], [1]]), x[:, :1])
    y.scatter_add_(1, torch.tensor([[2], [2], [2]]), x[:, 1:2])
    return y


@exact(x=(3, 4))
def cumulative_writes(x):
    y = x.clone()
    y.cumsum_(1)
    y[:, -1] /= 4
    return y.tanh_().sub_(1).pow_(2).sqrt_()


@exact(x=(3, 4))
def arithmetic_writes(x):
    y = x.clone()
    y += 1
    y -= x * 0.5
    y *= y
    y /= 3
    y **= 2
    y %= 1.5
    return y.lerp_(x, 0.1).clamp_(min=0.05).neg_().abs_().log_()


@exact(x=(4, 3))
def shift_rows(x):
    y = x.clone()
    y[1:] = y[:-1].clone()
    y[0] = 0
    return y


@exact(x=(2, 3))
def swap_columns(x):
    y = x.clone()
    y[:, [0, 2]] = y[:, [2, 0]]
    return y


@exact(x=(2, 3))
def metadata_changes(x):
    y = x.clone()
    y.unsqueeze_(0)
    y.transpose_(1, 2)
    y.squeeze_(0)
    return y.detach_() + 1


@exact(x=(4,))
class PreallocatedRows:
    """Each step writes one part of a buffer that later steps read."""

    def __init__(self):
        self.grid = torch.zeros(2, 4)

    def step(self, x):
        self.grid[1] = self.grid[0]
        self.grid[0] = x
        return self.grid[1] - self.grid[0]


@exact(x=(1, 4))
class WritesThroughKeptView:
    """A view made at construction writes into the buffer it belongs to."""

    def __init__(self):
        self.buffer = torch.zeros(1, 8)
        self.left = self.buffer[:, :4]
        self.right = self.buffer[:, 4:]

    def step(self, x):
        self.right.copy_(self.left)
        self.left.copy_(x)
        return self.buffer.clone()


@exact(x=(3,))
def data_assignment(x):
    y = torch.zeros(3)
    y.data = x * 2
    y.data[0] = 1.0
    return y + 1


@exact(x=(3, 4))
def set_into_expanded_copy(x):
    y = x[:1].expand(3, 4).contiguous()
    y[1] += x[2]
    return y


@exact(x=(2, 4))
def overwritten_twice(x):
    y = torch.zeros(2, 4)
    y[:, :2] = x[:, :2]
    y[:, :2] = x[:, 2:]
    y[:, 2:] = y[:, :2]
    return y


@exact(x=(3, 4))
def foreach_with_numbers(x):
    """Lists of tensors with numbers, one for all or one for each, where an operator for one tensor has another form."""
    rows, others = [x[0] * 1, x[1] * 1, x[2, :2] * 1], [x[1] + 1, x[2] + 1, x[0, :2] + 1]
    torch._foreach_lerp_(rows, others, 0.1)
    torch._foreach_maximum_(rows, -0.5)
    torch._foreach_minimum_(rows, [1.0, 2.0, 0.5])
    torch._foreach_addcmul_(rows, others, others, [0.1, 0.2, 0.3])
    powers = torch._foreach_pow(2.0, rows)
    torch._foreach_div_(powers, 3.0)
    norms = torch._foreach_norm(rows)
    return torch.cat([*rows, *powers, torch.stack(norms)])
