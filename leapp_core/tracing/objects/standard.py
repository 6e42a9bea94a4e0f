"""What objects of Python's standard library hold: dates, decimals, arrays, buffers, locks, context variables.

They keep numbers as well as any attribute does. Nothing of the program is run to look into them.
"""

from __future__ import annotations

import ctypes
import datetime
import decimal
import gc
import threading
import zlib
from argparse import Namespace
from array import array
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from logging import Logger
from mmap import mmap
from queue import SimpleQueue
from types import MappingProxyType, SimpleNamespace
from typing import Any
from weakref import ReferenceType

from leapp_core.tracing.source.static import dict_in, dict_slot, slots, slots_of

VALUES = (decimal.Decimal, datetime.date, datetime.time, datetime.timedelta, range)
"""Types whose objects never change and are compared as they are."""
BUFFERS = (
    *(bytearray, array, memoryview, mmap),
    *(ctypes._SimpleCData, ctypes.Array, ctypes.Structure, ctypes.Union),
)
"""Types whose objects are memory."""
NAMESPACES = (SimpleNamespace, Namespace, threading.local)
"""Types whose objects anybody may set attributes on."""

_WHOLE = 1 << 15
_LARGEST = 1 << 28
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_SHOWING: tuple[type, ...] = (MappingProxyType, type({}.keys()), type({}.values()), type({}.items()))
_HELD = (list, dict, tuple, set, frozenset, *BUFFERS)


def contents(memory: Any) -> bytes | int | None:
    """Return the bytes of a buffer, a checksum of a long one; ``None`` if it is closed or longer than any."""
    try:
        with memoryview(memory) as view:
            if view.nbytes > _LARGEST:
                return None
            if view.nbytes <= _WHOLE or not view.c_contiguous:
                return view.tobytes()
            return zlib.crc32(view.cast("B"))
    except (BufferError, ValueError, TypeError):
        return None


def reader_of_standard(kind: type) -> Callable[[Any], Iterator[tuple[tuple[Any, ...], Any]]]:
    """Return what yields the children of objects of a type of the standard library; values and containers only."""
    read = reader_of_attributes(kind)
    plain = (str, int, float, complex, bytes, type(None), *VALUES)
    held = plain if issubclass(kind, Logger) else (*plain, *_HELD)  # loggers hold all other loggers

    def children(thing: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
        if kind is ContextVar:
            yield ("advanced",), ContextVar.get(thing, None)
        elif issubclass(kind, ReferenceType):
            yield ("part", "referent"), ReferenceType.__call__(thing)
        elif kind is SimpleQueue:
            yield ("advanced",), SimpleQueue.qsize(thing)
        elif kind in _LOCKS:
            yield ("advanced",), repr(thing).partition(" ")[0]  # "<locked" or "<unlocked"
        elif kind in _SHOWING:
            yield ("part", "shown"), gc.get_referents(thing)[0]
        else:
            yield from ((("part", n), value) for n, value in read(thing) if issubclass(type(value), held))

    return children


def reader_of_attributes(cls: type) -> Callable[[Any], Iterator[tuple[str, Any]]]:
    """Return what yields all that objects of a class store, in their dictionary and in slots, running no code of it."""
    own, slotted = dict_slot(cls), slots(cls)

    def attributes(thing: Any) -> Iterator[tuple[str, Any]]:
        local = cls is threading.local
        held = threading.local.__getattribute__(thing, "__dict__") if local else dict_in(thing, own)
        yield from ((name, value) for name, value in list(held.items()) if type(name) is str)
        if slotted:
            yield from slots_of(thing, slotted).items()

    return attributes
