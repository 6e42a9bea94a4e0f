"""Puts rewritten code into the user's functions while a session is open, and takes it out again."""

from __future__ import annotations

import gc
from types import CodeType, FunctionType

from leapp_core.tracing.provenance.hooks import Hooks
from leapp_core.tracing.provenance.rewriter import bound_to, rewritten
from leapp_core.tracing.source.callsite import is_installed, is_library


class Follower:
    """Swaps the code of the user's functions.

    Args:
        hooks: The session's hooks.
    """

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._originals: dict[CodeType, CodeType] = {}

    def __enter__(self) -> Follower:
        copies: dict[CodeType, CodeType] = {}
        for function in _functions():
            code = function.__code__
            if code not in copies:
                template = rewritten(code.co_filename).get(code)
                if template is None:
                    continue
                copies[code] = bound_to(template, self._hooks)
                self._note(code, copies[code])
            function.__code__ = copies[code]
        self._hooks.follow(frozenset(self._originals))
        return self

    def __exit__(self, *exc: object) -> None:
        self._hooks.close()
        for function in _functions():  # those that were made meanwhile by rewritten code, too
            original = self._originals.get(function.__code__)
            if original is not None:
                function.__code__ = original
        self._originals.clear()

    def _note(self, original: CodeType, copy: CodeType) -> None:
        self._originals[copy] = original
        inner = [[c for c in code.co_consts if isinstance(c, CodeType)] for code in (original, copy)]
        for before, after in zip(*inner, strict=True):
            self._note(before, after)


def _functions() -> list[FunctionType]:
    """Return the functions that live in the process and are of the user's files."""
    found = (f for f in gc.get_objects() if type(f) is FunctionType)
    return [f for f in found if not is_installed(f.__code__.co_filename) and not is_library(f.__code__.co_filename)]
