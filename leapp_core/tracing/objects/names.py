"""What a program calls the tensors that it keeps, by the paths on which they are reached."""

from __future__ import annotations

from typing import Any

Element = tuple[Any, ...]
"""One part of a path: ``("attr", name, type)``, ``("name", name, code)``, ``("global", name, file)``, ``("key", k)``,
``("length",)``."""

_OF_OBJECTS = ("attr", "script", "part")
_OF_FRAMES = ("local", "global", "name")
_POSITIONS = ("index", "item")


def rank(path: tuple[Element, ...]) -> int:
    """Return how well a path names a tensor, 0 the best: attributes, then names of frames, then what those hold."""
    if any(element[0] in _OF_OBJECTS for element in path):
        return 0
    return 1 if len(path) == 1 else 2


def in_sequence(path: tuple[Element, ...]) -> bool:
    """Return whether a path leads through a place in a list, tuple or queue."""
    return any(kind in _POSITIONS for kind, *_ in path)


def tensor_name(path: tuple[Element, ...]) -> str:
    """Return ``history_2`` for ``self.history[2]`` and ``h`` for ``self.memory["h"]``; empty if nothing has a name."""
    name, positions = "", ""
    for kind, *rest in path:
        named = kind in _OF_OBJECTS or kind in _OF_FRAMES or (kind == "key" and type(rest[0]) is str)
        if named and str(rest[0]).strip("_"):
            name, positions = str(rest[0]).strip("_"), ""
        elif kind in _POSITIONS or (kind == "key" and type(rest[0]) is int):
            positions += f"_{rest[0]}"
    return name + positions if name else ""
