"""Judge every program, and with ``--write`` commit the outcomes and their page; a text picks programs by name."""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

from tests.loops.judge import PROGRAMS, names, outcome

KEPT = Path(__file__).with_name("outcomes.json")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "loops.md"
HEAD = """<!-- Written by python -m tests.loops --write; change the script instead. -->

# Control programs

{count} small control programs by a robotics engineer who had not read the engine, in the style of deploy scripts: state
machines, gait clocks, histories, filters, timers, tables, NumPy buffers. Each is captured over 40 steps as it is,
exported with `onnx-dynamo`, and the bundle is run beside it over 90 fresh steps, some of whose readings are 50 times
larger.
**{totals}.** When they were written, 14 of the first 48 were exact, and the others were refused. The programs are in
`tests/loops/programs`.

| program | what it does | outcome |
| --- | --- | --- |
"""


def page(kept: dict[str, dict[str, str]]) -> str:
    """Return the page of some outcomes."""
    rows = []
    for name, found in kept.items():
        about = (PROGRAMS / f"{name}.py").read_text(encoding="utf-8").split('"""')[1].strip()
        says = found["says"].replace("|", "\\|")
        rows.append(f"| {name} | {about} | {found['kind']}{f': {says}' if says else ''} |\n")
    counts = Counter(found["kind"] for found in kept.values())
    totals = ", ".join(f"{counts.get(kind, 0)} {kind}" for kind in ("exact", "refused", "wrong"))
    return HEAD.format(count=len(kept), totals=totals[0].upper() + totals[1:]) + "".join(rows)


def main() -> None:
    """Run from the command line."""
    warnings.simplefilter("ignore")
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    kept = {}
    for name in names():
        if wanted and not any(text in name for text in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = outcome(name, Path(folder))
        kept[name] = {"kind": found.kind, "says": found.says}
        print(f"{name:32} {found.kind:8} {found.says[:200]}", flush=True)
    print(Counter(found["kind"] for found in kept.values()))
    if "--write" in sys.argv and not wanted:
        KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(page(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
