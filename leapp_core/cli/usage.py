"""What the parser of the command line refuses, as errors of ours: one message with what was expected and the fix."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from leapp_core.errors import UsageError
from leapp_core.suggest import suggest

_REFUSED: type[Exception] = typer.BadParameter.__bases__[0]
"""Base of all that the parser raises; typer exports none but this descendant."""


class Commands(TyperGroup):
    """The application: refuses wrong usage with a :class:`~leapp_core.errors.UsageError`."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Read the options before the command."""
        with _as_ours(info_name or "leapp"):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Read the command's own options and run it."""
        with _as_ours(ctx.command_path, ctx):
            return super().invoke(ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command.

        Raises:
            UsageError: there is none of that name; the nearest is suggested.
        """
        try:
            return super().resolve_command(ctx, args)
        except _REFUSED as error:
            if args[0].startswith("-"):
                raise
            raise UsageError(
                f"there is no command {args[0]!r}", expected=suggest(args[0], self.commands), code="U001"
            ) from error


@contextmanager
def _as_ours(program: str, root: Any = None) -> Iterator[None]:
    try:
        yield
    except _REFUSED as error:
        if "\n" in str(getattr(error, "message", "")):  # no arguments were given: the message is the help
            raise
        context = getattr(error, "ctx", None)
        named = root is not None and root.invoked_subcommand
        path = context.command_path if context is not None else f"{program} {named}" if named else program
        raise _ours(error, context, path) from error


def _ours(error: Any, context: Any, program: str) -> UsageError:
    text = str(error.format_message()).strip().rstrip(".")
    shown = f"`{program} --help` shows what it takes"
    usage = context.get_usage().removeprefix("Usage: ").replace("{", "").replace("}", "") if context else None
    option = getattr(error, "option_name", None)
    if option and hasattr(error, "possibilities"):
        return UsageError(
            f"{program} has no option {option!r}", expected=_near(option, context), fix=shown, code="U001"
        )
    if missing := re.fullmatch(r"Missing (argument|option) '?([^'.]*)'?.*", text, re.DOTALL):
        return UsageError(f"{program} needs {missing[2].strip()}", expected=usage, fix=shown, code="U002")
    if missed := re.match(r"No such command '([^']*)'", text):
        return UsageError(
            f"there is no command '{program.partition(' ')[2]} {missed[1]}'",
            expected=suggest(missed[1], context.command.commands) if context else None,
            fix=shown,
            code="U001",
        )
    if lacking := re.match(r"Option '([^']*)' requires", text):
        return UsageError(f"{program} {lacking[1]} needs a value", expected=usage, fix=shown, code="U002")
    if more := re.match(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", text, re.DOTALL):
        return UsageError(
            f"{program} takes no more arguments; one too many: {more[1]!r}", expected=usage, fix=shown, code="U002"
        )
    return UsageError(f"{program}: {text[:1].lower()}{text[1:]}", fix=shown, code="U003")


def _near(option: str, context: Any) -> str | None:
    """Return the options whose names are near; all of them would be too many."""
    known = [name for parameter in context.command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    close = difflib.get_close_matches(option, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else None
