"""Writes the matrix page from the suite: ``python -m tests.capture.matrix docs/reference/capture-matrix.md``."""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import torch

from leapp_core.errors import CaptureError
from tests.capture.case import Case, all_cases
from tests.capture.harness import BACKENDS, FRESH_STEPS, capture_case, outcome, run_eagerly

HEAD = f"""# What capture handles, program by program

Generated from the test suite (`python -m tests.capture.matrix docs/reference/capture-matrix.md`). Every program is
captured for a few steps, then runs {FRESH_STEPS} steps more on inputs it has never seen, its state carried, beside the
same code without capture. `exact` means equal within the program's tolerance on every step; a backend whose format
cannot express a program refuses it with the reason.

"""


MARKUP = re.compile(r"([\[\]*`<|]|\b_|_\b|(?<=_)_)")
"""What Markdown would read as something else than itself in a user's line of code."""


def page(cases: Iterable[Case]) -> str:
    """Run the cases and return the page."""
    parts = [HEAD]
    rows = sorted(cases, key=lambda case: (case.refused is not None, case.topic))
    for topic, group in itertools.groupby((c for c in rows if c.refused is None), key=lambda case: case.topic):
        parts.append(f"## {topic.replace('_', ' ').capitalize()}\n\n| program | {' | '.join(BACKENDS)} |\n")
        parts.append("|---" * (len(BACKENDS) + 1) + "|\n")
        parts += [_exact_row(case) for case in group]
        parts.append("\n")
    parts.append("## Refused\n\n| program | what it does | what capture says |\n|---|---|---|\n")
    parts += [_refused_row(case) for case in rows if case.refused is not None]
    return "".join(parts)


def _exact_row(case: Case) -> str:
    eager = run_eagerly(case, case.steps + FRESH_STEPS)
    captured, _ = capture_case(case, eager)
    cells = []
    with tempfile.TemporaryDirectory() as folder:
        for backend in BACKENDS:
            result = outcome(captured, eager, backend, Path(folder) / backend, case)
            cells.append(result if result == "exact" else _cell(result))
    sys.stderr.write(f"{case.topic} {case.name}\n")
    name = f"{case.name}: {case.summary}" if case.summary else case.name
    return f"| {_cell(name)} | {' | '.join(cells)} |\n"


def _refused_row(case: Case) -> str:
    eager = run_eagerly(case, case.steps)
    try:
        capture_case(case, eager)
    except CaptureError as error:
        message = error.message
    else:
        message = "WRONG: it was not refused"
    return f"| {_cell(case.name)} | {_cell(case.summary)} | {_cell(message)} |\n"


def _cell(text: str) -> str:
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = page(all_cases())
    path.write_text(text, encoding="utf-8")
    return 1 if "WRONG" in text else 0


if __name__ == "__main__":
    sys.exit(main())
