"""``python -m tests.benchmarks [runtime …] [--out DIR] [--rounds N]``: measure and print tables."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from rich.console import Console

PARTS = ("runtime", "capture", "plugins", "simulators")


def main() -> None:
    """Run the parts asked for, by default all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}")
    parser.add_argument("--out", type=Path, help="folder for JSON and Markdown")
    parser.add_argument("--rounds", type=int, default=25, help="turns of 200 steps each")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {min(unknown)!r}, choose from {', '.join(PARTS)}")
    for part in given.parts or PARTS:
        importlib.import_module(f"tests.benchmarks.{part}").run(Console(), given.out, given.rounds)


if __name__ == "__main__":
    main()
