"""Programs that hand a late number on by a way that names no attribute. Exact or refused is right.

In the recorded steps the number is always 0; it changes at step 12.
"""

from __future__ import annotations

import collections
import copy
import dataclasses
import functools
import json
import operator
import pickle
import types
from typing import Any

import torch
from torch import nn

from tests.provenance import attacks_by_name as module
from tests.provenance.attacks import Counting


class Late(Counting):
    def __init__(self):
        super().__init__()
        self.late: Any = 0

    def count(self):
        self.k += 1
        self.late = self.k // 12


class ReadByGetattr(Late):
    def step(self, x):
        self.count()
        return x * 0 if getattr(self, "late") else x * 2  # noqa: B009


class ReadByGetattrAsAFactor(Late):
    def step(self, x):
        self.count()
        return x * (2 + getattr(self, "late"))  # noqa: B009


class ReadByGetattrWithADefault(Late):
    def step(self, x):
        self.count()
        return x * (2 + getattr(self, "late", 0))


class ReadByVars(Late):
    def step(self, x):
        self.count()
        return self.apply(x)

    def apply(self, x):
        return x * (2 + vars(self)["late"])


class ReadByDict(Late):
    def step(self, x):
        self.count()
        return x * (2 + self.__dict__["late"])


class ReadByDictValues(Late):
    def step(self, x):
        self.count()
        return x * (2 + sum(v for k, v in self.__dict__.items() if k != "k"))


class ReadByAttrgetter(Late):
    def step(self, x):
        self.count()
        return x * (2 + operator.attrgetter("late")(self))


class ReadBySort(Late):
    def __init__(self):
        super().__init__()
        self.other = types.SimpleNamespace(late=0.5, gain=2.0)
        self.gain = 3.0

    def step(self, x):
        self.count()
        return x * max([self, self.other], key=operator.attrgetter("late")).gain


class ReadByKey(Late):
    def __init__(self):
        super().__init__()
        self.other = types.SimpleNamespace(late=0.5, gain=2.0)
        self.gain = 3.0

    def step(self, x):
        self.count()
        return x * max([self, self.other], key=lambda o: o.late).gain


class StoredBySetattr(Late):
    def step(self, x):
        self.k += 1
        setattr(self, "late", self.k // 12)  # noqa: B010
        return x * (2 + self.late)


class StoredByObject(Late):
    def step(self, x):
        self.k += 1
        object.__setattr__(self, "late", self.k // 12)
        return x * (2 + self.late)


class StoredByDict(Late):
    def step(self, x):
        self.k += 1
        self.__dict__["late"] = self.k // 12
        return x * (2 + self.late)


class StoredByUpdate(Late):
    def step(self, x):
        self.k += 1
        self.__dict__.update(late=self.k // 12)
        return x * (2 + self.late)


class StoredInAFunction(Late):
    def step(self, x):
        self.k += 1
        helper.late = self.k // 12  # type: ignore[attr-defined]
        return helper(x)


def helper(x):
    return x * (2 + helper.late)  # type: ignore[attr-defined]


class StoredInAClass(Counting):
    late = 0

    def __init__(self):
        super().__init__()
        type(self).late = 0

    def step(self, x):
        self.k += 1
        type(self).late = self.k // 12
        return x * (2 + self.late)


class StoredInABase(Counting):
    def __init__(self):
        super().__init__()
        Base.late = 0
        self.other = Derived()

    def step(self, x):
        self.k += 1
        Base.late = self.k // 12
        return x * (2 + self.other.late)


class Base:
    late = 0


class Derived(Base):
    pass


class Proxy:
    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)


class ReadByAProxy(Counting):
    def __init__(self):
        super().__init__()
        self.real = Level()
        self.proxy = Proxy(self.real)

    def step(self, x):
        self.k += 1
        self.real.set(self.k // 12)
        return x * (2 + self.proxy.level)


class Level:
    def __init__(self):
        self.level = 0

    def set(self, level):
        self.level = level


class WrittenByAProxy(Counting):
    def __init__(self):
        super().__init__()
        self.real = Level()
        self.proxy = Forwarding(self.real)

    def step(self, x):
        self.k += 1
        self.proxy.level = self.k // 12
        return x * (2 + self.real.level)


class Forwarding:
    def __init__(self, inner):
        self.__dict__["inner"] = inner

    def __setattr__(self, name, value):
        setattr(self.inner, name, value)

    def __getattr__(self, name):
        return getattr(self.inner, name)


class Descriptor:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner):
        return instance.values.get(self.name, 0)

    def __set__(self, instance, value):
        instance.values[self.name] = value


class ThroughADescriptor(Counting):
    level = Descriptor()

    def __init__(self):
        super().__init__()
        self.values: dict[str, int] = {}

    def step(self, x):
        self.k += 1
        self.level = self.k // 12
        return x * (2 + self.level) + self.values["level"]


class SharedDictionary(Counting):
    def __init__(self):
        super().__init__()
        self.one, self.other = Level(), Level()
        self.other.__dict__ = self.one.__dict__

    def step(self, x):
        self.k += 1
        self.one.set(self.k // 12)
        return x * (2 + self.other.level)


class Slots:
    __slots__ = ("level",)

    def __init__(self):
        self.level = 0


class ReadThroughSlots(Counting):
    def __init__(self):
        super().__init__()
        self.slots = Slots()

    def step(self, x):
        self.k += 1
        self.slots.level = self.k // 12
        return x * (2 + vars(Slots)["level"].__get__(self.slots))  # type: ignore[attr-defined]


@dataclasses.dataclass
class Mode:
    level: int = 0
    gain: float = 2.0


class MadeAnew(Counting):
    def step(self, x):
        self.k += 1
        mode = Mode(self.k // 12)
        return x * (2 + mode.level)


class ComparedDataclass(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * 2 if self.mode == Mode() else x * 0


class AsDictionary(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * (2 + dataclasses.asdict(self.mode)["level"])


class AsTuple(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * (2 + dataclasses.astuple(self.mode)[0])


class Replaced(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode = dataclasses.replace(self.mode, level=self.k // 12)
        return x * (2 + self.mode.level)


class Copied(Late):
    def step(self, x):
        self.count()
        return x * (2 + copy.copy(self).late)


class DeepCopied(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * (2 + copy.deepcopy(self.mode).level)


class Pickled(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * (2 + pickle.loads(pickle.dumps(self.mode)).level)


class Written(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * (2 + json.loads(json.dumps(vars(self.mode)))["level"])


class Represented(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * 2 if "level=0" in repr(self.mode) else x * 0


class Formatted(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        return x * 2 if "level=0" in f"{self.mode}" else x * 0


class Matched(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        match self.mode:
            case Mode(level=0):
                return x * 2
            case _:
                return x * 0


class MatchedAndBound(Counting):
    def __init__(self):
        super().__init__()
        self.mode = Mode()

    def step(self, x):
        self.k += 1
        self.mode.level = self.k // 12
        match self.mode:
            case Mode(level=n):
                return x * (2 + n)
        return x


class NegativeSlope(Counting):
    """A layer of PyTorch's reads the attribute."""

    def __init__(self):
        super().__init__()
        self.layer = nn.LeakyReLU(0.1)

    def step(self, x):
        self.k += 1
        self.layer.negative_slope = 0.1 + self.k // 12
        return self.layer(x)


class EpsilonOfANorm(Counting):
    def __init__(self):
        super().__init__()
        self.layer = nn.LayerNorm(3)

    def step(self, x):
        self.k += 1
        self.layer.eps = 1e-5 + self.k // 12
        return self.layer(x)


class OwnLayer(nn.LeakyReLU):
    def age(self, k):
        self.negative_slope = 0.1 + k // 12


class OwnLayerOfALibrary(Counting):
    def __init__(self):
        super().__init__()
        self.layer = OwnLayer()

    def step(self, x):
        self.k += 1
        self.layer.age(self.k)
        return self.layer(x)


class ReadByTheLibrary(nn.Module):
    """``Module.training`` is read by dropout."""

    def __init__(self):
        super().__init__()
        self.k = 0
        self.drop = nn.Dropout(0.0)

    def step(self, x):
        self.k += 1
        self.drop.p = float(min(1, self.k // 12))
        return self.drop(x)


class AttributeOfAPartial(Counting):
    def __init__(self):
        super().__init__()
        self.scale = functools.partial(torch.mul, other=2)

    def step(self, x):
        self.k += 1
        self.scale.keywords["other"] = 2 + self.k // 12
        return self.scale(x)


class MadePartial(Counting):
    def step(self, x):
        self.k += 1
        scale = functools.partial(torch.mul, other=2 + self.k // 12)
        return scale(x)


class Namespace(Counting):
    def __init__(self):
        super().__init__()
        self.s = types.SimpleNamespace(late=0)

    def step(self, x):
        self.k += 1
        self.s.late = self.k // 12
        return x * 2 if self.s == types.SimpleNamespace(late=0) else x * 0


class NamedTuple(Counting):
    def step(self, x):
        self.k += 1
        point = Point(self.k // 12, 1)
        return x * (2 + point.a)


Point = collections.namedtuple("Point", "a b")


class ReplacedTuple(Counting):
    def __init__(self):
        super().__init__()
        self.point = Point(0, 1)

    def step(self, x):
        self.k += 1
        self.point = self.point._replace(a=self.k // 12)
        return x * (2 + self.point.a)


class KeptInAClosure(Counting):
    def __init__(self):
        super().__init__()
        self.scale = lambda x: x * 2

    def step(self, x):
        self.k += 1
        y = self.scale(x)
        late = self.k // 12
        self.scale = lambda x: x * (2 + late)
        return y


class KeptInADefault(Counting):
    def __init__(self):
        super().__init__()
        self.scale: Any = lambda x: x * 2

    def step(self, x):
        self.k += 1
        y = self.scale(x)
        self.scale = lambda x, late=self.k // 12: x * (2 + late)
        return y


class KeptInAGenerator(Counting):
    def __init__(self):
        super().__init__()
        self.k = 5
        self.scales: Any = None

    def numbers(self):
        k = self.k
        while True:
            k += 1
            yield k // 18

    def step(self, x):
        if self.scales is None:
            self.scales = self.numbers()
        return x * (2 + next(self.scales))


class GeneratorOfTensors(Counting):
    def __init__(self):
        super().__init__()
        self.k = 5
        self.feed: Any = self.tensors()
        next(self.feed)

    def tensors(self):
        k = self.k
        y = None
        while True:
            x = yield y
            k += 1
            y = x * (2 + k // 18)

    def step(self, x):
        return self.feed.send(x)


class SentBack(Counting):
    def numbers(self):
        yield self.k // 12
        return self.k // 12

    def both(self):
        last = yield from self.numbers()
        yield last

    def step(self, x):
        self.k += 1
        return x * (2 + sum(self.both()))


class CachedProperty(Counting):
    @functools.cached_property
    def level(self):
        return self.k // 12

    def step(self, x):
        self.k += 1
        self.__dict__.pop("level", None)
        return x * (2 + self.level)


class PropertyOfAnother(Counting):
    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        self._level = value

    def __init__(self):
        super().__init__()
        self._level = 0

    def step(self, x):
        self.k += 1
        self.level = self.k // 12
        return x * (2 + self._level)


class Operators(Counting):
    def __mul__(self, x):
        return x * (2 + self.k // 12)

    def step(self, x):
        self.k += 1
        return self * x


class CallsItself(Counting):
    def __call__(self, x, late):
        return x * (2 + late)

    def step(self, x):
        self.k += 1
        return self(x, self.k // 12)


class Mapped(Counting):
    def scaled(self, v):
        return v * (2 + self.k // 12)

    def step(self, x):
        self.k += 1
        return torch.stack(list(map(self.scaled, x)))


class Reduced(Counting):
    def step(self, x):
        self.k += 1
        return x * (2 + functools.reduce(lambda a, b: a + b, [self.k // 12, 0]))


class Wrapped(Counting):
    @torch.no_grad()
    def level(self):
        return self.k // 12

    def step(self, x):
        self.k += 1
        return x * (2 + self.level())


class InAnException(Counting):
    def step(self, x):
        self.k += 1
        try:
            raise ValueError(self.k // 12)
        except ValueError as error:
            return x * (2 + error.args[0])


class ContextOfANumber(Counting):
    def __enter__(self):
        return self.k // 12

    def __exit__(self, *error):
        return None

    def step(self, x):
        self.k += 1
        with self as late:
            return x * (2 + late)


class GlobalOfANumber(Counting):
    def __init__(self):
        super().__init__()
        globals()["counted"] = 0

    def step(self, x):
        global counted
        self.k += 1
        counted = self.k // 12
        return x * (2 + counted)


counted = 0


class AttributeOfAModule(Counting):
    def __init__(self):
        super().__init__()
        globals()["counted"] = 0

    def step(self, x):
        self.k += 1
        module.counted = self.k // 12
        return x * (2 + counted)


class Delegated(Counting):
    """An attribute of a tensor, of which there is another in each step."""

    def step(self, x):
        self.k += 1
        y = x * 2
        y.late = self.k // 12
        return y * (2 + y.late)


class Enumeration(Counting):
    def step(self, x):
        self.k += 1
        pairs = dict(enumerate([self.k // 12, 1]))
        return x * (2 + pairs[0])


ATTACKS = [
    c for c in list(globals().values()) if isinstance(c, type) and c.__module__ == __name__ and hasattr(c, "step")
]
