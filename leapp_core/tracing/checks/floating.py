"""NumPy that is told to raise for some values (``errstate``, warnings made errors).

The recorded calls never raise. Where the user's code catches the error, what it does then is a branch that the program
does not have.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product

from leapp_core.errors import CaptureError
from leapp_core.tracing.find.analysis import NodeAnalysis
from leapp_core.tracing.source.book import SourceBook, SourceFile
from leapp_core.tracing.values.flows import Follower
from leapp_core.tracing.values.relevance import Relevance

_RAISED_BY_SETTING = {
    "errstate": ("raise", "FloatingPointError"),
    "seterr": ("raise", "FloatingPointError"),
    "simplefilter": ("error", "RuntimeWarning"),
    "filterwarnings": ("error", "RuntimeWarning"),
}
"""Calls that make NumPy raise: the word they are given for it, and what is raised then."""


def check_floating(found: NodeAnalysis, relevance: Relevance) -> None:
    """Refuse caught errors of NumPy's arithmetic.

    Args:
        found: The node's analysis.
        relevance: What takes part in the program.

    Raises:
        CaptureError: naming the call that may raise and what catches it.
    """
    told = sorted(set(_told_to_raise(relevance.book)))
    for raised, (file, statement) in product(told, _computing(relevance) if told else ()):
        place = Follower(relevance).raises(file, statement, raised).worst
        if place is not None:
            raise CaptureError(
                f"node {found.node!r}: NumPy is told to raise {raised} for some values, and catching it decides what "
                f"is computed ({place}); no captured step shows it",
                where=f"{file.path}:{statement.lineno}: {file.text(statement.lineno)}",
                expected="tensor operations between inputs and outputs",
                fix="look for such values with tensors, as torch.isfinite does, and choose with torch.where",
                code="C014",
            )


def _computing(relevance: Relevance) -> list[tuple[SourceFile, ast.stmt]]:
    """Return the statements of the program, those that call functions of the user last."""
    statements = [
        (file, statement)
        for file in relevance.book.files
        for statement in file.statements
        if not hasattr(statement, "body")
        and relevance.statement(file, statement, statement.end_lineno or statement.lineno)
    ]
    return sorted(statements, key=lambda one: relevance.hands_on(*one))


def _told_to_raise(book: SourceBook) -> Iterator[str]:
    for name, (word, raised) in _RAISED_BY_SETTING.items():
        for _, call in book.calls(name):
            given = (*call.args, *(keyword.value for keyword in call.keywords))
            if any(isinstance(value, ast.Constant) and value.value == word for value in given):
                yield raised
