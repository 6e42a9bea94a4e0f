"""Read YAML text into values that know their line, within bounds that no file can exceed.

Built on the event stream of ruamel.yaml's safe parser, so that nothing is ever constructed: no tags, no merge keys, no
Python objects, and aliases count as often as they are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from leapp_core.spec.problems import BundleProblemsError, Path, Problem

MAX_BYTES = 1024 * 1024
"""A bundle's text has some ten thousand bytes; the parser takes seconds for this many."""
MAX_DEPTH = 40
MAX_NODES = 100_000
_MAX_PROBLEMS = 1000

_INT = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,5})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    spelling: value
    for word, value in (("true", True), ("false", False))
    for spelling in (word, word.title(), word.upper())
}


@dataclass
class Node:
    """A value with its place.

    Attributes:
        value: A scalar, a list of nodes, or a dict from text to node.
        line: Line it begins on (from 1).
        text: How a scalar is spelt, so that a name that looks like a number is still a name; ``None`` otherwise.
        size: Values within, itself included.
    """

    value: Any
    line: int
    text: str | None = None
    size: int = 1

    def plain(self) -> Any:
        """Return the value with plain lists and dicts."""
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value

    def at(self, path: Path) -> Node:
        """Return the node at a path, or the nearest above it that exists."""
        node = self
        for key in path:
            inside = isinstance(node.value, dict) and key in node.value
            inside = inside or (isinstance(node.value, list) and isinstance(key, int) and key < len(node.value))
            if not inside:
                return node
            node = node.value[key]
        return node


def parse_yaml(data: bytes, source: str) -> Node:
    """Parse one YAML document.

    Args:
        data: UTF-8 text.
        source: Name of the file, for messages.

    Raises:
        BundleProblemsError: not YAML, duplicate keys, tags, or too large or too deep.
    """
    if len(data) > MAX_BYTES:
        raise BundleProblemsError(
            source, [Problem(f"the file has {len(data)} bytes, more than {MAX_BYTES}")], code="B003"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BundleProblemsError(source, [Problem("the file is not UTF-8 text", line=line)], code="B003") from error
    composer = _Composer()
    node = None
    try:
        for event in _events(text):
            node = composer.take(event)
    except _RefusedError as error:
        raise BundleProblemsError(source, [*composer.problems, error.problem], code="B003") from error
    if composer.problems:
        raise BundleProblemsError(source, composer.problems, code="B003")
    return node or Node(None, 1, "")


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    parser = YAML(typ="safe", pure=True)
    try:
        yield from parser.parse(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise _RefusedError(f"not YAML: {what}", mark.line + 1 if mark else None) from error
    except (ValueError, AttributeError, IndexError, AssertionError, NotImplementedError, TypeError) as error:
        # ruamel's scanner lets some of these out on malformed directives, escapes and tags.
        raise _RefusedError(f"not YAML: {type(error).__name__}: {error}", None) from error


class _RefusedError(Exception):
    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.problem = Problem(message, line=line)


class _Composer:
    """Builds nodes from events without recursion."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._open: list[_Collection] = []
        self._anchors: dict[str, Node] = {}
        self._root: Node | None = None

    def take(self, event: Any) -> Node | None:
        """Take the next event; return the document so far."""
        kind = type(event).__name__
        if kind == "DocumentStartEvent" and self._root is not None:
            raise _RefusedError("a second YAML document begins", event.start_mark.line + 1)
        if kind in ("SequenceStartEvent", "MappingStartEvent"):
            self._start(event, [] if kind == "SequenceStartEvent" else {})
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            done = self._open.pop()
            self._add(done.finish(), done.anchor)
        elif kind == "ScalarEvent":
            self._check_tag(event)
            self._add(_scalar(event), event.anchor)
        elif kind == "AliasEvent":
            self._alias(event)
        return self._root

    def _start(self, event: Any, value: Any) -> None:
        self._check_tag(event)
        if len(self._open) >= MAX_DEPTH:
            raise _RefusedError(f"nested more than {MAX_DEPTH} levels deep", event.start_mark.line + 1)
        self._open.append(_Collection(Node(value, event.start_mark.line + 1), event.anchor, self.problems))

    def _alias(self, event: Any) -> None:
        target = self._anchors.get(event.anchor)
        line = event.start_mark.line + 1
        if target is None:
            raise _RefusedError(f"alias *{event.anchor} refers to nothing before it", line)
        self._add(target, None)

    def _check_tag(self, event: Any) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag):
            self.problems.append(Problem(f"tag {tag} is not allowed", line=event.start_mark.line + 1))
        if len(self.problems) > _MAX_PROBLEMS:
            raise _RefusedError("more problems than are worth listing", event.start_mark.line + 1)

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
        elif self._open[-1].add(node) > MAX_NODES:
            raise _RefusedError(f"holds more than {MAX_NODES} values, aliases counted as often as used", node.line)


class _Collection:
    """A list or mapping being built."""

    def __init__(self, node: Node, anchor: str | None, problems: list[Problem]) -> None:
        self.anchor = anchor
        self._node = node
        self._problems = problems
        self._key: Node | None = None

    def add(self, item: Node) -> int:
        """Add an item, key or value; return how many values the collection now holds."""
        node = self._node
        node.size += item.size
        if isinstance(node.value, list):
            node.value.append(item)
        elif self._key is None:
            self._key = item
        else:
            self._put(self._key, item)
            self._key = None
        return node.size

    def _put(self, key: Node, item: Node) -> None:
        if key.text is None:
            self._problems.append(Problem("a key is a list or mapping", line=key.line))
        elif key.text in self._node.value:
            self._problems.append(Problem(f"key {key.text!r} is given twice", line=key.line))
        else:
            self._node.value[key.text] = item

    def finish(self) -> Node:
        return self._node


def _scalar(event: Any) -> Node:
    text = event.value
    value = _resolve(text) if event.style in (None, "") else text
    return Node(value, event.start_mark.line + 1, text)


def _resolve(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text
