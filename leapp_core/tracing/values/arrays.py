"""Follow a NumPy array through the user's source: is all that becomes of it recorded?"""

from __future__ import annotations

import ast

from leapp_core.tracing.source.book import SourceFile, called_name, root_name
from leapp_core.tracing.source.statements import DECLARING_NAMES, LOG_NAMES, is_dropped
from leapp_core.tracing.values.flows import Follower

_SIZES = frozenset({"shape", "size", "ndim", "dtype", "itemsize", "nbytes", "strides"})
_MEMORY = frozenset({"data", "ctypes", "base", "flat", "__array_interface__", "tobytes", "dump", "dumps", "tofile"})
# What these take from an array, they take one recorded value at a time.
_BUILTINS = frozenset(
    {
        "float", "int", "bool", "len", "isinstance", "list", "tuple", "zip", "enumerate", "abs", "min", "max", "sum",
        "any", "all", "sorted", "reversed", "round", "str", "repr",
    }
)  # fmt: skip


class ArrayFollower(Follower):
    """Follows an array of a session, which records what NumPy computes from it and each value that leaves it.

    So nothing decides here. A call of other code may read more than is recorded: then not every use is known.
    """

    def _through(self, file: SourceFile, node: ast.AST, parent: ast.AST, kind: str) -> str | None:
        if isinstance(parent, ast.Attribute):
            self._fate.followed = self._fate.followed and parent.attr not in _MEMORY
            return None if parent.attr in _SIZES | _MEMORY else kind
        following = super()._through(file, node, parent, kind)
        return None if following is None else kind

    def _call(self, file: SourceFile, call: ast.Call, node: ast.AST, kind: str) -> str | None:
        name, root = called_name(call), root_name(call.func)
        if node is call.func:
            return kind
        called = self._owners.called(file, call, self._selves)
        logged = name in LOG_NAMES and is_dropped(file, call) and not called
        if root == "torch" or logged or name in DECLARING_NAMES or self._keeps(file, call, name, kind):
            return None
        if root in ("np", "numpy") or (isinstance(call.func, ast.Name) and name in _BUILTINS):
            return kind
        if not called or self._owners.may_be_another(file, call):
            self._fate.followed = False
        return self._user_call(file, call, node, kind, called)

    def _branch(self, file: SourceFile, statement: ast.If | ast.While | ast.For | ast.AsyncFor | ast.Match) -> None:
        """Pass: the truth of an array is a value that left it, and recorded as such."""
