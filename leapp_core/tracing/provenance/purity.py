"""Calls that do nothing but compute, or whose every effect is seen by hooks and by the recorder."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import torch

from leapp_core.tracing.provenance.arithmetic import OF_FLOATS
from leapp_core.tracing.provenance.queues import Queue
from leapp_core.tracing.source.static import is_a

_BUILTINS = frozenset(
    {abs, bool, dict, divmod, enumerate, float, int, isinstance, len, list, max, min, pow, range, repr, reversed, round}
    | {slice, str, sum, tuple, type, zip}
)
_OF_CONTAINERS = frozenset({"index", "count", "get", "keys", "values", "items", "copy"})
_CONTEXTS = (torch.no_grad, torch.enable_grad, torch.inference_mode, torch.set_grad_enabled)
_DESCRIBING = (torch.device, torch.Size, torch.finfo, torch.iinfo)
_SETTING = ("set_", "use_", "manual_", "seed", "save", "load", "compile", "register_", "enable_", "initial_", "init_")


class Purity:
    """Says which calls may be made on a way that Python does not take.

    Args:
        takes: Whether a function is one of PyTorch's compiled ones.
        is_followed: Whether a function is rewritten.

    Attributes:
        plain: ``id`` of the rewritten code of which everything it does is seen.
    """

    def __init__(self, takes: Callable[[Any], bool], is_followed: Callable[[Any], bool]) -> None:
        self._takes, self._is_followed = takes, is_followed
        self.plain: frozenset[int] = frozenset()

    def allows(self, function: Any) -> bool:
        """Return whether a function may be called."""
        if self._is_followed(function):
            return self._is_plain(function)
        if is_a(function, torch.nn.Module):
            return all(map(self._is_plain_module, function.modules()))
        if type(function) is BuiltinFunctionType:
            return self._of_builtin(function)
        if is_a(function, MethodType, FunctionType):
            return type(getattr(function, "__self__", None)) is Queue or self._of_torch(function)
        try:
            return function in _BUILTINS or function in OF_FLOATS or function in _CONTEXTS or function in _DESCRIBING
        except TypeError:  # it has no hash
            return False

    def _is_plain(self, function: Any) -> bool:
        code = (function.__func__ if isinstance(function, MethodType) else function).__code__
        return id(code) in self.plain

    def _is_plain_module(self, module: torch.nn.Module) -> bool:
        if module._forward_hooks or module._forward_pre_hooks or isinstance(module, torch.jit.ScriptModule):
            return False
        forward = type(module).forward
        if "forward" in vars(module) or not isinstance(forward, FunctionType):
            return False
        return self._is_plain(forward) or forward.__module__.startswith("torch.nn.modules.")

    def _of_builtin(self, function: Any) -> bool:
        owner, name = function.__self__, function.__name__
        if self._takes(function):
            return not name.startswith(_SETTING)
        if isinstance(owner, (list, tuple, dict, str)):
            return name in _OF_CONTAINERS or isinstance(owner, str)
        return function in _BUILTINS or owner is math or getattr(torch._C._nn, name, None) is function

    def _of_torch(self, function: Any) -> bool:
        module, name = function.__module__ or "", function.__name__
        if module in ("torch._tensor", "torch.functional", "torch.nn.functional", "torch._jit_internal"):
            return not name.startswith(_SETTING) and not name.startswith(("backward", "register", "share_"))
        return False
