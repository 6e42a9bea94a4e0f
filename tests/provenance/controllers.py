"""Random controllers in the shape people write: first frames, histories, queues, modes, timers, filters of their own.

``python -m tests.provenance.drawn COUNT --shape controllers`` runs them; :mod:`tests.provenance.drawn` says how they
are judged. A controller is made of two to four parts, each with state and a few lines of a step; parts read each
other's numbers and tensors, and their lines are put behind branches and into loops at random.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEAD = """import copy
import enum
import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import torch

COUNT = 0


class Mode(enum.Enum):
    STAND = 0
    WALK = 1


@dataclass
class Gains:
    kp: float = 1.0
    late: int = 0


class LowPass:
    def __init__(self, share):
        self.share = share
        self.held = None
        self.calls = 0

    def __call__(self, value):
        self.calls += 1
        if self.held is None:
            self.held = value.clone()
        self.held = self.share * self.held + (1 - self.share) * value
        return self.held


class Drawn:
    def __init__(self):
"""


@dataclass(frozen=True)
class Part:
    """A piece of a controller.

    Attributes:
        starts: Lines of ``__init__``.
        lines: Lines of the step; ``x`` is the reading, ``y`` the action so far, both of three numbers.
        numbers: Expressions that give Python numbers.
        tensors: Expressions that give tensors of three numbers.
        tests: Expressions that give a truth value.
        methods: Further methods.
    """

    starts: tuple[str, ...]
    lines: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    tensors: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


class Drawn:
    """Draws one controller.

    Args:
        seed: Seed of every choice.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = ["float(x[0])", "x[1].item()", "2", "0.25"]
        self._tensors = ["x", "x * 0.5", "torch.tanh(x)"]
        self._tests = ["x[0] > 0.3", "x.norm().item() > 1.5", "float(x[2]) < -0.5"]

    def source(self) -> str:
        """Return the source of the class ``Drawn``."""
        makers = self._random.sample(PARTS, self._random.randint(2, 4))
        parts = [make(self, chr(ord("a") + at)) for at, make in enumerate(makers)]
        for part in parts:
            self._numbers += part.numbers
            self._tensors += part.tensors
            self._tests += part.tests
        step = ["y = x * 1.0"]
        for part in parts:
            step += self._wrapped(part.lines)
            if self._random.random() < 0.4:
                step += self._wrapped((self._use(),))
        step.append(self._use())
        if self._random.random() < 0.15:
            step.insert(self._random.randint(1, len(_blocks(step))), f"if {self.test()}:\n    return y * 0.0")
        starts = [line for part in parts for line in part.starts]
        methods = "".join(f"\n{_indented(text, 4)}" for part in parts for text in part.methods)
        lines = _indented(_joined(["global COUNT", *step, "return y"]), 8)
        made = _indented("\n".join(["torch.manual_seed(3)", *starts, "self.policy = torch.nn.Linear(3, 3)"]), 8)
        return f"{HEAD}{made}{methods}\n    def step(self, x):\n{lines}"

    # -- choices that parts make ---------------------------------------------------------------------------------------

    def pick(self, *choices: str) -> str:
        """Return one of the texts."""
        return self._random.choice(choices)

    def number(self) -> str:
        """Return an expression of a Python number, of what was drawn so far."""
        return self._random.choice(self._numbers)

    def tensor(self) -> str:
        """Return an expression of a tensor of three numbers."""
        return self._random.choice(self._tensors)

    def test(self) -> str:
        """Return a truth value."""
        drawn = self._random.random()
        if drawn < 0.6:
            return self._random.choice(self._tests)
        if drawn < 0.8:
            return f"{self.number()} {self.pick('>', '<', '>=')} {self.pick('0', '1', '3', '40', '1.5', '-0.5')}"
        first, second = self._random.choice(self._tests), self._random.choice(self._tests)
        return self.pick(f"{first} and {second}", f"{first} or {second}", f"not ({first})")

    # -- shapes of a step ----------------------------------------------------------------------------------------------

    def _wrapped(self, lines: Sequence[str]) -> list[str]:
        drawn = self._random.random()
        text = _joined(lines)
        if drawn < 0.6:
            return [text]
        if drawn < 0.75:
            return [f"if {self.test()}:\n{_indented(text, 4)}"]
        if drawn < 0.85:
            return [f"if {self.test()}:\n{_indented(text, 4)}else:\n{_indented(self._use(), 4)}"]
        if drawn < 0.92:
            return [f"for k in range({self.pick('2', '3')}):\n{_indented(text, 4)}"]
        return [f"try:\n{_indented(text, 4)}except ValueError:\n    y = y * 0.0"]

    def _use(self) -> str:
        tensor, number = self.tensor(), self.number()
        return self.pick(
            f"y = y + {tensor}",
            f"y = y * ({number})",
            f"y = y - 0.1 * ({number})",
            f"y = {tensor} if {self.test()} else y",
            f"y = torch.where(y > {number}, y, {tensor})",
            f"y = y + torch.tensor([{number}, 0.0, 1.0])",
            f"y = y.clamp(-abs({number}) - 1.0, 5.0)",
            f"y += {tensor}",
            f"y[{self.pick('0', '1', '-1')}] = {number}",
            f"y = self.policy(y) + {tensor}",
            f"y = y + max({number}, {self.number()})",
        )


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" if line else "\n" for line in text.splitlines())


def _blocks(lines: Sequence[str]) -> Sequence[str]:
    return lines[:-1]


# -- parts -------------------------------------------------------------------------------------------------------------


def _first_frame(of: Drawn, n: str) -> Part:
    update = of.pick(
        f"self.{n} = {of.pick('x', 'y', 'x.clone()', 'y.clone()', 'y * 0.5')}",
        f"self.{n} = 0.9 * self.{n} + 0.1 * {of.tensor()}",
        f"self.{n}.copy_({of.tensor()})",
        f"self.{n} += 0.1 * {of.tensor()}",
        f"self.{n}.lerp_({of.tensor()}, 0.2)",
    )
    test = of.pick(f"self.{n} is None", f"self.{n} is None", f"not hasattr(self, 'made_{n}')")
    return Part(
        (f"self.{n} = None",),
        (
            f"if {test}:",
            f"    self.{n} = {of.pick('x.clone()', 'torch.zeros(3)', 'y * 2.0', 'x * 1.0')}",
            f"    self.made_{n} = True",
            of.pick(f"y = y + self.{n}", f"y = (y - self.{n}) / 0.02", f"y = torch.maximum(y, self.{n})"),
            update,
        ),
    )


def _flag_first(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n}_first = True", f"self.{n} = torch.zeros(3)"),
        (
            f"if self.{n}_first:",
            f"    self.{n} = {of.tensor()}.clone()",
            f"    self.{n}_first = False",
            of.pick("else:", f"elif {of.test()}:"),
            f"    self.{n} = self.{n} + {of.pick('0.3', '1.0')} * (y - self.{n})",
        ),
        tensors=(f"self.{n}",),
    )


def _history(of: Drawn, n: str) -> Part:
    length = of.pick("2", "3", "5")
    kind = of.pick("deque", "list")
    start = (
        f"deque([torch.zeros(3)] * {length}, maxlen={length})"
        if kind == "deque"
        else f"[torch.zeros(3) for _ in range({length})]"
    )
    push = (
        of.pick(f"self.{n}.append({of.pick('x', 'y', 'x.clone()')})", f"self.{n}.appendleft(y.clone())")
        if kind == "deque"
        else of.pick(f"self.{n}.pop(0); self.{n}.append(x.clone())", f"self.{n} = self.{n}[1:] + [y * 1.0]",
                     f"self.{n}.insert(0, y.clone()); self.{n}.pop()")
    )  # fmt: skip
    read = of.pick(
        f"y = y + torch.stack(list(self.{n})).mean(0)",
        f"y = y - self.{n}[0]",
        f"y = y + sum(self.{n}) / {length}",
        f"y = torch.cat([*self.{n}]).reshape({length}, 3).amax(0) + y",
        f"for at, old in enumerate(self.{n}):\n    y = y + old * {of.pick('at', '0.5', '(at + 1)')}",
    )
    lines = (push, read) if of.pick("first", "then") == "first" else (read, push)
    return Part((f"self.{n} = {start}",), lines, tensors=(f"self.{n}[-1]",))


def _empty_history(of: Drawn, n: str) -> Part:
    length = of.pick("2", "3")
    start, pop = of.pick(f"deque(maxlen={length}) popleft()", "[] pop(0)").split()
    return Part(
        (f"self.{n} = {start}",),
        (
            f"while len(self.{n}) < {length}:\n    self.{n}.append({of.pick('x.clone()', 'torch.zeros(3)')})",
            of.pick(f"self.{n}.append(y.clone())", f"self.{n}.append(x)"),
            f"if len(self.{n}) > {length}:\n    self.{n}.{pop}",
            f"y = y + torch.stack(list(self.{n})[-{length}:]).sum(0)",
        ),
    )


def _counter(of: Drawn, n: str) -> Part:
    period = of.pick("2", "3", "7", "50")
    update = of.pick(
        f"self.{n} += 1",
        f"self.{n} = (self.{n} + 1) % {period}",
        f"self.{n} = self.{n} + 1 if {of.test()} else 0",
        f"self.{n} = min(self.{n} + 1, {period})",
        f"self.{n} -= 1\nif self.{n} < 0:\n    self.{n} = {period}",
    )
    return Part(
        (f"self.{n} = {of.pick('0', '0', '3')}",),
        (update,),
        numbers=(f"self.{n}", f"self.{n} / 7", f"math.sin(self.{n} * 0.1)"),
        tests=(f"self.{n} % {period} == 0", f"self.{n} > {of.pick('2', '30', '1000')}", f"self.{n}"),
    )


def _repeat(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = 0", f"self.{n}_held = {of.pick('None', 'torch.zeros(3)')}"),
        (
            f"if self.{n} % {of.pick('2', '4')} == 0:",
            f"    self.{n}_held = torch.tanh(self.policy({of.tensor()}))",
            f"self.{n} += 1",
            f"y = y + self.{n}_held",
        ),
    )


def _floats(of: Drawn, n: str) -> Part:
    update = of.pick(
        f"self.{n}[self.{n}_at % 4] = {of.number()}\nself.{n}_at += 1",
        f"self.{n}.append({of.number()})\nself.{n}.pop(0)",
        f"self.{n}[0], self.{n}[1] = self.{n}[1], {of.number()}",
        f"self.{n} = [v * 0.9 + 0.1 * {of.number()} for v in self.{n}]",
    )
    return Part(
        (f"self.{n} = [0.0, 1.0, 2.0, 0.5]", f"self.{n}_at = 0"),
        (update,),
        numbers=(f"sum(self.{n})", f"max(self.{n})", f"self.{n}[-1]", f"self.{n}[self.{n}_at % 4]", f"len(self.{n})"),
        tests=(f"any(v > 0.5 for v in self.{n})", f"self.{n}[0] < 0.7"),
    )


def _mapping(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = {{'count': 0, 'gain': 1.0, 'last': torch.zeros(3)}}",),
        (
            of.pick(f"self.{n}['count'] += 1", f"self.{n}.update(count=self.{n}['count'] + 1)"),
            of.pick(f"self.{n}['last'] = y.clone()", f"self.{n}['last'] = self.{n}['last'] * 0.9 + x"),
            f"self.{n}['gain'] = {of.pick('0.9', '1.0')} * self.{n}.get('gain', 1.0) + 0.1 * {of.number()}",
        ),
        numbers=(f"self.{n}['gain']", f"self.{n}['count']"),
        tensors=(f"self.{n}['last']",),
        tests=(f"self.{n}['count'] > 3",),
    )


def _latch(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = False",),
        (f"if {of.test()}:\n    self.{n} = {of.pick('True', 'not self.' + n)}",),
        tests=(f"self.{n}", f"not self.{n}"),
    )


def _mode(of: Drawn, n: str) -> Part:
    stand, walk = of.pick("'stand' 'walk'", "Mode.STAND Mode.WALK", "0 1").split()
    return Part(
        (f"self.{n} = {stand}",),
        (
            f"if self.{n} == {stand} and {of.test()}:\n    self.{n} = {walk}",
            f"elif self.{n} == {walk} and {of.test()}:\n    self.{n} = {stand}",
        ),
        tests=(f"self.{n} == {walk}", f"self.{n} is not {stand}" if "Mode" in stand else f"self.{n} != {stand}"),
    )


def _timer(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = 0.0",),
        (
            f"if {of.test()}:\n    self.{n} = {of.pick('0.1', '0.5')}",
            f"if self.{n} > 0:\n    self.{n} -= 0.02\n    y = y * 0.5",
        ),
        numbers=(f"self.{n}",),
        tests=(f"self.{n} > 0.05",),
    )


def _filter(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = LowPass({of.pick('0.9', '0.5')})",),
        (f"y = self.{n}({of.pick('y', of.tensor())})",),
        numbers=(f"self.{n}.calls", f"self.{n}.share"),
    )


def _queue(of: Drawn, n: str) -> Part:
    kind, pop = of.pick("deque popleft()", "list pop(0)", "list pop()").split()
    fill = of.pick(
        f"self.{n} = {kind}(torch.stack([{of.tensor()}, x, x * 2]).unbind(0))",
        f"self.{n}.extend([x * k for k in range(3)])",
    )
    return Part(
        (f"self.{n} = {kind}()",),
        (f"if {of.pick(f'not self.{n}', f'len(self.{n}) == 0')}:\n    {fill}", f"y = y + self.{n}.{pop}"),
        numbers=(f"len(self.{n})",),
    )


def _gains(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = Gains()",),
        (
            f"self.{n}.late += 1",
            f"self.{n}.kp = {of.pick(f'min(self.{n}.kp + 0.1, 5.0)', f'self.{n}.kp * 0.99', of.number())}",
        ),
        numbers=(f"self.{n}.kp", f"self.{n}.late"),
        tests=(f"self.{n}.late >= {of.pick('2', '5', '100')}",),
    )


def _global(of: Drawn, n: str) -> Part:
    return Part(
        ("global COUNT", "COUNT = 0"), ("COUNT += 1",), numbers=("COUNT",), tests=(f"COUNT > {of.pick('2', '60')}",)
    )


def _of_class(of: Drawn, n: str) -> Part:
    return Part(
        (f"type(self).{n} = 0",),
        (f"type(self).{n} += 1",),
        numbers=(f"self.{n}",),
        tests=(f"self.{n} > {of.pick('1', '20')}",),
    )


def _array(of: Drawn, n: str) -> Part:
    update = of.pick(
        f"self.{n}[:] = x.numpy()",
        f"self.{n} = np.roll(self.{n}, 1)",
        f"self.{n}[0] += 1",
        f"self.{n} = 0.5 * self.{n} + 0.5 * y.detach().numpy()",
        f"self.{n}[{of.pick('0', '1')}] = {of.number()}",
    )
    return Part(
        (f"self.{n} = np.zeros(3, dtype=np.float32)",),
        (update,),
        tensors=(f"torch.from_numpy(self.{n})", f"torch.as_tensor(self.{n}).clone()", f"torch.tensor(self.{n})"),
        numbers=(f"float(self.{n}[0])",),
    )


def _swap(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n}_old, self.{n}_new = torch.zeros(3), torch.ones(3)",),
        (
            of.pick(
                f"self.{n}_old, self.{n}_new = self.{n}_new, {of.pick('y', 'x.clone()')}",
                f"self.{n}_old = self.{n}_new\nself.{n}_new = y.clone()",
                f"self.{n}_old, self.{n}_new = self.{n}_new, self.{n}_old\nself.{n}_new[:] = y",
            ),
        ),
        tensors=(f"self.{n}_old", f"(self.{n}_new - self.{n}_old)"),
    )


def _alias(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = torch.zeros(3)", f"self.{n}_view = self.{n}[1:]"),
        (
            of.pick(f"self.{n} = y", f"self.{n}[0] = y[1]", f"self.{n}_view += y[:2]", f"self.{n}.mul_(0.9).add_(x)"),
            of.pick("y = y * 2", "y *= 0.5", f"self.{n}_view[0] = {of.number()}"),
        ),
        tensors=(f"self.{n}", f"torch.cat([self.{n}_view, y[:1]])"),
    )


def _table(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = torch.linspace(-1.0, 1.0, 30).reshape(10, 3)", f"self.{n}_at = 0"),
        (
            f"y = y + self.{n}[self.{n}_at]",
            of.pick(f"self.{n}_at = (self.{n}_at + 1) % 10", f"self.{n}_at = min(self.{n}_at + 1, 9)",
                    f"self.{n}_at = int(x.argmax())", f"self.{n}_at = (self.{n}_at + int(abs({of.number()}))) % 10"),
        ),
        numbers=(f"self.{n}_at",),
    )  # fmt: skip


def _target(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = None",),
        (
            f"if {of.test()}:\n    self.{n} = {of.pick('x.clone()', 'y')}",
            f"if self.{n} is not None:\n    y = y + {of.pick('0.5', '1.0')} * (self.{n} - x)",
            *((f"if {of.test()}:\n    self.{n} = None",) if of.pick("back", "stays") == "back" else ()),
        ),
    )


def _search(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = 0",),
        (
            f"for k in range(5):\n    if k * 0.3 > abs({of.number()}):\n        break\n    self.{n} = k",
            f"while self.{n} > {of.pick('1', '3')}:\n    self.{n} -= 1\n    y = y * 0.9",
        ),
        numbers=(f"self.{n}",),
    )


def _helper(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = 0",),
        (f"y = self.shaped_{n}(y, {of.number()})",),
        numbers=(f"self.{n}",),
        methods=(
            f"def shaped_{n}(self, value, by=1.0):\n"
            f"    self.{n} += 1\n"
            f"    if {of.pick(f'self.{n} < 3', 'by > 0.5', 'value.sum() > 0')}:\n"
            f"        return value\n"
            f"    return value * {of.pick('0.5', 'math.tanh(by)', f'min(1.0, self.{n} / 50)')}\n",
        ),
    )


def _match(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = 0",),
        (
            f"match self.{n} % {of.pick('2', '3')}:\n"
            f"    case 0:\n        y = y + {of.tensor()}\n"
            f"    case 1:\n        y = y * 0.5\n"
            f"    case _:\n        pass",
            f"self.{n} += 1",
        ),
        tests=(f"self.{n} % 5 == 4",),
    )


def _copied(of: Drawn, n: str) -> Part:
    return Part(
        (f"self.{n} = [torch.zeros(3), 0]",),
        (
            of.pick(f"self.{n} = copy.deepcopy(self.{n})", f"self.{n} = list(self.{n})"),
            f"self.{n}[1] += 1",
            f"self.{n}[0] = self.{n}[0] + {of.tensor()}",
        ),
        numbers=(f"self.{n}[1]",),
        tensors=(f"self.{n}[0]",),
    )


PARTS: tuple[Callable[[Drawn, str], Part], ...] = (
    _first_frame, _flag_first, _history, _empty_history, _counter, _repeat, _floats, _mapping, _latch, _mode, _timer,
    _filter, _queue, _gains, _global, _of_class, _array, _swap, _alias, _table, _target, _search, _helper, _match,
    _copied,
)  # fmt: skip
