"""What each kind of error means, shipped with the package so that it can be read on a robot without a network.

The pages are Markdown in the folder ``pages``, a file for each area. A section ``## C012 Title`` is the page of an
error code. Its first block of code provokes the error; what follows ``Instead:`` is how to write it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from leapp_core.errors import CODE_PREFIX, UsageError

AREAS = (
    "usage", "declarations", "capture", "export", "validation", "bundles", "running", "checkpoints", "environments",
    "plugins",
)  # fmt: skip
"""Files of pages, in the order of the catalogue."""
_FOLDER = Path(__file__).parent / "pages"
_HEAD = re.compile(r"^## ([A-Z]\d{3}) (.+)$", re.MULTILINE)
_NEAR = 5


@dataclass(frozen=True)
class Page:
    """One kind of error.

    Attributes:
        code: ``C012``; messages put ``LEAPP-`` before it.
        title: What happened, in a few words.
        text: Markdown: what it means, an example, how to write it instead.
    """

    code: str
    title: str
    text: str


@dataclass(frozen=True)
class Area:
    """The pages of one part of LEAPP.

    Attributes:
        title: For people.
        intro: Markdown before the first page.
        pages: In the order of their codes.
    """

    title: str
    intro: str
    pages: tuple[Page, ...]


@cache
def areas() -> tuple[Area, ...]:
    """Return all areas with their pages."""
    return tuple(_read((_FOLDER / f"{name}.md").read_text(encoding="utf-8")) for name in AREAS)


def all_pages() -> dict[str, Page]:
    """Return every page by its code."""
    return {page.code: page for area in areas() for page in area.pages}


def find_page(code: str) -> Page:
    """Return the page of a code.

    Args:
        code: ``C012``, ``LEAPP-C012``, in capitals or not.

    Raises:
        UsageError: there is no such code; near ones and titles with these words are suggested.
    """
    known = all_pages()
    wanted = code.strip().upper().removeprefix(CODE_PREFIX)
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=_NEAR, cutoff=0.5) or _by_title(code, known)
    raise UsageError(
        f"there is no error code {code[:40]!r}",
        expected="one of " + "; ".join(f"{c} ({known[c].title})" for c in near) if near else "a code such as C001",
        fix="`leapp explain --list` shows all codes",
        code="U001",
    )


def _by_title(words: str, known: dict[str, Page]) -> list[str]:
    sought = words.lower().split()
    found = [code for code, page in known.items() if sought and all(word in page.title.lower() for word in sought)]
    return found[:_NEAR]


def _read(text: str) -> Area:
    head, *parts = _HEAD.split(text)
    title, _, intro = head.strip().removeprefix("# ").partition("\n")
    sections = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return Area(title, intro.strip(), tuple(Page(code, name, body.strip()) for code, name, body in sections))
