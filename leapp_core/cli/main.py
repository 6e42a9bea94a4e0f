"""Entry point of the ``leapp`` command: builds the application, turns errors into one message and an exit code."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from leapp_core.cli.app import build_app
from leapp_core.cli.render import print_error
from leapp_core.errors import LeappError
from leapp_core.plugins.manager import PluginManager

INTERNAL_ERROR = 70
"""Exit code of a defect in LEAPP itself or in a plugin (``EX_SOFTWARE``)."""

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
    plugins = PluginManager()
    try:
        verb = next((argument for argument in arguments if not argument.startswith("-")), None)
        build_app(plugins, verb)(args=arguments, prog_name="leapp", obj=plugins)
    except LeappError as error:
        if debug:
            raise
        print_error(error.message, where=error.where, expected=error.expected, fix=error.fix)
        sys.exit(error.exit_code)
    except OSError as error:
        if debug:
            raise
        print_error(f"{error.strerror or error}", where=str(error.filename) if error.filename else None)
        sys.exit(LeappError.exit_code)
    except Exception as error:
        if debug:
            raise
        _report_defect(error)
        sys.exit(INTERNAL_ERROR)


def _take_debug(argv: Sequence[str]) -> tuple[list[str], bool]:
    """Split ``--debug`` off, wherever it stands before ``--``."""
    end = argv.index("--") if "--" in argv else len(argv)
    kept = [argument for argument in argv[:end] if argument != DEBUG_FLAG]
    return [*kept, *argv[end:]], len(kept) < end


def _report_defect(error: Exception) -> None:
    text = str(error).strip().splitlines()
    print_error(
        f"unexpected {type(error).__name__}{': ' + text[0] if text else ''}",
        expected="this is a defect of LEAPP or of a plugin, not of your input",
        fix=f"run the command again with {DEBUG_FLAG} and report what it prints",
    )
