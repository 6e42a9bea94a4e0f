"""What differs in the parts of a bundle that people set by hand: terms, gains, poses, limits, by name. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TERMS = ("observation_terms", "action_terms")
"""Keys of ``pipeline.configs`` that list terms, each with its name."""
_KINDS = {"observation_terms": "observation", "action_terms": "action"}
_SHOWN = 8


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        where: What differs: a node, ``node/port`` and its property, a term, a wire.
        first: As it is in the first bundle; empty if it is not there.
        second: As it is in the second.
    """

    where: str
    first: str
    second: str


def config_changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Change]:
    """Yield what differs in additional configuration; terms one by one, everything else by its key."""
    for key in sorted(first.keys() | second.keys()):
        one, other = first.get(key), second.get(key)
        if key in TERMS and _are_terms(one) and _are_terms(other):
            yield from term_changes(_KINDS[key], one or (), other or ())
        elif one != other:
            yield Change(f"configs {key}", plain_text(one), plain_text(other))


def term_changes(
    kind: str, first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> Iterator[Change]:
    """Yield how two lists of terms differ: terms that one lacks, their order, and each property of the others."""
    one, other = ({_name(term): term for term in terms} for terms in (first, second))
    for name in sorted(one.keys() ^ other.keys()):
        yield Change(f"{kind} {name}", "there" if name in one else "", "there" if name in other else "")
    both = [name for name in one if name in other]
    if both != [name for name in other if name in one]:
        yield Change(f"order of {kind}s", ", ".join(both), ", ".join(n for n in other if n in one))
    for name in both:
        names = one[name].get("targets")
        names = names if names == other[name].get("targets") else None
        for key in dict.fromkeys((*one[name], *other[name])):
            if key not in ("name", "group"):
                yield from values_change(f"{kind} {name} {key}", one[name].get(key), other[name].get(key), names)


def values_change(where: str, first: Any, second: Any, names: Sequence[Any] | None = None) -> Iterator[Change]:
    """Yield a change if two values differ; of lists of one length only the elements that do, by their names."""
    if same_values(first, second):
        return
    if not (_is_list(first) and _is_list(second) and len(first) == len(second)):
        yield Change(where, plain_text(first), plain_text(second))
        return
    if all(_is_number(v) and v == values[0] for values in (first, second) for v in values):  # one number for all
        yield Change(where, plain_text(first[0]), plain_text(second[0]))
        return
    labels = names if names is not None and len(names) == len(first) else range(len(first))
    apart = [i for i in range(len(first)) if not same_values(first[i], second[i])]
    texts = (_elements([(str(labels[i]), values[i]) for i in apart]) for values in (first, second))
    yield Change(where, *texts)


def same_values(first: Any, second: Any) -> bool:
    """Return whether two plain values are the same; numbers as far as float32 tells them apart."""
    if _is_list(first) and _is_list(second):
        return len(first) == len(second) and all(map(same_values, first, second))
    if _is_number(first) and _is_number(second):
        return math.isclose(first, second, rel_tol=1e-6, abs_tol=1e-9)
    return bool(first == second)


def plain_text(value: Any) -> str:
    """Return a plain value for people: numbers with the digits that float32 has."""
    if _is_list(value):
        return f"[{', '.join(map(plain_text, value))}]"
    if _is_number(value):
        return f"{value:.7g}"
    return "" if value is None else str(value)


def _elements(pairs: Sequence[tuple[str, Any]]) -> str:
    shown = ", ".join(f"{name} {plain_text(value)}" for name, value in pairs[:_SHOWN])
    return shown + (f", and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else "")


def _name(term: Mapping[str, Any]) -> str:
    group = term.get("group")
    return f"{group}/{term['name']}" if group else str(term["name"])


def _are_terms(value: Any) -> bool:
    return value is None or (_is_list(value) and all(isinstance(t, Mapping) and "name" in t for t in value))


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
