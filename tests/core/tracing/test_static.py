"""Attributes are read without running code of anybody."""

from __future__ import annotations

import collections
import types
from typing import Any

import pytest

from leapp_core.tracing.source.static import (
    class_attribute,
    derives,
    dict_of,
    is_a,
    is_plain_class,
    module_text,
    slots_of,
)


class Loud:
    """Raises on every look."""

    n = 1

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


class Pretending:
    """Says that it is a dictionary."""

    @property
    def __class__(self) -> Any:
        return dict


class Slotted:
    __slots__ = ("a", "b")


class Meta(type):
    def __eq__(cls, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


class Odd(metaclass=Meta):
    pass


def test_an_own_dictionary_is_read_past_every_hook() -> None:
    loud = object.__new__(Loud)
    object.__setattr__(loud, "x", 3)
    assert dict_of(loud) == {"x": 3}
    assert class_attribute(Loud, "n") == 1


def test_what_an_object_pretends_to_be_does_not_count() -> None:
    assert isinstance(Pretending(), dict)
    assert not is_a(Pretending(), dict)


def test_slots_without_values_are_left_out() -> None:
    slotted = Slotted()
    slotted.a = 1
    assert slots_of(slotted) == {"a": 1}


@pytest.mark.parametrize(("cls", "plain"), [(int, True), (collections.UserDict, True), (Odd, False)])
def test_classes_that_can_be_keys(cls: type, plain: bool) -> None:
    assert is_plain_class(cls) is plain


def test_ancestors_and_modules() -> None:
    assert derives(collections.OrderedDict, dict)
    assert not derives(dict, collections.abc.Mapping)  # registered only: no ancestor
    module = types.ModuleType("named")
    module.__dict__["__file__"] = 5
    assert module_text(module, "__name__") == "named"
    assert module_text(module, "__file__") == ""
