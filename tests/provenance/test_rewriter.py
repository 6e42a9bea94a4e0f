"""Rewritten code does what the original does, and tells where numbers come from."""

from __future__ import annotations

import gc
import sysconfig
import textwrap
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from leapp_core.tracing.provenance.hooks import Hooks
from leapp_core.tracing.provenance.rewriter import HOOKS, attributes, bound_to, rewritten
from leapp_core.tracing.record.recorder import TraceRecorder

STANDARD = Path(sysconfig.get_path("stdlib"))
FILES = [
    STANDARD / name
    for name in ("statistics.py", "argparse.py", "dataclasses.py", "heapq.py", "fractions.py", "inspect.py")
]
PIPELINES = sorted((Path(__file__).parents[1] / "idioms" / "pipelines").glob("*.py"))


def closed_hooks() -> Hooks:
    hooks = Hooks(TraceRecorder(0))
    hooks.close()
    return hooks


def copies_of(file: Path) -> dict[CodeType, CodeType]:
    return rewritten(str(file), attributes(str(file)).stored)


def everything_in(code: CodeType) -> list[Any]:
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return [*code.co_consts, *(constant for c in inner for constant in everything_in(c))]


@pytest.mark.parametrize("file", [*FILES, *PIPELINES[1:]], ids=lambda file: file.stem)
def test_code_objects_correspond(file: Path) -> None:
    pairs = copies_of(file)
    assert pairs
    for original, copy in pairs.items():
        assert original.co_name == copy.co_name
        assert original.co_freevars == copy.co_freevars
        assert original.co_firstlineno == copy.co_firstlineno
        assert original.co_varnames[: original.co_argcount] == copy.co_varnames[: copy.co_argcount]


CLASSES = """
import contextlib
class M:
    def __rmatmul__(self, other): return other * 3
class C:
    k = 3
    def go(self): self.k += 1; self.t = self.u = self.k; return self
class Base:
    def name(self): return 'base'
class Child(Base):
    __private = 2
    def name(self): self.__private += 1; return super().name() + __class__.__name__ + str(self.__private)
"""
PROGRAMS = {
    "arithmetic": "return [a + b * 2 - a % 3, -a, a // 2, a ** 2, a / b, ~a, a << 1, a @ M() if a else 0]",
    "in_place": """
        keep = same = [1]
        keep += [a]
        keep *= 2
        d = {'x': [1, 2]}
        d['x'][1] += b
        d['x'][0:1] = [7, 8]
        return same is keep, keep, d
    """,
    "attributes": """
        c = C().go().go()
        c.k, c.z = c.k * 2, [1]
        return c.k, c.t, c.u, c.z, C.k
    """,
    "calls": """
        def f(x, *rest, key=0, **more): return x, rest, key, sorted(more.items())
        args, named = (1, 2), {'p': 3}
        return f(a, *args, key=b, **named), list(map(lambda v: v + a, [1, 2])), sum(v * v for v in range(b))
    """,
    "comparisons": "return [a < b < 10, a == b, a in [a, 2], a is not None, not a, 1 < a <= b != 3 and 'yes' or 'no']",
    "control": """
        out = []
        for i, (x, y) in enumerate([(1, 2), (3, 4)]):
            while x < y and i < 5:
                x += 1
                if x == 3: continue
                out.append((i, x, y, f'{x:03d}{y!r}'))
        try:
            out[99]
        except IndexError as error:
            out.append(str(error))
        with open(__file__ if False else '/dev/null') as file: out.append(file.read())
        match out[0]:
            case (0, x, _): out.append(x)
            case _: out.append('none')
        return out
    """,
    "early returns": """
        def sign(x):
            if x > 2:
                y = x * 2
                if y > 100: return 'far'
                return y
            elif x < -2: return 'low'
            with open('/dev/null'):
                if x == 0: return None
                z = x
            if z > 0:
                return 'up', z
            return 'down', z
        def half(x):
            if x:
                if x > 0: return 'up'
            elif x is None: return 'none'
            for i in range(3):
                if i == x: return 'found'
            x = 'rest'
            return x
        def caught(x):
            with contextlib.suppress(ZeroDivisionError):
                if x > 1: return 1 / (x - 2)
                return 3
            return 'caught'
        def nothing(x):
            if x: return
        signs = [sign(x) for x in (99, 3, 0, 1, -1, -3)]
        return signs, [half(x) for x in (1, -1, 0, None)], nothing(a), [caught(x) for x in (1, 2, 3)]
    """,
    "conditional values": """
        c, said = C(), []
        def say(x): said.append(x); return x
        c.k, c.z = (say(a) or say(b), say(0) and say(2)) if a < say(9) < 20 else (0, 0)
        c.t = c.u = say(a) if b > 3 else say(b)
        x = say(1) + (say(2) if a else say(3)) * (say(4) if not a or b else say(5))
        y = [v if v % 2 else -v for v in range(4) if v or a]
        c.k += c.k if c.k > 1 else 1
        return c.k, c.z, c.t, c.u, x, y, said, not (a and b), (a or 0) and 'both'
    """,
    "names of ways": """
        out = []
        for i in range(a):
            if i % 2:
                seen = i
                u, v = i, -i
            elif i > 2:
                u, v = 7, 8
            else:
                u = v = 0
            out.append((u, v))
        del u
        return out, v, seen, (lambda: seen + v)()
    """,
    "scopes": """
        total = 0
        def add(n):
            nonlocal total
            total += n
            return total
        def count():
            k = 0
            while True:
                got = yield k * 2
                k += got or 1
        g = count()
        return add(a), add(b), [next(g), g.send(5), next(g)], Child().name(), {x: y for x, y in zip('ab', (a, b))}
    """,
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS)
def test_rewritten_functions_return_the_same(body: str, tmp_path: Path) -> None:
    source = CLASSES + "\ndef program(a, b):\n"
    file = tmp_path / "program.py"
    file.write_text(source + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n", encoding="utf-8")
    names: dict[str, Any] = {"__name__": "program", "__file__": str(file)}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec", dont_inherit=True), names)
    program = names["program"]
    copy = copies_of(file)[program.__code__]
    assert HOOKS in everything_in(copy)
    other = FunctionType(bound_to(copy, closed_hooks(), program.__code__), names)
    assert other(5, 4) == program(5, 4)


def test_functions_that_look_at_their_names_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "looking.py"
    file.write_text("def looks(a):\n    return locals()\n\ndef computes(a):\n    return a + 1\n", encoding="utf-8")
    assert [code.co_name for code in copies_of(file)] == ["computes"]


def test_a_file_without_source_is_left_alone() -> None:
    assert rewritten("<stdin>", frozenset()) == {}


def test_nothing_stays_behind() -> None:
    assert not [f for f in gc.get_objects() if type(f) is FunctionType and HOOKS in f.__code__.co_consts]
