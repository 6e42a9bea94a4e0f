"""Run the command line as the console script does, in this process, and keep what it printed."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from leapp_core.cli.main import main


@dataclass(frozen=True)
class Result:
    """Exit code and output of one command."""

    code: int
    out: str
    err: str


def leapp(*arguments: str) -> Result:
    """Run ``leapp`` with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
        main(list(arguments))
    code = left.value.code
    return Result(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
