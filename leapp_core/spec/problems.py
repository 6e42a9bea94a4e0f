"""Everything wrong with a bundle, gathered before anything is raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leapp_core.errors import BundleError

Path = tuple[str | int, ...]
"""Keys and indices from the top of the YAML file to a value."""

_SHOWN = 50


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        message: What, in one sentence.
        path: Where, as keys from the top of the document; empty for the whole.
        line: Line in the YAML file (from 1), if it came from one.
    """

    message: str
    path: Path = ()
    line: int | None = None

    @property
    def place(self) -> str:
        """The place for people: ``line 12, models.policy.inputs[0]``."""
        dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path).removeprefix(".")
        return ", ".join(part for part in (f"line {self.line}" if self.line else "", dotted) if part)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class BundleProblemsError(BundleError):
    """A bundle is not as it must be.

    Attributes:
        problems: Each thing found, in file order.
    """

    def __init__(self, source: str, problems: Iterable[Problem], *, fix: str | None = None, code: str | None) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        count = len(self.problems)
        lines = [f"- {problem}" for problem in self.problems[:_SHOWN]]
        if count > _SHOWN:
            lines.append(f"- and {count - _SHOWN} more")
        head = f"bundle {source} has {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([f"{head}:", *lines]), fix=fix, code=code)


def raise_problems(source: str, problems: Iterable[Problem], *, fix: str | None = None) -> None:
    """Raise if there is any problem.

    Raises:
        BundleProblemsError: listing all of them.
    """
    found = tuple(problems)
    if found:
        raise BundleProblemsError(source, found, fix=fix, code="B004")
