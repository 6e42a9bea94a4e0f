"""Counters in objects of the standard library, of NumPy and of PyTorch, and in long containers."""

from __future__ import annotations

import abc
import array
import collections
import contextvars
import ctypes
import datetime
import decimal
import fractions
import logging
import multiprocessing
import operator
import queue
import threading
import types
import weakref

import numpy as np
import torch
from torch import nn

from tests.capture.case import exact, refused

DECIDES = r"the Python value .* changes from step to step and decides what is computed"
AGE: contextvars.ContextVar[int] = contextvars.ContextVar("AGE", default=0)


class Ages:
    """Counts."""

    age = 0


@refused(DECIDES, x=(1, 3))
class CounterInAFraction:
    """An exact fraction."""

    def __init__(self) -> None:
        self.age = fractions.Fraction(0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age = fractions.Fraction(1, 2) + self.age
        return x * 3 if self.age > 3 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInADecimal:
    """A decimal number."""

    def __init__(self) -> None:
        self.age = decimal.Decimal(0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age = decimal.Decimal(1) + self.age
        return x * 3 if self.age > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInATimedelta:
    """A span of time that grows by a step's length."""

    def __init__(self) -> None:
        self.age = datetime.timedelta()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age = datetime.timedelta(seconds=0.02).__add__(self.age)
        return x * 3 if self.age.total_seconds() > 0.15 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInADatetime:
    """A date that is moved on."""

    def __init__(self) -> None:
        self.now_is = datetime.datetime(2020, 1, 1)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.now_is = self.now_is.replace(second=self.now_is.second + 1)
        return x * 3 if self.now_is.second > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAnArray:
    """An array of the standard library."""

    def __init__(self) -> None:
        self.ages = array.array("i", [0])

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages[0] = operator.add(self.ages[0], 1)
        return x * 3 if self.ages[0] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAChainMap:
    """A chain of dictionaries."""

    def __init__(self) -> None:
        self.ages = collections.ChainMap({"a": 0})

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages["a"] = operator.add(self.ages["a"], 1)
        return x * 3 if self.ages["a"] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInACNumber:
    """A number of C."""

    def __init__(self) -> None:
        self.age = ctypes.c_int(0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age.value = operator.add(self.age.value, 1)
        return x * 3 if self.age.value > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInASemaphore:
    """A semaphore that is taken once per step."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(7)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        taken = self.free.acquire(blocking=False)
        return x * 3 if not taken else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInARange:
    """A range that grows."""

    def __init__(self) -> None:
        self.ages = range(0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages = range(operator.add(self.ages.stop, 1))
        return x * 3 if len(self.ages) > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInASlice:
    """A slice that grows."""

    def __init__(self) -> None:
        self.part = slice(0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.part = slice(operator.add(self.part.stop, 1))
        return x * 3 if self.part.stop > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterOfThisThread:
    """An attribute that each thread has for itself."""

    def __init__(self) -> None:
        self.here = threading.local()
        self.here.age = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.here.age = operator.add(self.here.age, 1)
        return x * 3 if self.here.age > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAContext:
    """A context variable."""

    def __init__(self) -> None:
        AGE.set(0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        AGE.set(AGE.get() + 1)
        return x * 3 if AGE.get() > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInALogLevel:
    """The level of a logger."""

    def __init__(self) -> None:
        self.log = logging.getLogger("leapp.test")
        self.log.setLevel(10)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.log.setLevel(self.log.level + 1)
        return x * 3 if self.log.level > 17 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAQueue:
    """A queue written in C."""

    def __init__(self) -> None:
        self.waiting = queue.SimpleQueue()

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.waiting.put(0)
        return x * 3 if self.waiting.qsize() > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInSharedMemory:
    """A number that processes share."""

    def __init__(self) -> None:
        self.age = multiprocessing.Value("i", 0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age.value = operator.add(self.age.value, 1)
        return x * 3 if self.age.value > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterBehindAWeakReference:
    """The object that counts is held elsewhere."""

    def __init__(self) -> None:
        self.other = Ages()
        self.seen = weakref.ref(self.other)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.other.age = operator.add(self.other.age, 1)
        return x * 3 if self.seen().age > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInALongList:
    """A list of many numbers."""

    def __init__(self) -> None:
        self.ages = [0] * 400

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages[399] = operator.add(self.ages[399], 1)
        return x * 3 if self.ages[399] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInManyObjects:
    """A list of many objects."""

    def __init__(self) -> None:
        self.all = [Ages() for _ in range(400)]

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.all[399].age = operator.add(self.all[399].age, 1)
        return x * 3 if self.all[399].age > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInASet:
    """A set of one number."""

    def __init__(self) -> None:
        self.ages = {0}

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages = {max(self.ages) + 1}
        return x * 3 if 7 in self.ages else x * 2


@refused(DECIDES, x=(1, 3))
class CounterUnderATuple:
    """A dictionary whose keys are tuples; the last of them never changes."""

    def __init__(self) -> None:
        self.ages = {(0, 0): 0, (0, 1): 0}

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages[0, 0] = operator.add(self.ages[0, 0], 1)
        return x * 3 if self.ages[0, 0] > 7 else x * 2


@refused("decides what is computed", x=(1, 3))
class CounterInALongArray:
    """A NumPy array of many numbers."""

    def __init__(self) -> None:
        self.ages = np.zeros(9000)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        np.add(self.ages, 1, out=self.ages)
        return x * 3 if self.ages[8999] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAnArrayOfObjects:
    """A NumPy array of objects."""

    def __init__(self) -> None:
        self.ages = np.array([0], dtype=object)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages[0] = operator.add(self.ages[0], 1)
        return x * 3 if self.ages[0] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAnArrayOfRecords:
    """A NumPy array with named fields."""

    def __init__(self) -> None:
        self.ages = np.zeros(1, dtype=[("a", "i4")])

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages["a"][0] = operator.add(int(self.ages["a"][0]), 1)
        return x * 3 if self.ages["a"][0] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterOnATensor:
    """An attribute of a tensor."""

    def __init__(self) -> None:
        self.gains = torch.ones(3)
        self.gains.age = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.gains.age = operator.add(self.gains.age, 1)
        return x * 3 if self.gains.age > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class VersionOfATensor:
    """How often a tensor was written."""

    def __init__(self) -> None:
        self.scratch = torch.zeros(3)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.scratch.zero_()
        return x * 3 if self.scratch._version > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class RateOfAnOptimizer:
    """The rate of an optimizer, changed by hand."""

    def __init__(self) -> None:
        self.optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], 1.0)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.optimizer.param_groups[0]["lr"] *= 0.9
        return x * 3 if self.optimizer.param_groups[0]["lr"] < 0.5 else x * 2


@refused(DECIDES, x=(1, 3))
class RateOfASchedule:
    """The rate of an optimizer, changed by a schedule of PyTorch."""

    def __init__(self) -> None:
        self.optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], 1.0)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 7, 0.1)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.optimizer.step()
        self.schedule.step()
        return x * 3 if self.optimizer.param_groups[0]["lr"] < 0.5 else x * 2


@refused(DECIDES, x=(1, 3))
class OrderOfADictionary:
    """The first entry goes to the end in each step."""

    def __init__(self) -> None:
        self.late = {i: i > 7 for i in range(12)}

    def step(self, x: torch.Tensor) -> torch.Tensor:
        first = next(iter(self.late))
        self.late[first] = self.late.pop(first)
        return x * 3 if next(iter(self.late.values())) else x * 2


@refused(DECIDES, x=(1, 3))
class OrderOfAnOrderedDictionary:
    """The same in place."""

    def __init__(self) -> None:
        self.late = collections.OrderedDict((i, i > 7) for i in range(12))

    def step(self, x: torch.Tensor) -> torch.Tensor:
        first = next(iter(self.late))
        self.late.move_to_end(first)
        return x * 3 if next(iter(self.late.values())) else x * 2


@refused(DECIDES, x=(1, 3))
class AttributeThatAppears:
    """An attribute that is set some day and asked for by name."""

    def __init__(self) -> None:
        self.age = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age = operator.add(self.age, 1)
        if self.age > 7:
            self.late = True
        return x * 3 if hasattr(self, "late") else x * 2


@refused(DECIDES, x=(1, 3))
class AttributeThatAppearsInVars:
    """The same, looked up in the dictionary of the object."""

    def __init__(self) -> None:
        self.age = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age = operator.add(self.age, 1)
        if self.age > 7:
            self.late = True
        return x * 3 if "late" in vars(self) else x * 2


@refused(DECIDES, x=(1, 3))
class DefaultSetSomeDay:
    """A setting of PyTorch."""

    def __init__(self) -> None:
        self.waiting = [0] * 7

    def step(self, x: torch.Tensor) -> torch.Tensor:
        if self.waiting:
            self.waiting.pop()
        else:
            torch.set_num_threads(1)
        return x * 3 if torch.get_num_threads() < 1 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInAMaskedArray:
    """A NumPy array with a mask."""

    def __init__(self) -> None:
        self.ages = np.ma.zeros(1)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.ages[0] = operator.add(float(self.ages[0]), 1)
        return x * 3 if self.ages[0] > 7 else x * 2


@exact(x=(1, 3))
class KeptWithoutDeciding:
    """Objects of the standard library that say how long it runs, and values of theirs that never change."""

    def __init__(self) -> None:
        self.log = logging.getLogger("leapp.test.quiet")
        self.lock, self.ages = threading.Lock(), array.array("i", [0])
        self.since, self.period = datetime.timedelta(), decimal.Decimal("0.02")
        self.gains = torch.tensor([1.0, 2.0, 3.0])
        self.gains.scale, self.gains.used = 2.0, 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        with self.lock:
            self.ages[0] += 1
            self.gains.used += 1
            self.since += datetime.timedelta(seconds=float(self.period))
        if self.log.isEnabledFor(logging.DEBUG):
            self.log.debug("after %s: %s", self.since, float(x.mean()))
        return x * self.gains * self.gains.scale


@exact(x=(1, 3))
class OptimizerAtHand:
    """A network that is trained elsewhere, with its optimizer and schedule."""

    def __init__(self) -> None:
        self.net = nn.Linear(3, 2)
        self.optimizer = torch.optim.Adam(self.net.parameters())
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 10)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


class Reading(abc.ABC):
    """A sensor that knows how old its reading is."""

    age = 0

    @abc.abstractmethod
    def read(self, x: torch.Tensor) -> torch.Tensor:
        """Return the reading."""


def _double(self: Reading, x: torch.Tensor) -> torch.Tensor:
    return x * 2


# Python says that these are classes of its own modules "abc" and "types".
Made = type("Made", (Reading,), {"read": _double})
NewlyMade = types.new_class("NewlyMade", (), {}, lambda body: body.update(read=_double, age=0))


class Sensors:
    """Sensors by name."""

    def __init__(self, **sensors: Reading) -> None:
        self._sensors = sensors

    def __getitem__(self, name: str) -> Reading:
        return self._sensors[name]


@exact(x=(1, 3))
class SensorOfAMadeClass:
    """Sensors whose classes are made at run time and that count what nobody asks for."""

    def __init__(self) -> None:
        self.sensors = Sensors(imu=Made(), foot=NewlyMade())

    def step(self, x: torch.Tensor) -> torch.Tensor:
        for name in ("imu", "foot"):
            x = self.sensors[name].read(x)
            self.sensors[name].age = operator.add(self.sensors[name].age, 1)
        return x


@refused(DECIDES, x=(1, 3))
class CounterInAMadeClass:
    """A sensor whose class is made at run time and that counts."""

    def __init__(self) -> None:
        self.sensors = Sensors(imu=NewlyMade())

    def step(self, x: torch.Tensor) -> torch.Tensor:
        sensor = self.sensors["imu"]
        sensor.age = operator.add(1, sensor.age)
        return sensor.read(x) if sensor.age > 7 else x
