"""Puts rewritten code into the user's functions while a session is open, and takes it out again."""

from __future__ import annotations

import sys
from types import CodeType, FunctionType

from leapp_core.tracing.provenance.attributes import attributes
from leapp_core.tracing.provenance.hooks import Hooks
from leapp_core.tracing.provenance.in_use import in_use
from leapp_core.tracing.provenance.rewriter import bound_to, plain_codes, rewritten
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.source.heap import functions_of, live
from leapp_core.tracing.source.outside import Outside

_FRAMES_OF_A_CALL = 4
"""A call of the user's goes through two hooks: code that calls itself runs as deep as without them."""


class Follower:
    """Swaps the code of the user's functions.

    Functions that are running go on as they are.

    Args:
        hooks: The session's hooks.
        outside: Simulators, whose functions are none of the user's.
    """

    def __init__(self, hooks: Hooks, outside: Outside) -> None:
        self._hooks, self._outside = hooks, outside
        # By ``id``, with what has it: code of two files is equal if it is written alike on the same lines.
        self._originals: dict[int, tuple[CodeType, CodeType]] = {}
        self._plain: list[CodeType] = []
        self._recursion = 0
        self._living: list[FunctionType] | None = None

    def __enter__(self) -> Follower:
        functions = in_use(sys._getframe(1), self._outside)
        files = {f.__code__.co_filename for f in functions}
        stored = frozenset[str]().union(*(attributes(file).stored for file in files))
        computed = frozenset[str]().union(*(attributes(file).computed for file in files))
        of_files = {file: (rewritten(file, stored, computed), plain_codes(file, stored, computed)) for file in files}
        copies: dict[int, CodeType | None] = {}
        for function in functions:
            code = function.__code__
            if id(code) not in copies:
                templates, plain = of_files[code.co_filename]
                template = templates.get(code)
                copies[id(code)] = None if template is None else bound_to(template, self._hooks, code)
                if template is not None:
                    self._note(code, copies[id(code)], plain)  # type: ignore[arg-type]
            copy = copies[id(code)]
            if copy is not None:
                function.__code__ = copy
        self._hooks.follow([copy for copy, _ in self._originals.values()], self._plain)
        self._recursion = sys.getrecursionlimit()
        sys.setrecursionlimit(self._recursion * _FRAMES_OF_A_CALL)
        return self

    def __exit__(self, *exc: object) -> None:
        self._hooks.close()
        if sys.getrecursionlimit() == self._recursion * _FRAMES_OF_A_CALL:
            sys.setrecursionlimit(self._recursion)
        living, self._living = self._living, None
        functions = functions_of(*live()) if living is None else living  # rewritten code made some meanwhile
        for function in [f for f in functions if id(f.__code__) in self._originals]:
            function.__code__ = self._originals[id(function.__code__)][1]
        self._originals.clear()
        self._plain.clear()

    def ends(self, living: list[FunctionType]) -> None:
        """Take the functions that live now, just before the end, so that they need not be looked for again."""
        self._living = living

    def _note(self, original: CodeType, copy: CodeType, plain: frozenset[CodeType]) -> None:
        self._originals[id(copy)] = copy, original
        if original in plain:
            self._plain.append(copy)
        inner = [[c for c in code.co_consts if isinstance(c, CodeType)] for code in (original, copy)]
        for before, after in zip(*inner, strict=True):
            self._note(before, after, plain)


def followed(recorder: TraceRecorder) -> Follower:
    """Return a context in which the user's functions tell a record where their numbers come from."""
    return Follower(Hooks(recorder), recorder.python.outside)
