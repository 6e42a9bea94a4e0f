"""Control steps with modes, and with tables that a mode or a number looks up; each must be exact as it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import ClassVar

import torch

GAINS = {"stand": 0.5, "walk": 2.0, "fall": 0.0}
OFFSETS = {"stand": torch.zeros(3), "walk": torch.tensor([0.1, -0.2, 0.3]), "fall": torch.ones(3)}


class Mode(enum.Enum):
    STAND = enum.auto()
    WALK = enum.auto()
    FALL = enum.auto()


class Level(enum.IntEnum):
    IDLE = 0
    SLOW = 1
    FAST = 3


class Phase(str, enum.Enum):
    SWING = "swing"
    STANCE = "stance"


class Walking:
    """Begins to walk and to stand at a command."""

    def __init__(self):
        self.mode = "stand"

    def decide(self, x):
        if x[0] > 0.8:
            self.mode = "walk"
        elif x[0] < -0.8:
            self.mode = "stand"
        elif x[1] > 2.0:
            self.mode = "fall"


class TextByIf(Walking):
    def step(self, x):
        self.decide(x)
        if self.mode == "stand":
            return x * 0.1
        if self.mode == "walk":
            return torch.tanh(x) + 1
        return -x


class TextByMatch(Walking):
    def step(self, x):
        self.decide(x)
        match self.mode:
            case "stand":
                y = x * 0.1
            case "walk":
                y = torch.tanh(x)
            case _:
                y = -x
        return y


class TextInATuple(Walking):
    def step(self, x):
        self.decide(x)
        return x * 0.5 if self.mode in ("stand", "fall") else x * 2


class TextNotEqual(Walking):
    """The timer begins again when the mode changes."""

    def __init__(self):
        super().__init__()
        self.before, self.timer = "stand", 0.0

    def step(self, x):
        self.decide(x)
        if self.mode != self.before:
            self.timer = 0.0
            self.before = self.mode
        self.timer += 0.02
        return x * min(1.0, self.timer)


class GainsByText(Walking):
    def step(self, x):
        self.decide(x)
        return x * GAINS[self.mode]


class TensorsByText(Walking):
    def step(self, x):
        self.decide(x)
        return x + OFFSETS[self.mode]


class GainsByGet(Walking):
    def step(self, x):
        self.decide(x)
        return x * GAINS.get(self.mode, 1.0)


class PairsByText(Walking):
    """A table of pairs."""

    table: ClassVar = {"stand": (20.0, 0.5), "walk": (40.0, 1.0), "fall": (0.0, 2.0)}

    def step(self, x):
        self.decide(x)
        kp, kd = self.table[self.mode]
        return kp * x - kd * x.roll(1)


class RecordsByText(Walking):
    """A table of dictionaries."""

    table: ClassVar = {
        "stand": {"kp": 20.0, "kd": 0.5},
        "walk": {"kp": 40.0, "kd": 1.0},
        "fall": {"kp": 0.0, "kd": 2.0},
    }

    def step(self, x):
        self.decide(x)
        gains = self.table[self.mode]
        return gains["kp"] * x - gains["kd"] * x.roll(1)


class MemberByIf:
    def __init__(self):
        self.mode = Mode.STAND

    def step(self, x):
        if self.mode is Mode.STAND and x[0] > 0.5:
            self.mode = Mode.WALK
        elif self.mode is Mode.WALK and x[1] > 1.0:
            self.mode = Mode.FALL
        elif self.mode == Mode.FALL and x[2] > 0.5:
            self.mode = Mode.STAND
        if self.mode == Mode.WALK:
            return x * 2
        return x * 0 if self.mode is Mode.FALL else x * 0.5


class MemberByMatch:
    """A mode for some steps, then the next one."""

    def __init__(self):
        self.mode, self.count = Mode.STAND, 0

    def step(self, x):
        self.count += 1
        match self.mode:
            case Mode.STAND:
                y = x * 0.1
                if self.count > 10:
                    self.mode, self.count = Mode.WALK, 0
            case Mode.WALK:
                y = torch.tanh(x)
                if self.count > 15:
                    self.mode, self.count = Mode.FALL, 0
            case Mode.FALL:
                y = -x
        return y


class MembersInATable:
    gains: ClassVar = {Mode.STAND: 0.5, Mode.WALK: 1.5, Mode.FALL: 0.0}

    def __init__(self):
        self.mode = Mode.STAND

    def step(self, x):
        self.mode = Mode.WALK if x[0] > 0 else Mode.STAND
        return x * self.gains[self.mode]


class MemberOfANumber:
    """Larger and smaller."""

    def __init__(self):
        self.level = Level.IDLE

    def step(self, x):
        if x[0] > 1.0:
            self.level = Level.FAST
        elif x[0] > 0.0:
            self.level = Level.SLOW
        else:
            self.level = Level.IDLE
        if self.level >= Level.SLOW:
            x = x * 2
        return x + float(self.level) * 0.1


class MemberOfAText:
    def __init__(self):
        self.phase = Phase.SWING

    def step(self, x):
        if x[0] > 0.5:
            self.phase = Phase.STANCE if self.phase == "swing" else Phase.SWING
        return x if self.phase == Phase.SWING else -x


@dataclass
class State:
    mode: str = "init"
    ticks: int = 0


class ModeInADataclass:
    def __init__(self):
        self.s = State()

    def step(self, x):
        self.s.ticks += 1
        if self.s.mode == "init" and self.s.ticks >= 12:
            self.s.mode = "run"
        return torch.zeros(3) if self.s.mode == "init" else torch.tanh(x)


class ModeReturned:
    def __init__(self):
        self.mode = "stand"

    def following(self, x):
        if self.mode == "stand":
            return "walk" if x[0] > 0.5 else "stand"
        return "stand" if x[1] > 0.5 else self.mode

    def step(self, x):
        self.mode = self.following(x)
        return x * (1.0 if self.mode == "walk" else 0.2)


class ModeInALocal:
    def __init__(self):
        self.mode = "stand"

    def step(self, x):
        mode = self.mode
        if x[0] > 0.5:
            mode = "walk"
        if x[0] < -0.5:
            mode = "stand"
        self.mode = mode
        return x if mode == "walk" else x * 0.1


class PoliciesByText(Walking):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.policies = {name: torch.nn.Linear(3, 3) for name in GAINS}

    def step(self, x):
        self.decide(x)
        return self.policies[self.mode](x)


class HandlersByText(Walking):
    def __init__(self):
        super().__init__()
        self.handlers = {"stand": self.stand, "walk": self.walk, "fall": self.fall}

    def stand(self, x):
        return x * 0.1

    def walk(self, x):
        return torch.tanh(x)

    def fall(self, x):
        return -x

    def step(self, x):
        self.decide(x)
        return self.handlers[self.mode](x)


class Waypoints:
    """The next goal when one is reached."""

    def __init__(self):
        self.goals = [torch.tensor([0.5, 0.0, 0.0]), torch.tensor([0.0, 0.5, 0.0]), torch.tensor([-0.5, 0.0, 0.2])]
        self.i = 0

    def step(self, x):
        if x[0] > 0.5:
            self.i = min(self.i + 1, 2)
        return self.goals[self.i] - x


class WaypointsInTurn:
    def __init__(self):
        self.goals = [torch.ones(3), torch.zeros(3), -torch.ones(3)]
        self.i = 0

    def step(self, x):
        y = self.goals[self.i % len(self.goals)] - x
        self.i += 1
        return y


class RingOfTensors:
    def __init__(self):
        self.ring = [torch.zeros(3) for _ in range(4)]
        self.k = 0

    def step(self, x):
        self.ring[self.k] = x
        self.k = (self.k + 1) % 4
        return sum(self.ring) / 4


class DelayOfTensors:
    def __init__(self):
        self.ring = [torch.zeros(3) for _ in range(4)]
        self.k = 0

    def step(self, x):
        out = self.ring[self.k % 4]
        self.ring[self.k % 4] = x.clone()
        self.k += 1
        return out


class StagesByNumber:
    """A table of pairs by number."""

    stages: ClassVar = [(0.1, 10), (0.5, 20), (1.0, 1000)]

    def __init__(self):
        self.stage, self.count = 0, 0

    def step(self, x):
        gain, length = self.stages[self.stage]
        self.count += 1
        if self.count >= length:
            self.stage, self.count = min(self.stage + 1, 2), 0
        return x * gain


PROGRAMS = [thing for thing in list(globals().values()) if isinstance(thing, type) and hasattr(thing, "step")]
