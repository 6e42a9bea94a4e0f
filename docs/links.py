"""Say which links of the documentation lead nowhere; one that leaves ``docs/`` is not looked at by the site's builder.

Usage: python docs/links.py [FOLDER]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LINK = re.compile(r"\]\(([^)#\s]+?)(#[^)]*)?\)")


def links(page: Path) -> Iterator[str]:
    """Yield the files that a page links to, as it names them."""
    for target, _ in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            yield target


def broken(folder: Path) -> list[str]:
    """Return ``page: target`` for each link that no file answers, or that a reader of the site cannot follow."""
    found = []
    for page in sorted(folder.rglob("*.md")):
        for target in links(page):
            to = (page.parent / target).resolve()
            if not to.exists() or not to.is_relative_to(folder.resolve()):
                found.append(f"{page.relative_to(folder)}: {target}")
    return found


def main() -> int:
    """Run from the command line."""
    wrong = broken(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
    print("\n".join(f"broken link in {line}" for line in wrong), file=sys.stderr, end="\n" if wrong else "")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
