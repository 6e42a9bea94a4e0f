"""Entry point of the ``leapp`` command: builds the application, turns errors into one message and an exit code."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Sequence

from leapp_core.errors import LeappError

INTERNAL_ERROR = 70
"""Exit code of a defect in LEAPP itself or in a plugin (``EX_SOFTWARE``)."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

DEBUG_FLAG = "--debug"


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process.

    Args:
        argv: Arguments without the program name; by default those of the process.

    Raises:
        SystemExit: always, with 0, the error's ``exit_code``, or 2 for wrong usage.
    """
    arguments, debug = _take_debug(sys.argv[1:] if argv is None else argv)
    if not debug:
        # Libraries warn their developers; whoever runs a command gets what concerns them as notes.
        warnings.simplefilter("ignore")
    try:
        _run(arguments)
    except SystemExit as left:
        if left.code == INTERRUPTED:
            _print_error("interrupted")
        raise
    except KeyboardInterrupt:  # before the application could take it
        _print_error("interrupted")
        sys.exit(INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        sys.exit(_report(error))


def _run(arguments: Sequence[str]) -> None:
    # Imported here, where Ctrl-C is taken already.
    from leapp_core.cli.app import build_app
    from leapp_core.cli.completion import COMPLETING
    from leapp_core.plugins.manager import PluginManager

    if COMPLETING in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    plugins = PluginManager()
    verb = next((argument for argument in arguments if not argument.startswith("-")), None)
    build_app(plugins, verb)(args=list(arguments), prog_name="leapp", obj=plugins)


def _print_error(message: str, parts: Iterable[tuple[str, str]] = ()) -> None:
    from leapp_core.cli.render import print_error

    print_error(message, parts)


def _take_debug(argv: Sequence[str]) -> tuple[list[str], bool]:
    """Split ``--debug`` off, wherever it stands before ``--``."""
    end = argv.index("--") if "--" in argv else len(argv)
    kept = [argument for argument in argv[:end] if argument != DEBUG_FLAG]
    return [*kept, *argv[end:]], len(kept) < end


def _report(error: Exception) -> int:
    """Print an error as one message and return the exit code."""
    from leapp_core.plugins.blame import failed_plugin

    if not isinstance(error, LeappError):
        error = failed_plugin(error) or error
    if isinstance(error, LeappError):
        _print_error(error.message, error.parts())
        return error.exit_code
    if isinstance(error, OSError):
        _print_error(f"{error.strerror or error}", [("where", str(error.filename))] if error.filename else [])
        return LeappError.exit_code
    text = str(error).strip().splitlines()
    _print_error(
        f"unexpected {type(error).__name__}{': ' + text[0] if text else ''}",
        [
            ("expected", "this is a defect of LEAPP or of a plugin, not of your input"),
            ("fix", f"run the command again with {DEBUG_FLAG} and report what it prints"),
        ],
    )
    return INTERNAL_ERROR
