"""Puts rewritten code into the user's functions while a session is open, and takes it out again."""

from __future__ import annotations

import gc
import sys
from itertools import compress
from types import CodeType, FunctionType

from leapp_core.tracing.provenance.hooks import Hooks
from leapp_core.tracing.provenance.rewriter import bound_to, properties, rewritten, stored_attributes
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.callsite import is_installed, is_library

_FRAMES_OF_A_CALL = 4
"""A call of the user's goes through two hooks: code that calls itself runs as deep as without them."""


class Follower:
    """Swaps the code of the user's functions.

    Functions that are running go on as they are.

    Args:
        hooks: The session's hooks.
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._originals: dict[CodeType, CodeType] = {}
        self._recursion = 0

    def __enter__(self) -> Follower:
        functions = _functions()
        files = {f.__code__.co_filename for f in functions}
        stored: frozenset[str] = frozenset().union(*map(stored_attributes, sorted(files)))
        computed: frozenset[str] = frozenset().union(*map(properties, sorted(files)))
        copies: dict[CodeType, CodeType | None] = {}
        for function in functions:
            code = function.__code__
            if code not in copies:
                template = rewritten(code.co_filename, stored, computed).get(code)
                copies[code] = None if template is None else bound_to(template, self._hooks, code)
                if template is not None:
                    self._note(code, copies[code])  # type: ignore[arg-type]
            copy = copies[code]
            if copy is not None:
                function.__code__ = copy
        self._hooks.follow(frozenset(self._originals))
        self._recursion = sys.getrecursionlimit()
        sys.setrecursionlimit(self._recursion * _FRAMES_OF_A_CALL)
        return self

    def __exit__(self, *exc: object) -> None:
        self._hooks.close()
        if sys.getrecursionlimit() == self._recursion * _FRAMES_OF_A_CALL:
            sys.setrecursionlimit(self._recursion)
        for function in _functions():  # those that rewritten code made meanwhile, too
            original = self._originals.get(function.__code__)
            if original is not None:
                function.__code__ = original
        self._originals.clear()

    def _note(self, original: CodeType, copy: CodeType) -> None:
        self._originals[copy] = original
        inner = [[c for c in code.co_consts if isinstance(c, CodeType)] for code in (original, copy)]
        for before, after in zip(*inner, strict=True):
            self._note(before, after)


def followed(recorder: TraceRecorder) -> Follower:
    """Return a context in which the user's functions tell a record where their numbers come from."""
    return Follower(Hooks(recorder))


def _functions() -> list[FunctionType]:
    """Return the functions that live in the process and are of the user's files."""
    everything = gc.get_objects()
    found: list[FunctionType] = list(compress(everything, map({FunctionType}.__contains__, map(type, everything))))
    del everything
    users: dict[str, bool] = {}
    kept = []
    for function in found:
        path = function.__code__.co_filename
        if path not in users:
            # Packages of another environment, which a path file adds, are installed as well.
            installed = is_installed(path) or is_library(path) or "-packages" in path
            users[path] = not (installed or path.startswith("<"))
        if users[path]:
            kept.append(function)
    return kept
