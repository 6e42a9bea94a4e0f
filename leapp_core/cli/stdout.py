"""Keep stdout for results: simulators and compilers print to it what concerns nobody who reads JSON from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

_STDOUT, _STDERR = 1, 2


@contextmanager
def results_only() -> Iterator[None]:
    """Send to stderr what is printed within the block, by native libraries and child processes too."""
    sys.stdout.flush()
    try:
        kept = os.dup(_STDOUT)
    except OSError:  # started without stdout: nobody reads results either
        with redirect_stdout(sys.stderr):
            yield
        return
    os.dup2(_STDERR, _STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, _STDOUT)
        os.close(kept)
