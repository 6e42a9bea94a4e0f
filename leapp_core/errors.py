"""Every error LEAPP raises on purpose.

An error says what is wrong, where, what was expected and how to fix it. The command line prints exactly these parts
and leaves with the class's ``exit_code``; code that embeds LEAPP can catch :class:`LeappError`. Kinds of errors have a
code each, which stays the same when words change: ``leapp explain C012`` shows its page.
"""

from __future__ import annotations

from html import escape
from typing import ClassVar

_LINES = "instead"
"""Name of the part that is lines to paste, whose indentation counts."""
CODE_PREFIX = "LEAPP-"
"""What every code begins with where it is shown."""


class LeappError(Exception):
    """Base of all deliberate errors.

    Args:
        message: What is wrong, in one sentence.
        where: The place it concerns: ``file:line``, ``node/port``, a path.
        expected: What would have been right.
        fix: What the reader can do about it.
        code: Kind of the error, as ``leapp_core/explain/pages`` lists them (``"C012"``). Plugins of others give none.

    Attributes:
        code: The code with its prefix (``"LEAPP-C012"``), or ``None``.
        rewrite: Lines to write instead, made of the user's source and checked, or ``None``.
    """

    exit_code: ClassVar[int] = 1
    """What the command line leaves with after an error of this class."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        fix: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.fix = fix
        self.rewrite: str | None = None
        self.code = f"{CODE_PREFIX}{code.removeprefix(CODE_PREFIX)}" if code else None

    def __str__(self) -> str:
        """Return all parts, one per line."""
        return "\n".join([self.message, *(f"  {name}: {_below(name, text)}" for name, text in self.parts())])

    def parts(self) -> list[tuple[str, str]]:
        """Return what follows the message, each part with its name: where, expected, fix, code."""
        code = f"{self.code} (leapp explain {self.code.removeprefix(CODE_PREFIX)})" if self.code else None
        named = (
            ("where", self.where),
            ("expected", self.expected),
            ("fix", self.fix),
            ("code", code),
            (_LINES, self.rewrite),
        )
        return [(label, text) for label, text in named if text]

    def _repr_html_(self) -> str:
        """Return the parts as a notebook shows them, where an error that was caught is the value of a cell."""
        rows = [
            f'<tr><th style="text-align:left">{label}</th><td style="text-align:left">'
            f"{f'<pre>{escape(text)}</pre>' if label == _LINES else _html(text)}</td></tr>"
            for label, text in self.parts()
        ]
        return f"<div><strong>{_html(self.message)}</strong><table>{''.join(rows)}</table></div>"

    def in_short(self) -> str:
        """Return the message with the code after it, for a note within other text."""
        return f"{self.message} [{self.code}]" if self.code else self.message


def _below(name: str, text: str) -> str:
    """Return a part whose further lines stand under it; lines to paste stay as they are."""
    return text if name == _LINES else text.replace("\n", "\n    ")


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


class UsageError(LeappError):
    """A command or call was given arguments that cannot work (unknown name, wrong option)."""

    exit_code = 2


class PluginError(LeappError):
    """A plugin is broken, clashes with another or breaks its contract."""

    exit_code = 3


class MissingExtraError(LeappError):
    """A feature needs packages that are not installed; the fix is the install line."""

    exit_code = 4


class CheckpointError(LeappError):
    """A checkpoint is missing, damaged, unsafe or does not fit the policy."""

    exit_code = 5


class EnvError(LeappError):
    """An environment cannot be made or does not offer what is needed."""

    exit_code = 6


class CaptureError(LeappError):
    """The program seen cannot be exported exactly; the message says why and where in the user's code."""

    exit_code = 7


class RecordingTooShortError(CaptureError):
    """A longer recording may show what this one does not: a history or a delay beyond it, buffers in turn."""


class ExportError(LeappError):
    """A backend could not write an artifact, or the bundle could not be written."""

    exit_code = 8


class ValidationError(LeappError):
    """An artifact does not reproduce the captured program."""

    exit_code = 9


class BundleError(LeappError):
    """A bundle on disk is damaged, inconsistent or not to be trusted."""

    exit_code = 10


class RuntimeInputError(LeappError):
    """A running policy was given inputs it does not take."""

    exit_code = 11


class LimitError(RuntimeInputError):
    """A reading, an answer or the state of a running policy is outside what was set as its limits."""
