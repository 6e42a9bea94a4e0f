"""Where in the user's code a call was made, cheap enough to ask at every call."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from types import CodeType, FrameType

_ROOT = str(Path(__file__).resolve().parents[1])
MAX_DEPTH = 48


class CallSites:
    """Interned Python call stacks of one session.

    A stack is the frames between the call and the *driver* frame (the one that opened the session), which is left
    out: steps may be written one below the other there. Stacks are compared by number.

    Args:
        driver: ``id`` of the driver frame; 0 if there is none.
    """

    def __init__(self, driver: int) -> None:
        self._driver = driver
        self._numbers: dict[tuple[int, ...], int] = {}
        self._stacks: list[tuple[tuple[CodeType, int], ...]] = []
        self._drivers: list[tuple[CodeType, int] | None] = []

    def number(self, frame: FrameType | None) -> tuple[int, int]:
        """Return the number of the stack that ends in ``frame`` and the driver frame's position (or -1)."""
        key: list[int] = []
        driver = self._driver
        position = -1
        start = frame
        while frame is not None and len(key) < 2 * MAX_DEPTH:
            if id(frame) == driver:
                position = frame.f_lasti
                break
            key.append(id(frame.f_code))
            key.append(frame.f_lasti)
            frame = frame.f_back
        found = self._numbers.get(tuple(key))
        return (self._intern(tuple(key), start) if found is None else found), position

    def _intern(self, key: tuple[int, ...], frame: FrameType | None) -> int:
        stack = []
        driver = None
        for _ in range(MAX_DEPTH):
            if frame is None:
                break
            if id(frame) == self._driver:
                driver = (frame.f_code, frame.f_lasti)
                break
            stack.append((frame.f_code, frame.f_lasti))
            frame = frame.f_back
        number = self._numbers[key] = len(self._stacks)
        self._stacks.append(tuple(stack))
        self._drivers.append(driver)
        return number

    def user_frame(self, number: int, line: int = -1) -> tuple[str, int]:
        """Return file and line of the innermost frame that is the user's: not torch's, not ours."""
        frames = [*self._stacks[number]]
        driver = self._drivers[number]
        if driver is not None:
            frames.append((driver[0], line if line >= 0 else driver[1]))
        for code, lasti in frames:
            if not _is_library(code.co_filename):
                return code.co_filename, _line_of(code, lasti)
        code, lasti = frames[0] if frames else (compile("", "<unknown>", "exec"), 0)
        return code.co_filename, _line_of(code, lasti)

    def describe(self, number: int, line: int = -1) -> str:
        """Return ``file:line: source text`` of the user's frame."""
        file, lineno = self.user_frame(number, line)
        text = linecache.getline(file, lineno).strip()
        return f"{file}:{lineno}: {text}" if text else f"{file}:{lineno}"

    def portable(self, number: int, line: int = -1) -> str:
        """Return :meth:`describe` with the path below its import root, for files that leave this machine."""
        file, lineno = self.user_frame(number, line)
        text = linecache.getline(file, lineno).strip()
        roots = [str(Path(entry or ".").resolve()) + "/" for entry in sys.path]
        root = max((r for r in roots if file.startswith(r)), key=len, default=str(Path(file).parent) + "/")
        return f"{file.removeprefix(root)}:{lineno}: {text}"

    def innermost(self, number: int, line: int = -1) -> tuple[str, int]:
        """Return file and line of the innermost Python frame, torch's included."""
        stack = [f for f in self._stacks[number] if not f[0].co_filename.startswith(_ROOT + "/tracing")]
        driver = self._drivers[number]
        if stack:
            code, lasti = stack[0]
        elif driver is not None:
            code, lasti = driver[0], line if line >= 0 else driver[1]
        else:
            return "<unknown>", 0
        return code.co_filename, _line_of(code, lasti)


def _line_of(code: CodeType, lasti: int) -> int:
    """Return the source line of an instruction offset."""
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= lasti < end and number is not None:
            line = number
    return line


def _is_library(path: str) -> bool:
    return (
        "/torch/" in path
        or "/numpy/" in path
        or "/tensordict/" in path
        or path.startswith((_ROOT + "/tracing", "<frozen"))
    )
