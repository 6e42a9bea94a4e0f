"""Cross-references of docstrings, ``:class:`~a.b.C```, become links of the site; for mkdocstrings, see mkdocs.yml."""

from __future__ import annotations

import re
from typing import Any

import griffe

ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):`(~?)([\w.]+)`")


class Roles(griffe.Extension):
    """Rewrites docstrings once everything is loaded, so that a name is looked up where it is used."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring:
            obj.docstring.value = ROLE.sub(lambda role: _link(obj, *role.groups()), obj.docstring.value)


def _link(obj: griffe.Object, short: str, name: str) -> str:
    shown = name.rpartition(".")[2] if short else name
    # A name that the site does not describe stays a name.
    return f'<autoref optional identifier="{_target(obj, name)}"><code>{shown}</code></autoref>'


def _target(obj: griffe.Object, name: str) -> str:
    first, dot, rest = name.partition(".")
    if first == obj.package.name:
        return name
    try:
        return f"{obj.resolve(first)}{dot}{rest}"
    except griffe.NameResolutionError:
        return name
