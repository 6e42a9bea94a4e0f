"""Which expressions hand a Python value on as it is: everything else decides."""

from __future__ import annotations

import ast

import pytest

from leapp_core.tracing.values.deciding import decides

HANDS_ON = ["v + 1", "2 - v", "v * v", "v / 3", "-v", "+v", "(v, 1)", "[v]", "{'a': v}", "f(x=v)", "v.real", "v[0]"]
DECIDES = [
    "v // 2", "v % 7", "v ** 2", "v >> 4", "v << 1", "v & 16", "v | 1", "v ^ 3", "~v", "not v", "v > 3", "v in names",
    "v and w", "w or v", "a if v else b", "table[v]", "x[v:]", "f'{v}'", "{v}", "v @ w", "'%d' % v",
]  # fmt: skip


def parent_of(text: str) -> tuple[ast.AST, ast.AST]:
    """Return the name ``v`` in an expression, and what it stands in."""
    for parent in ast.walk(ast.parse(text, mode="eval")):
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.Name) and node.id == "v":
                return parent, node
    raise AssertionError(text)


@pytest.mark.parametrize("text", HANDS_ON)
def test_hands_a_value_on(text: str) -> None:
    assert not decides(*parent_of(text))


@pytest.mark.parametrize("text", DECIDES)
def test_decides(text: str) -> None:
    assert decides(*parent_of(text))
