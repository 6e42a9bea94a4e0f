"""Pastes the lines that refusals end with into the refused idioms, and says which of them are exact then.

``python -m tests.idioms.rewrites --write`` writes the table; with names of rows only those are run.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

import leapp_core
from leapp_core.errors import CaptureError
from tests.idioms.__main__ import TABLE as OUTCOMES
from tests.idioms.outcomes import outcome
from tests.idioms.values import Robot, all_inputs, copies
from tests.idioms.variant import Variant, all_variants

TABLE = Path(__file__).with_name("rewrites.json")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rewrites.md"
_INSTEAD = re.compile(r"^(\S+), (instead of|after) lines? (\d+)(?: to (\d+))?:$")


class _Compiled(leapp_core.CaptureSession):
    """A session that compiles where it is closed: the frame of a script is gone later."""

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.compile()


def refusal(variant: Variant) -> CaptureError | None:
    """Return what capture says to a variant."""
    inputs = all_inputs(variant)[: variant.steps]
    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(_captured, variant, inputs).exception()
    return error if isinstance(error, CaptureError) else None


def _captured(variant: Variant, inputs: list[dict[str, Any]]) -> None:
    torch.manual_seed(0)
    if variant.script:
        variant.make(lambda name: _Compiled(name, max_cached_io=len(inputs)), Robot(inputs, len(inputs)))
        return
    made = variant.make()
    controller = made.step if hasattr(made, "step") else made
    with leapp_core.capture(variant.name, max_cached_io=len(inputs)) as session:
        for given in inputs:
            now = copies(given)
            session.input_tensors("policy", now)
            session.output_tensors("policy", {"action": controller(**now)})
    session.compile()


def pasted(rewrite: str, source: str) -> str:
    """Return a source with the lines of a rewrite pasted."""
    lines: list[str | None] = list(source.splitlines())
    added: dict[int, list[str]] = {}
    target: tuple[int, int] | None = None
    for line in rewrite.splitlines():
        head = _INSTEAD.match(line)
        if head is not None:
            first, last = int(head[3]), int(head[4] or head[3])
            target = (last, last)
            if head[2] == "instead of":
                lines[first - 1 : last] = [None] * (last - first + 1)
        elif line.startswith("    ") and target is not None:
            added.setdefault(target[0], []).append(line[4:])
        else:
            target = None
    out: list[str] = []
    for number, text in enumerate(lines, start=1):
        out += [text] if text is not None else []
        out += added.get(number, [])
    return "\n".join(out) + "\n"


def verdict(variant: Variant) -> dict[str, str]:
    """Return how a variant is refused, what is to be pasted, and how it comes out then."""
    said = refusal(variant)
    if said is None:
        return {"refused": "no"}
    row = {"refused": said.code or "", "where": (said.where or "").replace(f"{Path(__file__).parents[2]}/", "")}
    if said.rewrite is None:
        return row
    path = Path(__file__).with_name("pipelines") / f"{variant.pipeline}.py"
    text = pasted(said.rewrite, path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"pasted_{variant.pipeline}.py"
        place.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(place.stem, place)
        module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        sys.modules[place.stem] = module
        spec.loader.exec_module(module)  # type: ignore[union-attr]
        found = outcome(getattr(module, variant.name), Path(folder))
    root = f"{Path(__file__).parents[2]}/"
    says = found.detail.replace(f"{folder}/", "")[:200]
    return {**row, "rewrite": said.rewrite.replace(root, ""), "pasted": found.kind, "says": says}


def main() -> None:
    """Run the rows whose name contains a given text, all without one."""
    warnings.simplefilter("ignore")
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    write = "--write" in sys.argv
    rows = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    for variant in all_variants():
        if wanted and not any(text in variant.row for text in wanted):
            continue
        rows[variant.row] = row = {"idiom": variant.idiom, **verdict(variant)}
        print(variant.row, row["refused"], row.get("pasted", ""), row.get("says", ""), flush=True)
        if write:
            TABLE.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if write:
        PAGE.write_text(page(rows), encoding="utf-8")


def page(rows: dict[str, dict[str, str]]) -> str:
    """Return the reference page."""
    refused = {name: row for name, row in sorted(rows.items()) if row["refused"] != "no"}
    known = json.loads(OUTCOMES.read_text(encoding="utf-8"))
    left = [row for name, row in known.items() if row["outcome"] == "refused" and name not in rows]
    works = {name: row for name, row in refused.items() if row.get("pasted") == "exact"}
    parts = [
        "# What to write instead\n",
        "A refusal of capture ends with lines to paste where it can make them of your source and they hold: in a"
        " forked copy of the process, which reaches no file, network or device, your loop gives the recorded outputs"
        " over the recorded inputs, the rewritten loop gives the same over those and over shaken ones, and capture"
        " takes it. `LEAPP_REWRITES=0` in the environment switches that off; another number is the seconds that it may"
        " take (20).\n",
        "The table is written by `python -m tests.idioms.rewrites --write`: each refused program of"
        " [everyday idioms](idioms.md) is refused, the lines are pasted into its source, and the result is held"
        " against the program itself over the recorded and 50 fresh steps.\n",
        f"{len(refused)} refused programs: {len(works)} end with lines that are exact when pasted,"
        f" {sum('pasted' in row for row in refused.values()) - len(works)} with lines that are not,"
        f" {sum('pasted' not in row for row in refused.values())} with none."
        + (f" {len(left)} more have not been run.\n" if left else "\n"),
    ]
    for name, row in works.items():
        parts.append(f"## {name.replace('_', ' ').replace('/', ': ')}\n\n{row['idiom']}\n")
        parts.append(f"```text\n{textwrap.dedent(row['rewrite'])}\n```\n")
    without = [f"- {row['idiom']} (`{row['refused']}`)" for name, row in refused.items() if name not in works]
    without += [f"- not run: {row['idiom']}" for row in left]
    return "\n".join([*parts, "## Without\n", *without]).replace("<", "&lt;") + "\n"


if __name__ == "__main__":
    main()
