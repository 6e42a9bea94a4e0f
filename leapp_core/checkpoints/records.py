"""What stands in for the objects of a pickle.

A pickle is a program that calls what it names. Here, what it names is a record that notes how it was called, so that
whoever knows the class can build the object, and nobody else's code runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar


class PickledObject:
    """An object of a named class, or the result of a named function, as a pickle describes it.

    A class or function that is itself a value of the pickle is a subclass of this one, with its ``class_name``.

    Attributes:
        class_name: Qualified name, ``gymnasium.spaces.box.Box``.
        arguments: What the class or function would have been called with.
        keywords: The same, by name.
        state: Attributes of the object, or what its class would have restored itself from.
        items: Elements, of a list-like object.
        entries: Elements by key, of a dict-like object.
    """

    class_name: ClassVar[str] = ""
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    state: Any
    items: list[Any]
    entries: dict[Any, Any]

    def __new__(cls, *arguments: Any, **keywords: Any) -> PickledObject:
        """Note a call. This is all that happens where a pickle creates an object."""
        made = super().__new__(cls)
        made.arguments, made.keywords, made.state, made.items, made.entries = arguments, keywords, None, [], {}
        return made

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Accept what :meth:`__new__` noted."""

    def __setstate__(self, state: Any) -> None:
        """Note what the object would be restored from."""
        self.state = state

    def append(self, item: Any) -> None:
        """Note an element."""
        self.items.append(item)

    def extend(self, items: Iterable[Any]) -> None:
        """Note elements."""
        self.items.extend(items)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Note an element by key."""
        self.entries[key] = value

    def __repr__(self) -> str:
        """Return the name."""
        return f"<pickled {self.class_name}>"

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute of the object, from its state."""
        for part in self.state if isinstance(self.state, tuple) else (self.state,):  # with slots: (attributes, slots)
            if isinstance(part, Mapping) and name in part:
                return part[name]
        return default


def record_class(name: str) -> type[PickledObject]:
    """Return what stands in for the class or function of that name."""
    return type(name.rpartition(".")[2], (PickledObject,), {"class_name": name})


def name_of(value: Any) -> str | None:
    """Return the qualified name of an object's class, or of a class or function that is itself the value."""
    kind = value if isinstance(value, type) else type(value)
    return kind.class_name if issubclass(kind, PickledObject) else None


def allowed_names(classes: Collection[str], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each name of a pickle stands for: plain values first, then records."""
    return {**{name: record_class(name) for name in classes}, **plain}
