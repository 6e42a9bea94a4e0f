"""Add what the closed loop found to the report and the log of a bundle that is in place already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.export.contents import LOG, REPORT

if TYPE_CHECKING:
    from leapp_core.export.closed_loop import ClosedLoopReport


def file_closed_loop(bundle: Path, loop: ClosedLoopReport) -> None:
    """Write the closed loop's figures into ``report.json`` and ``log.txt``; each file is replaced whole."""
    report = json.loads((bundle / REPORT).read_text(encoding="utf-8"))
    report["closed_loop"] = loop.to_json()
    _replace(bundle / REPORT, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    worst = max(loop.level.max_error.values(), default=0.0)
    verdict = "ok" if loop.ok else "FAILED"
    line = f"validation, {loop.level.level}: {verdict}, {loop.level.steps} steps, largest difference {worst:.3g}\n"
    _replace(bundle / LOG, (bundle / LOG).read_text(encoding="utf-8") + line)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
