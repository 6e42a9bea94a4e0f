"""Neural network layers as policies use them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from tests.capture.case import exact, integers


class _Policy:
    """A module in evaluation mode; ``build`` makes it."""

    def __init__(self):
        self.net = self.build().eval()

    def build(self):
        raise AssertionError("a program says what it builds")

    def step(self, x):
        return self.net(x)


@exact(x=(2, 12))
class Mlp(_Policy):
    def build(self):
        return nn.Sequential(nn.Linear(12, 32), nn.ELU(), nn.Linear(32, 16), nn.ELU(), nn.Linear(16, 4))


@exact(x=(2, 12))
class MlpWithDropout(_Policy):
    """Dropout is off in evaluation mode."""

    def build(self):
        return nn.Sequential(nn.Linear(12, 16), nn.Dropout(0.5), nn.ReLU(), nn.Linear(16, 4), nn.Dropout(0.1))


@exact(x=(2, 3, 16))
class Conv1d(_Policy):
    def build(self):
        return nn.Sequential(nn.Conv1d(3, 8, 5, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(48, 4))


@exact(x=(1, 1, 16, 16))
class Conv2d(_Policy):
    def build(self):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ELU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(2), nn.Flatten()
        )


@exact(x=(3, 6))
class BatchNorm(_Policy):
    def build(self):
        return nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Tanh())


@exact(x=(3, 6))
class LayerNorm(_Policy):
    def build(self):
        return nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.SiLU(), nn.GroupNorm(2, 8))


@exact(x=integers(5, 2, 3))
class Embedding(_Policy):
    def build(self):
        return nn.Sequential(nn.Embedding(5, 4), nn.Flatten(), nn.Linear(12, 2))


@exact(x=(2, 5, 8))
class MultiheadAttention(_Policy):
    def build(self):
        return nn.MultiheadAttention(8, 2, batch_first=True)

    def step(self, x):
        return self.net(x, x, x, need_weights=False)[0]


@exact(x=(2, 5, 8))
class TransformerEncoder(_Policy):
    def build(self):
        return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)


@exact(x=(2, 4, 6))
class GruSequence(_Policy):
    def build(self):
        return nn.GRU(6, 5, num_layers=2, batch_first=True)

    def step(self, x):
        out, hidden = self.net(x)
        return {"action": out[:, -1], "hidden": hidden}


@exact(x=(2, 4, 6))
class LstmBidirectional(_Policy):
    def build(self):
        return nn.LSTM(6, 5, batch_first=True, bidirectional=True)

    def step(self, x):
        return self.net(x)[0][:, -1]


@exact(x=(2, 6))
class LstmCell(_Policy):
    """The state is handed around by the caller."""

    def build(self):
        return nn.LSTMCell(6, 4)

    def __init__(self):
        super().__init__()
        self.state = (torch.zeros(2, 4), torch.zeros(2, 4))

    def step(self, x):
        self.state = self.net(x, self.state)
        return self.state[0]


@exact(x=(2, 4, 6))
class RnnTanh(_Policy):
    def build(self):
        return nn.RNN(6, 5, batch_first=True)

    def step(self, x):
        return self.net(x)[0].mean(1)


@exact(q=(2, 4, 8), k=(2, 6, 8))
def scaled_dot_product(q, k):
    return functional.scaled_dot_product_attention(q, k, k * 0.5)


@exact(q=(1, 2, 4, 8))
def causal_attention(q):
    return functional.scaled_dot_product_attention(q, q, q, is_causal=True)


class _Actor(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(6, 8)
        self.head = nn.Linear(8, 3)
        self.log_std = nn.Parameter(torch.zeros(3))
        self.register_buffer("mean", torch.linspace(-1, 1, 6))
        self.register_buffer("std", torch.linspace(0.5, 2, 6))

    def forward(self, x):
        x = (x - self.mean) / (self.std + 1e-2)
        return self.head(functional.elu(self.encoder(x)))


@exact(x=(2, 6))
class NormalizedActor(_Policy):
    """Empirical normalisation with frozen statistics."""

    def build(self):
        return _Actor()


@exact(x=(2, 6))
class GaussianMean(_Policy):
    """A distribution is made, only its mean is used."""

    def build(self):
        return _Actor()

    def step(self, x):
        mean = self.net(x)
        return torch.distributions.Normal(mean, self.net.log_std.exp().expand_as(mean)).mean


@exact(x=(2, 6))
class SharedTrunk(_Policy):
    """Two heads on one trunk."""

    def build(self):
        return _Actor()

    def step(self, x):
        hidden = self.net.encoder(x).tanh()
        return {"action": self.net.head(hidden), "value": hidden.mean(-1, keepdim=True)}


@exact(x=(2, 6))
class FunctionalCall(_Policy):
    def build(self):
        return _Actor()

    def step(self, x):
        weights = {name: value * 0.5 for name, value in self.net.named_parameters()}
        return torch.func.functional_call(self.net, weights, (x,))


@exact(x=(2, 6))
class WeightNorm(_Policy):
    def build(self):
        return nn.utils.parametrizations.weight_norm(nn.Linear(6, 3))


@exact(x=(2, 6))
class Ensemble(_Policy):
    """``vmap`` over stacked weights."""

    def build(self):
        return nn.ModuleList(nn.Linear(6, 3) for _ in range(3))

    def step(self, x):
        weights = torch.stack([layer.weight for layer in self.net])
        biases = torch.stack([layer.bias for layer in self.net])
        return torch.vmap(functional.linear, in_dims=(None, 0, 0))(x, weights, biases).mean(0)


@exact(x=(2, 6))
class MixtureOfExperts(_Policy):
    def build(self):
        return nn.ModuleDict({"gate": nn.Linear(6, 2), "a": nn.Linear(6, 3), "b": nn.Linear(6, 3)})

    def step(self, x):
        gate = self.net["gate"](x).softmax(-1)
        experts = torch.stack([self.net["a"](x), self.net["b"](x)], -1)
        return torch.einsum("bac,bc->ba", experts, gate)


@exact(x=(1, 3, 12, 12))
class Upsample(_Policy):
    def build(self):
        return nn.Sequential(nn.Conv2d(3, 2, 3), nn.Upsample(scale_factor=2.0, mode="nearest"), nn.AvgPool2d(2))


@exact(x=(2, 6))
class LazyModules(_Policy):
    """A lazy layer, initialised before capture."""

    def build(self):
        net = nn.LazyLinear(3)
        net(torch.zeros(1, 6))
        return net


@exact(x=(6, 4))
class BatchNormInTraining(_Policy):
    """By the statistics of the batch, which the running ones follow."""

    def build(self):
        return nn.BatchNorm1d(4)

    def step(self, x):
        y = self.net.train()(x)
        return {"batch": y, "running": self.net.eval()(x)}


@exact(x=(2, 3, 4, 4))
class InstanceNormInTraining(_Policy):
    """PyTorch does not declare that this call writes its statistics."""

    def build(self):
        return nn.InstanceNorm2d(3, track_running_stats=True, affine=True)

    def step(self, x):
        y = self.net.train()(x)
        return {"instance": y, "running": self.net.eval()(x)}
