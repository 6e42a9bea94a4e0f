"""Where in the user's code a call was made, cheap enough to ask at every call."""

from __future__ import annotations

import dis
import importlib.util
import inspect
import linecache
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple


def _spelled(*folders: Path | str) -> tuple[str, ...]:
    """Return folders as given and with links followed: code of a linked environment names itself either way."""
    return tuple({str(spelling) for folder in map(Path, folders) for spelling in (folder, folder.resolve())})


def _folders(*packages: str) -> tuple[str, ...]:
    """Return the folders of installed packages, without importing them."""
    specs = [importlib.util.find_spec(name) for name in packages]
    places = [place for spec in specs if spec is not None for place in spec.submodule_search_locations or ()]
    return tuple(f"{folder}{os.sep}" for folder in _spelled(*places))


_CAPTURE = _spelled(Path(__file__).parents[1])
_CORE = _spelled(Path(__file__).parents[2])
_HOOKS = _spelled(Path(__file__).parents[1] / "provenance")
"""Frames of hooks lie between a call and the rewritten code that makes it; they are no part of a call site."""
_INSTALLED = _spelled(*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))
_STANDARD = _spelled(sysconfig.get_path("stdlib"))
_LIBRARIES = _folders("torch", "numpy", "tensordict")
MAX_DEPTH = 48
_PRECALL = dis.opmap.get("PRECALL")
_CACHE = dis.opmap.get("CACHE")
_TO_CALL = 4  # bytes: the instruction and its cache
# A generator's frame is one activation that may lie above another frame each time.
_RESUMED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_IN_NOTHING, _NO_DRIVER, _IN_DRIVER = -1, 0, 1
_NOWHERE = (compile("", "<unknown>", "exec"), 0, _NO_DRIVER)


FunctionKey = tuple[str, int, str]
"""What a function's code tells of it: file, first line (of its decorators, if it has any), name."""


def function_key(code: CodeType) -> FunctionKey:
    """Return what code tells of its function, which its source tells too."""
    return code.co_filename, code.co_firstlineno, code.co_name


class UserFrame(NamedTuple):
    """A frame of the user's code.

    Attributes:
        file: Its file.
        line: The line it was at.
        code: Its code.
        lasti: The instruction it was at.
        driver: It is the frame that opened the session.
    """

    file: str
    line: int
    code: CodeType
    lasti: int
    driver: bool


class CallSites:
    """Interned Python call stacks of one session.

    A stack is the frames between the call and the *driver* frame (the one that opened the session), which is left
    out: steps may be written one below the other there. Stacks are compared by number.

    Args:
        driver: ``id`` of the driver frame; 0 if there is none.
        own: File of our handlers.
    """

    def __init__(self, driver: int, own: str = "") -> None:
        self._driver = driver
        self._own = own
        self._driver_frame: tuple[CodeType, int] | None = None
        # A stack is its innermost frame and the number of the stack below; the first two are empty.
        self._links: list[tuple[CodeType, int, int]] = [_NOWHERE, _NOWHERE]
        self._numbers: dict[tuple[int, int, int], int] = {}
        self._looked_up: dict[tuple[int, int, bool], UserFrame | None] = {}
        self._waiting: dict[tuple[int, int], int] = {}
        """Where the driver frame waits for a call, by its code and the last instruction."""
        # While a frame is held it is the same activation, and so are those below it: they wait for it to return.
        self._top: FrameType | None = None
        self._below, self._position = _NO_DRIVER, -1
        self._caller: FrameType | None = None
        self._caller_lasti = -1
        self._caller_stack = _NO_DRIVER, -1

    @property
    def driver(self) -> int:
        """``id`` of the driver frame; 0 if there is none."""
        return self._driver

    def number(self, frame: FrameType) -> tuple[int, int]:
        """Return the number of the stack that ends in ``frame`` and the driver frame's position (or -1).

        A frame of our own handlers on top is left out.
        """
        if frame.f_code.co_filename == self._own and frame.f_back is not None:
            frame = frame.f_back
        frame = above_hooks(frame)
        if frame is not self._top or frame.f_code.co_flags & _RESUMED:
            self._look_below(frame)
        if self._below == _IN_NOTHING:
            return self._drive(frame)
        found = self._numbers.get((self._below, id(frame.f_code), frame.f_lasti))
        return (self._intern(self._below, frame) if found is None else found), self._position

    def _look_below(self, frame: FrameType) -> None:
        self._top = frame
        if id(frame) == self._driver:
            self._below, self._position = _IN_NOTHING, -1
            return
        below = frame.f_back
        same = below is not None and below is self._caller and below.f_lasti == self._caller_lasti
        if same and below is not None and not below.f_code.co_flags & _RESUMED:
            self._below, self._position = self._caller_stack
            return
        self._caller, self._caller_lasti = below, below.f_lasti if below is not None else -1
        self._below, self._position = self._caller_stack = self._walk(below)

    def release(self) -> None:
        """Let go of the frames that were looked at last."""
        self._top = self._caller = None

    def _drive(self, frame: FrameType) -> tuple[int, int]:
        key = id(frame.f_code), frame.f_lasti
        position = self._waiting.get(key)
        if position is None:
            position = self._waiting[key] = _call_at(frame.f_code, frame.f_lasti)
        self._driver_frame = (frame.f_code, position)
        return _IN_DRIVER, position

    def _walk(self, frame: FrameType | None) -> tuple[int, int]:
        frames: list[FrameType] = []
        stack, position = _NO_DRIVER, -1
        while frame is not None and len(frames) < MAX_DEPTH:
            if id(frame) == self._driver:
                stack, position = self._drive(frame)
                break
            if not frame.f_code.co_filename.startswith(_HOOKS):
                frames.append(frame)
            frame = frame.f_back
        for above in reversed(frames):
            found = self._numbers.get((stack, id(above.f_code), above.f_lasti))
            stack = self._intern(stack, above) if found is None else found
        return stack, position

    def _intern(self, below: int, frame: FrameType) -> int:
        code, lasti = frame.f_code, _call_at(frame.f_code, frame.f_lasti)
        if code.co_filename == self._own:  # which way our handler took tells nothing of the user's code
            lasti = 0
        number = self._numbers.get((below, id(code), lasti))
        if number is None:
            number = self._numbers[below, id(code), lasti] = len(self._links)
            self._links.append((code, lasti, below))
        self._numbers[below, id(code), frame.f_lasti] = number
        return number

    def _frames(self, number: int) -> tuple[list[tuple[CodeType, int]], tuple[CodeType, int] | None]:
        """Return the frames of a stack, innermost first, and the driver frame if it ends there."""
        frames = []
        while number > _IN_DRIVER:
            code, lasti, number = self._links[number]
            frames.append((code, lasti))
        return frames, self._driver_frame if number == _IN_DRIVER else None

    def user_frame(self, number: int, line: int = -1) -> tuple[str, int]:
        """Return file and line of the innermost frame that is the user's: not torch's, not ours."""
        frames, driver = self._frames(number)
        if driver is not None:
            frames.append((driver[0], line if line >= 0 else driver[1]))
        for code, lasti in frames:
            if not is_library(code.co_filename):
                return code.co_filename, line_of(code, lasti)
        code, lasti = frames[0] if frames else _NOWHERE[:2]
        return code.co_filename, line_of(code, lasti)

    def user_frames(self, number: int, line: int = -1) -> list[UserFrame]:
        """Return the frames of a stack that are the user's, innermost first, the driver's included."""
        frames, driver = self._frames(number)
        own = [(code, lasti, False) for code, lasti in frames]
        if driver is not None:
            own.append((driver[0], line if line >= 0 else driver[1], True))
        frames_of_user = (self._frame_of_user(*frame) for frame in own)
        return [frame for frame in frames_of_user if frame is not None]

    def _frame_of_user(self, code: CodeType, lasti: int, drives: bool) -> UserFrame | None:
        """Return a frame, looked up once: most stacks have most of theirs in common."""
        key = id(code), lasti, drives
        if key not in self._looked_up:
            path = code.co_filename
            frame = None if is_library(path) else UserFrame(path, line_of(code, lasti), code, lasti, drives)
            self._looked_up[key] = frame
        return self._looked_up[key]

    def describe(self, number: int, line: int = -1) -> str:
        """Return ``file:line: source text`` of the user's frame."""
        file, lineno = self.user_frame(number, line)
        text = linecache.getline(file, lineno).strip()
        return f"{file}:{lineno}: {text}" if text else f"{file}:{lineno}"

    def portable(self, number: int, line: int = -1) -> str:
        """Return :meth:`describe` with the path below its import root, for files that leave this machine."""
        file, lineno = self.user_frame(number, line)
        text = linecache.getline(file, lineno).strip()
        roots = [f"{spelling}/" for spelling in _spelled(*(entry or "." for entry in sys.path))]
        root = max((r for r in roots if file.startswith(r)), key=len, default=str(Path(file).parent) + "/")
        return f"{file.removeprefix(root)}:{lineno}: {text}"

    def innermost(self, number: int, line: int = -1) -> tuple[str, int]:
        """Return file and line of the innermost Python frame, torch's included."""
        frames, driver = self._frames(number)
        stack = [f for f in frames if not f[0].co_filename.startswith(_CAPTURE)]
        if stack:
            code, lasti = stack[0]
        elif driver is not None:
            code, lasti = driver[0], line if line >= 0 else driver[1]
        else:
            return "<unknown>", 0
        return code.co_filename, line_of(code, lasti)


def above_hooks(frame: FrameType) -> FrameType:
    """Return the innermost frame that is no hook's."""
    while frame.f_code.co_filename.startswith(_HOOKS) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _call_at(code: CodeType, lasti: int) -> int:
    """Return where a frame waits for a call, however often that call was made before.

    Python 3.11 has two instructions for a call. Which one a frame is at while a builtin (``sum`` of a generator) runs
    Python code changes once the interpreter has specialised them: the first counts as the second. A specialised
    ``a[i]`` that runs a ``__getitem__`` waits in the cache behind its instruction.
    """
    if lasti < 0:
        return lasti
    instructions = code.co_code
    while instructions[lasti] == _CACHE and lasti > 0:
        lasti -= 2
    return lasti + _TO_CALL if instructions[lasti] == _PRECALL else lasti


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield code and that of the functions and classes within it, in the order of the source."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def line_of(code: CodeType, lasti: int) -> int:
    """Return the source line of an instruction offset."""
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= lasti < end and number is not None:
            line = number
    return line


def is_installed(path: str) -> bool:
    """Return whether a file is of Python itself or of an installed package."""
    return path.startswith(_INSTALLED) or path.startswith("<frozen")


def is_standard(path: str) -> bool:
    """Return whether a file is of Python's own library."""
    return path.startswith(_STANDARD) and "-packages" not in path


def is_ours(path: str) -> bool:
    """Return whether a file is of capture itself."""
    return path.startswith(_CAPTURE)


def is_of_core(path: str) -> bool:
    """Return whether a file is of the core of LEAPP, installed or not: capture, runtime, validation and the rest."""
    return path.startswith(_CORE)


def is_library(path: str) -> bool:
    """Return whether a file is of PyTorch, NumPy, TensorDict or of LEAPP itself."""
    return path.startswith((*_LIBRARIES, *_CAPTURE, "<frozen"))
