"""What modules, the process and files hold."""

from __future__ import annotations

import functools
import json
import operator
import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from tests.capture import counting_module as ages
from tests.capture.case import exact, refused

DECIDES = r"the Python value .* changes from step to step and decides what is computed"
NAME = "LEAPP_TEST_AGE"


@refused(DECIDES, x=(1, 3))
class CounterOfAModule:
    """An attribute of another module."""

    def __init__(self) -> None:
        ages.count = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        ages.count = operator.add(ages.count, 1)
        return x * 3 if ages.count > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterThatAModuleMoves:
    """A function of another module counts there."""

    def __init__(self) -> None:
        ages.count = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        ages.move()
        return x * 3 if ages.count > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterThatAModuleGives:
    """Another function of it gives the count."""

    def __init__(self) -> None:
        ages.count = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        ages.move()
        return x * 3 if ages.given() > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterOfAModulesClass:
    """An attribute of a class of another module."""

    def __init__(self) -> None:
        ages.Kept.count = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        ages.Kept.count = operator.add(ages.Kept.count, 1)
        return x * 3 if ages.Kept.count > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInGlobals:
    """A global name that is written out as text."""

    def __init__(self) -> None:
        globals()["some_age"] = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        globals()["some_age"] = operator.add(globals()["some_age"], 1)
        return x * 3 if globals()["some_age"] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInVars:
    """An attribute that is written out as text."""

    def __init__(self) -> None:
        self.age = 0

    def step(self, x: torch.Tensor) -> torch.Tensor:
        vars(self)["age"] = operator.add(self.age, 1)
        return x * 3 if vars(self)["age"] > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInEnviron:
    """The environment of the process."""

    def __init__(self) -> None:
        os.environ[NAME] = "0"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        os.environ[NAME] = str(int(os.environ[NAME]) + 1)
        return x * 3 if int(os.environ[NAME]) > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class CounterInGetenv:
    """The environment of the process, read by a function."""

    def __init__(self) -> None:
        os.environ[NAME] = "0"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        os.environ[NAME] = str(int(os.environ[NAME]) + 1)
        return x * 3 if int(os.getenv(NAME, "0")) > 7 else x * 2


@refused(DECIDES, x=(1, 3))
class ReferencesToAnObject:
    """How many references an object has."""

    def __init__(self) -> None:
        self.thing, self.more = object(), []

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.more.append(self.thing)
        return x * 3 if sys.getrefcount(self.thing) > 11 else x * 2


@refused(DECIDES, x=(1, 3))
class FileThatAppears:
    """A file that is there or not: an emergency stop."""

    def __init__(self) -> None:
        self.stop = Path(tempfile.mkdtemp()) / "stop"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if self.stop.exists() else x * 2


@refused(DECIDES, x=(1, 3))
class FileThatAppearsByName:
    """The same by its name."""

    def __init__(self) -> None:
        self.stop = tempfile.mkdtemp() + "/stop"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if os.path.exists(self.stop) else x * 2  # noqa: PTH110


@refused(DECIDES, x=(1, 3))
class FileReadInEachStep:
    """What a file says."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp()) / "gait"
        self.path.write_text("walk")

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if self.path.read_text() == "run" else x * 2


@refused(DECIDES, x=(1, 3))
class FileOpenedInEachStep:
    """What a file says, if it can be read."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp() + "/gait"

    def read(self) -> str:
        try:
            with open(self.path) as file:  # noqa: PTH123
                return file.read()
        except OSError:
            return "walk"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        gait = self.read()
        return x * 3 if gait == "run" else x * 2


@refused(DECIDES, x=(1, 3))
class CounterOnAnotherThread:
    """A thread of a pool works out the gain."""

    def __init__(self) -> None:
        self.age, self.pool = 0, ThreadPoolExecutor(1)

    def step(self, x: torch.Tensor) -> torch.Tensor:
        self.age = operator.add(self.age, 1)
        gain = self.pool.submit(lambda: 1.0 + self.age // 10).result()
        return x * gain


@refused(DECIDES, x=(1, 3))
class NumbersOfTheSystem:
    """Random numbers of the operating system."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        return x * 3 if os.urandom(4) == bytes(4) else x * 2


@refused(DECIDES, x=(1, 3))
class NumbersForSecrets:
    """Random numbers for secrets, imported where they are used."""

    def step(self, x: torch.Tensor) -> torch.Tensor:
        import secrets

        return x * 3 if secrets.randbelow(1 << 40) == 0 else x * 2


@exact(x=(1, 3))
class ConfigurationReadOnce:
    """A file is read when its contents are needed first."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp()) / "gains.json"
        self.path.write_text(json.dumps({"gain": 2.0, "inverted": True}))
        self.known: dict[str, Any] | None = None

    def gains(self) -> dict[str, Any]:
        if self.known is None:
            with self.path.open() as file:
                self.known = json.load(file)
        return self.known

    def step(self, x: torch.Tensor) -> torch.Tensor:
        gains = self.gains()
        return -x * gains["gain"] if gains["inverted"] else x * gains["gain"]


@functools.cache
def read_once(path: Path) -> dict[str, Any]:
    """Return what a file says."""
    return json.loads(path.read_text())


@exact(x=(1, 3))
class ConfigurationInACache:
    """A function that keeps its results reads the file."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp()) / "gains.json"
        self.path.write_text(json.dumps({"gain": 2.0, "inverted": True}))

    def step(self, x: torch.Tensor) -> torch.Tensor:
        gains = read_once(self.path)
        return -x * gains["gain"] if gains["inverted"] else x * gains["gain"]


@exact(x=(1, 3))
def setting_of_the_environment(x: torch.Tensor) -> torch.Tensor:
    """A switch that nobody turns."""
    return x * 3 if os.environ.get("LEAPP_TEST_SWITCH") == "1" or os.getenv("LEAPP_TEST_OTHER") else x * 2


@exact(x=(1, 3))
class FileWrittenOnDemand:
    """What is computed is written to a file where one asks for it."""

    def __init__(self) -> None:
        self.asked = Path(tempfile.mkdtemp()) / "asked"

    def step(self, x: torch.Tensor) -> torch.Tensor:
        y = x * 2
        if self.asked.exists():
            self.asked.with_suffix(".txt").write_text(str(y))
        return y
