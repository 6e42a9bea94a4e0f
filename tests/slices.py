"""Runs what is not quick: ``python -m tests.slices [SLICE ...]``; without names, everything that needs no GPU.

``--turn NUMBER`` runs what continuous integration does: the slices of every run, and the one whose turn it is.
``--record`` notes in ``tests/slices.md`` which slices ran, when, on which commit and with what result.
"""

from __future__ import annotations

import argparse
import datetime
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests import versions
from tests.tiers import SLICES, VERSIONS, Slice, slices_of_turn

TABLE = Path(__file__).with_name("slices.md")
HEAD = """# When each slice last ran

What `make test` leaves out is cut into slices (`tests/tiers.py`). Continuous integration runs those marked `always`,
and of those in `rotation` the one at the remainder of the number of commits, so that a rerun takes the same. This table
is written by `python -m tests.slices --record SLICE ...`.

| slice | what it runs | turn | last run | commit | result |
|---|---|---|---|---|---|
"""
NEVER = ("never", "", "")


def command(slices: Sequence[Slice], jobs: str, extra: Sequence[str]) -> list[str]:
    """Return the call of pytest for some slices, all in one run, so that no worker waits for the next slice."""
    chosen = [word for each in slices for word in ("--slice", each.name)]
    return [sys.executable, "-m", "pytest", "-n", jobs, "--dist", _dealt(slices[0]), *chosen, *extra]


def groups(slices: Iterable[Slice]) -> list[list[Slice]]:
    """Return slices that one run of pytest serves together: dealt out alike, and in the same environment."""
    found: dict[str, list[Slice]] = {}
    for each in slices:
        found.setdefault(each.name if each in VERSIONS else _dealt(each), []).append(each)
    return list(found.values())


def _dealt(each: Slice) -> str:
    return "loadfile" if each.by_file else "worksteal"


def last_runs(text: str) -> dict[str, tuple[str, str, str]]:
    """Return date, commit and result of each slice that the table has."""
    rows = re.findall(r"^\| (\S+) \|.*\| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    return {name: (date, commit, result) for name, date, commit, result in rows if name != "slice"}


def table(runs: dict[str, tuple[str, str, str]]) -> str:
    """Return the page."""
    rows = [f"| {s.name} | {s.what} | {s.turn} | {' | '.join(runs.get(s.name, NEVER))} |\n" for s in SLICES]
    return HEAD + "".join(rows)


def _record(slices: Sequence[Slice], result: str) -> None:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    runs = last_runs(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    runs |= {each.name: (today, commit.stdout.strip(), result) for each in slices}
    TABLE.write_text(table(runs), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("slices", nargs="*", metavar="SLICE", help=", ".join(each.name for each in SLICES))
    parser.add_argument("--turn", type=int, help="run what continuous integration runs at this number of commits")
    parser.add_argument("--record", action="store_true", help="note the result in tests/slices.md")
    parser.add_argument("--jobs", default="auto", help="workers of pytest")
    parser.add_argument("--pytest", default="", help="further arguments of pytest, separated by blanks")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.slices) - {each.name for each in SLICES})
    if unknown:
        parser.error(f"there is no slice {', '.join(unknown)}; there are {', '.join(each.name for each in SLICES)}")
    slices: Sequence[Slice] = [each for each in SLICES if each.name in given.slices]
    if given.turn is not None:
        slices = slices_of_turn(given.turn)
    elif not slices:
        slices = [each for each in SLICES if each.turn != "by hand"]
    sys.stdout.write(f"slices: {', '.join(each.name for each in slices)}\n")
    sys.stdout.flush()
    failed = False
    for group in groups(slices):
        failed |= _run(group, given.jobs, given.pytest.split(), given.record)
    return int(failed)


def _run(slices: Sequence[Slice], jobs: str, extra: Sequence[str], record: bool) -> bool:
    """Run slices that share an environment; return whether something failed."""
    if slices[0] in VERSIONS:
        status = versions.run(slices[0].name, ["-n", jobs, *extra])
    else:
        status = subprocess.run(command(slices, jobs, extra), check=False).returncode
    if record:
        _record(slices, "passed" if status == 0 else "failed")
    return status != 0


if __name__ == "__main__":
    sys.exit(main())
