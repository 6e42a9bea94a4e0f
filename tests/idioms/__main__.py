"""Print, and with ``--write`` commit, how every variant comes out today."""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tests.idioms.outcomes import outcome
from tests.idioms.variant import all_variants

TABLE = Path(__file__).with_name("outcomes.json")
PEER = Path(__file__).with_name("peer.json")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "idioms.md"


def main() -> None:
    """Run the variants whose row contains the given text, all without one."""
    warnings.simplefilter("ignore")
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    rows: dict[str, dict[str, str]] = {}
    for variant in all_variants():
        if wanted and not any(text in variant.row for text in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = outcome(variant, Path(folder) / "followed")
            without = outcome(variant, Path(folder) / "without", {"follow": False})
        rows[variant.row] = {
            "idiom": variant.idiom,
            "outcome": found.kind,
            "unfollowed": without.kind,
            "says": found.detail[:400],
        }
        print(f"{variant.row:48} {found.kind:8} {without.kind:8} {found.detail[:300]}", flush=True)
    for kept in ("outcome", "unfollowed"):
        counts = Counter(row[kept] for row in rows.values())
        print(f"{len(rows)} variants, {kept}: " + ", ".join(f"{count} {kind}" for kind, count in counts.most_common()))
    if "--write" in sys.argv and not wanted:
        TABLE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(page(rows, json.loads(PEER.read_text(encoding="utf-8"))), encoding="utf-8")


def page(rows: Mapping[str, Mapping[str, str]], peer: Mapping[str, Mapping[str, str]]) -> str:
    """Return the reference page of the table.

    Args:
        rows: How variants come out.
        peer: How they do in ``leapp`` 0.7.2.
    """
    parts = [
        "# Everyday idioms\n",
        "Pipelines as published controllers and deploy scripts write them, each in several ways. A row is exact when"
        " the `onnx-dynamo` bundle gives what the program itself gives over the recorded and 50 fresh steps, some of"
        " whose inputs are 30 times larger; what is refused comes with the line and a fix."
        " Python is part of the program: counters and other numbers, both ways of an `if`, a first step that does"
        " something else; with `capture(..., follow=False)` it is not. The table is written by `python -m tests.idioms"
        " --write`; the programs are in `tests/idioms/pipelines`.\n",
        f"{len(rows)} variants. As they are: {_summary(rows, 'outcome')}. With `follow=False`:"
        f" {_summary(rows, 'unfollowed')}. In `leapp` 0.7.2, whose `input_tensors` and `output_tensors`"
        f" stand where those of a session stand, and of which nothing else is used: {_summary(peer, 'outcome')}"
        " (`tests/idioms/peer.py`).\n",
        "| pipeline | idiom | `leapp` 0.7.2 | `follow=False` | as it is |\n| --- | --- | --- | --- | --- |",
    ]
    lines = [
        f"| {name.split('/')[0]} | {_cell(row['idiom'])} | {peer[name]['outcome']} | {row['unfollowed']} |"
        f" {_cell(_verdict(row))} |"
        for name, row in rows.items()
    ]
    return "\n".join(parts + lines) + "\n"


def _summary(rows: Mapping[str, Mapping[str, str]], kept: str) -> str:
    counts = Counter(row[kept] for row in rows.values())
    return ", ".join(f"{counts[kind]} {kind}" for kind in ("exact", "refused", "WRONG", "crash"))


def _verdict(row: Mapping[str, str]) -> str:
    if row["outcome"] == "exact":
        return "exact"
    says = row["says"].removeprefix("node 'policy': ").split(" at tests/")[0]
    return f"{row['outcome']}: {says}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_").replace("<", "&lt;")


if __name__ == "__main__":
    main()
