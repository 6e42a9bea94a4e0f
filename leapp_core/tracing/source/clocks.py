"""Functions whose result is another one each time, under whatever name they are kept.

Clocks, random numbers, and what asks the operating system or the interpreter how things stand.
"""

from __future__ import annotations

import datetime
import functools
import time
from random import Random
from types import BuiltinMethodType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from leapp_core.tracing.source.static import Kinds, is_a, module_text

CLOCKS = frozenset(
    {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "now", "utcnow", "today"}
    | {"process_time", "process_time_ns", "thread_time", "thread_time_ns", "clock_gettime", "clock_gettime_ns"}
)
SHARED_NAMES = frozenset({"time", "now", "today"})
"""Those of the clocks' names that other things have too: they tell nothing without the module or class before them."""
DRAWS = frozenset({"random", "gauss", "standard_normal", "normalvariate", "randrange", "random_sample", "getrandbits"})
"""Names that only random number generators have."""
SETTING = frozenset({"seed", "default_rng", "getstate", "setstate", "get_state", "set_state", "spawn"})
"""Methods of generators that give no numbers."""

_ASKING = {
    "genericpath": {"exists", "isfile", "isdir", "getmtime", "getatime", "getctime", "getsize"},
    "posixpath": {"lexists", "islink", "ismount"},
    "ntpath": {"lexists", "islink", "ismount", "exists", "isfile", "isdir"},
    "posix": {"stat", "lstat", "listdir", "scandir", "access", "read", "umask", "urandom", "getloadavg", "times"},
    "nt": {"stat", "lstat", "listdir", "scandir", "access", "read", "umask", "urandom", "times"},
    "glob": {"glob", "iglob"},
    "builtins": {"input"},
    "sys": {"getrefcount", "getrecursionlimit", "getallocatedblocks"},
    "gc": {"get_count", "get_objects", "get_stats", "isenabled"},
    "resource": {"getrusage"},
    "select": {"select"},
    "subprocess": {"run", "call", "check_output", "getoutput", "getstatusoutput"},
    "threading": {"active_count", "enumerate"},
    "uuid": {"uuid1", "uuid4"},
    "secrets": {"randbelow", "token_bytes", "token_hex", "token_urlsafe"},
}
"""Such functions by the module that has them."""
ASKING = frozenset(name for names in _ASKING.values() for name in names)
"""The names of all of them."""
READING = frozenset({"open", "read_text", "read_bytes", "loadtxt", "genfromtxt", "fromfile"})
"""What reads a file: configurations are read once, and others again in each step."""
OF_PATHS = frozenset({"exists", "is_file", "is_dir", "iterdir", "stat"})
"""Methods of paths that ask the file system."""


_FUNCTIONS = Kinds(functools.partial, FunctionType, BuiltinMethodType, MethodType)


class Anew:
    """Stands for the type of such a function."""


def may_give_anew(kind: type) -> bool:
    """Return whether objects of a type may be such functions."""
    return kind in _FUNCTIONS


def gives_anew(thing: Any) -> bool:
    """Return whether a function gives another result each time it is called."""
    kind = type(thing)  # never ``isinstance``: functions of other software may pretend
    if kind is functools.partial:
        return gives_anew(thing.func)
    if kind is FunctionType:
        return type(thing.__module__) is str and thing.__name__ in _ASKING.get(thing.__module__, ())
    if kind is not BuiltinMethodType and kind is not MethodType:
        return False
    owner, called = thing.__self__, thing.__func__ if kind is MethodType else thing
    if type(called) is not BuiltinMethodType and type(called) is not FunctionType:
        return False
    if owner is time or owner is datetime.datetime or owner is datetime.date:
        return called.__name__ in CLOCKS
    if type(owner) is ModuleType:
        return called.__name__ in _ASKING.get(module_text(owner, "__name__"), ())
    drawing = is_a(owner, Random, np.random.Generator, np.random.RandomState)
    return drawing and called.__name__ not in SETTING
