"""Several nodes, names, nested inputs."""

from __future__ import annotations

import torch
from tensordict import TensorDict
from torch import nn

from tests.capture.case import exact


@exact(x=(1, 3))
def forward_edge_target(x):
    return {"a": x * 2, "b": x + 1}


@exact(x=(1, 4))
class ForwardEdge:
    """Two nodes in a row."""

    def __init__(self):
        self.net = nn.Linear(4, 2)

    def run(self, io, x):
        io.inputs("encoder", {"x": x})
        code = torch.tanh(x)
        io.outputs("encoder", {"code": code})
        io.inputs("policy", {"code": code})
        io.outputs("policy", {"action": self.net(code)})


@exact(x=(1, 4))
class FanOut:
    """One output feeds two nodes and is returned too."""

    def run(self, io, x):
        io.inputs("sensor", {"x": x})
        y = x.cumsum(1)
        io.outputs("sensor", {"y": y})
        for name, gain in (("left", 2.0), ("right", -1.0)):
            io.inputs(name, {"y": y})
            io.outputs(name, {"out": y * gain})


@exact(x=(1, 3))
class Feedback:
    """A later node's output is an earlier node's input in the next step."""

    def __init__(self):
        self.last = torch.zeros(1, 3)

    def run(self, io, x):
        io.inputs("observe", {"x": x, "last": self.last})
        obs = x + self.last * 0.5
        io.outputs("observe", {"obs": obs})
        io.inputs("act", {"obs": obs})
        self.last = torch.tanh(obs)
        io.outputs("act", {"action": self.last})


@exact(x=(1, 3))
class SelfFeedback:
    """An output is the same node's input in the next step, and returned."""

    def __init__(self):
        self.last = torch.full((1, 3), 0.5)

    def run(self, io, x):
        io.inputs("policy", {"x": x, "last": self.last})
        self.last = x - self.last
        io.outputs("policy", {"action": self.last})


@exact(x=(1, 3))
class StateInEachNode:
    """Both nodes keep state of their own."""

    def __init__(self):
        self.a, self.b = torch.zeros(1, 3), torch.zeros(1, 3)

    def run(self, io, x):
        io.inputs("first", {"x": x})
        self.a = self.a * 0.5 + x
        io.outputs("first", {"y": self.a})
        io.inputs("second", {"y": self.a})
        self.b += self.a
        io.outputs("second", {"z": self.b * 2})


@exact(x=(1, 3), spare=(2, 2))
class UnusedInput:
    """An input that no output depends on."""

    def step(self, x, spare):
        return x * 2


@exact(x=(1, 3))
def output_is_input(x):
    return {"same": x, "double": x * 2}


@exact(x=(1, 3))
def outputs_share_subgraph(x):
    y = x.sin()
    return {"a": y, "b": y + 1, "c": y}


@exact(x=(1, 3))
def output_is_a_view_of_another(x):
    y = x * 2
    return {"all": y, "head": y[:, :1], "flat": y.view(-1)}


@exact(x=(1, 3))
class ConstantOutput:
    """An output that is independent of every input."""

    def __init__(self):
        self.gains = torch.tensor([10.0, 20.0])

    def step(self, x):
        return {"action": x, "gains": self.gains}


@exact(x=(1, 3))
class FreeRunningOutput:
    """An output that depends on state only."""

    def __init__(self):
        self.clock = torch.zeros(1)

    def step(self, x):
        self.clock = self.clock + 0.1
        return {"action": x, "clock": torch.sin(self.clock)}


@exact(x=(1, 3))
class OddNames:
    """Spaces, dots, dashes, unicode, keywords in names."""

    def run(self, io, x):
        io.inputs("vor verarbeitung", {"x": x})
        y = x * 2
        io.outputs("vor verarbeitung", {"knie.winkel [rad]": y, "class": x + 1, "1st": x - 1})
        io.inputs("ポリシー-1", {"knie.winkel [rad]": y})
        io.outputs("ポリシー-1", {"größe": y + 1})


@exact(x=(1, 3), y=(1, 2))
class JoinedInputs:
    """Two inputs of one declaration are joined."""

    def run(self, io, x, y):
        io.inputs("policy", {"x": x, "y": y})
        io.outputs("policy", {"action": torch.cat([x, y], 1)})


@exact(x=(2, 3), y=(2, 2))
class TensorDictObservation:
    """Observations travel in a TensorDict."""

    def step(self, x, y):
        obs = TensorDict({"pos": x, "cmd": y}, batch_size=[2])
        return torch.cat([obs[key] for key in ("pos", "cmd")], -1)


@exact(x=(1, 3))
class SplitDeclaration:
    """Inputs of one node are declared in several calls."""

    def run(self, io, x):
        io.inputs("policy", {"x": x})
        y = x * 0.5
        io.outputs("policy", {"action": y})


@exact(x=(1, 3), z=(1, 3))
class InputsFromTwoCalls:
    """Two terms declare what they read when they read it."""

    def run(self, io, x, z):
        io.inputs("policy", {"x": x})
        a = x * 2
        io.inputs("policy", {"z": z})
        io.outputs("policy", {"action": a + z})


@exact(x=(1, 3))
class ThreeInARow:
    def run(self, io, x):
        value = x
        for k, name in enumerate(("a", "b", "c")):
            io.inputs(name, {"x" if k == 0 else "value": value})
            value = value * (k + 2)
            io.outputs(name, {"value": value})


@exact(x=(1, 3))
class DetachedEdge:
    """The edge goes through ``detach`` and ``clone``, which compute nothing."""

    def run(self, io, x):
        io.inputs("a", {"x": x})
        y = x + 1
        io.outputs("a", {"y": y})
        passed = y.detach().clone()
        io.inputs("b", {"y": passed})
        io.outputs("b", {"z": passed * 2})


@exact(x=(1, 3), raw=(1, 3))
class EdgeAndInput:
    """The second node takes an edge and an input of its own."""

    def run(self, io, x, raw):
        io.inputs("a", {"x": x})
        y = x.tanh()
        io.outputs("a", {"y": y})
        io.inputs("b", {"y": y, "raw": raw})
        io.outputs("b", {"z": y * 2 + raw})


@exact(steps=4, x=(1, 2))
class TwoRates:
    """Decimation by hand: two inner policy calls of one node per step are one computation."""

    def __init__(self):
        self.pos = torch.zeros(1, 2)

    def step(self, x):
        for _ in range(2):
            self.pos = self.pos + 0.1 * (x - self.pos)
        return self.pos
