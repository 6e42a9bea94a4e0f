"""Run a program with the ``leapp`` module active: ``python -m leapp_core.compat [--force] MODULE|FILE [ARGS…]``."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

from leapp_core.compat.modules import activate
from leapp_core.errors import LeappError

_USAGE = "usage: python -m leapp_core.compat [--force] MODULE|FILE.py [ARGS...]\n"
_SHADOW = Path(__file__).with_name("shadow")


def main(argv: list[str]) -> int:
    """Run the program that ``argv`` names; return an exit code where it does not exit itself."""
    force = argv[:1] == ["--force"]
    program, arguments = argv[force : force + 1], argv[force + 1 :]
    if not program or program[0].startswith("-"):
        sys.stderr.write(_USAGE)
        return 2
    try:
        activate(force=force)
    except LeappError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    _activate_in_children()
    sys.argv = [program[0], *arguments]
    if program[0].endswith(".py"):
        sys.path[0] = str(Path(program[0]).resolve().parent)
        runpy.run_path(program[0], run_name="__main__")
    else:
        runpy.run_module(program[0], run_name="__main__", alter_sys=True)
    return 0


def _activate_in_children() -> None:
    """Let Python processes that the program starts find the ``leapp`` module too, through their search path."""
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_SHADOW), *([others] if others else [])])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
