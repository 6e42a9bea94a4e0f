"""Run the rows of every trainer and write the table: ``python -m tests.simulators.trainers [ADAPTER...]``.

Each trainer's rows run in a process of Isaac Lab's environment. ``--results FILE`` takes the output of such a process
(``python -m tests.simulators.trainers.run_rows ADAPTER TASK``) in the place of running it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests import closed_loops
from tests.simulators.run_case import MARK
from tests.simulators.trainers.rows import LIMIT, ROWS
from tests.simulators.venvs import ISAACLAB, ROOT

TASK = "Isaac-Cartpole"
PAGE = ROOT / "docs" / "howto" / "isaac-lab-trainers.md"
KEPT = ROOT / "docs" / "reference" / "trainers.json"
BEGIN, END = "<!-- rows begin: python -m tests.simulators.trainers -->", "<!-- rows end -->"


def results_in(text: str) -> dict[str, Any]:
    """Return the rows that a process printed.

    Raises:
        RuntimeError: it printed none; the text holds the end of its output.
    """
    for line in text.splitlines():
        if line.startswith(MARK):
            found: dict[str, Any] = json.loads(line[len(MARK) :])
            return found
    raise RuntimeError(f"no rows:\n{text[-3000:]}")


def run_rows(adapter: str, text: str = "", timeout: float = 7200) -> dict[str, Any]:
    """Run an adapter's rows whose name holds a text."""
    more = (text,) if text else ()
    done = ISAACLAB.run("-m", "tests.simulators.trainers.run_rows", adapter, TASK, *more, timeout=timeout)
    return results_in(done.stdout + done.stderr)


def agrees(found: dict[str, Any]) -> bool:
    """Return whether a row's bundle does what its policy does, shown what the policy was shown."""
    return bool(found["open_error"] <= LIMIT)


def table(results: dict[str, Any]) -> str:
    """Return the rows as a table."""
    lines = [
        "| trainer, algorithm, network | backend | open loop | closed loop | policy against itself |",
        "|---|---|---|---|---|",
    ]
    order = [row.name for row in ROWS]
    for name in sorted(results, key=lambda name: (order.index(name.rpartition(" ")[0]), name)):
        found = results[name]
        nudged = "" if found["nudge_error"] is None else f"{found['nudge_error']:.1e}"
        row, _, backend = name.rpartition(" ")
        lines.append(f"| {row} | {backend} | {found['open_error']:.1e} | {found['action_error']:.1e} | {nudged} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run, keep and write; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.trainers", description=__doc__)
    parser.add_argument("adapters", nargs="*", default=[], help="only these")
    parser.add_argument("--results", nargs="*", type=Path, help="outputs to take in the place of running")
    given = parser.parse_args(arguments)
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    if given.results:
        for path in given.results:
            kept |= results_in(path.read_text(encoding="utf-8"))
    else:
        ISAACLAB.ensure()
        for adapter in given.adapters or dict.fromkeys(row.adapter for row in ROWS):
            kept |= run_rows(adapter)
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(kept)}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    closed_loops.write()
    wrong = [name for name, found in kept.items() if not agrees(found)]
    sys.stdout.write(f"{len(kept)} rows, {len(wrong)} differ: {', '.join(wrong)}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
