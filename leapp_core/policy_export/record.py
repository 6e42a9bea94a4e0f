"""What the job itself does with the disk: look before the work, and add the closed loop's figures after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.errors import ExportError
from leapp_core.export.contents import LOG, PAGE, REPORT
from leapp_core.places import can_write
from leapp_core.report import write_report
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.export.loop_report import ClosedLoopReport
    from leapp_core.plugins.manager import PluginManager
    from leapp_core.report.loop import LoopTrace
    from leapp_core.validation.report import LevelReport


def check_writable(save_path: Path) -> None:
    """Find out before minutes of work whether the bundle has a place.

    Raises:
        ExportError: the folder cannot be made or written to.
    """
    there = save_path.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir() or not can_write(there):
        raise ExportError(
            f"the bundle cannot be written to {save_path}",
            where=str(there),
            expected="a folder that can be written to" if there.is_dir() else "a folder, not a file",
            fix="choose another place with --save_path",
            code="X006",
        )


def file_closed_loop(bundle: Path, loop: ClosedLoopReport, trace: LoopTrace, plugins: PluginManager) -> None:
    """Write the closed loop's figures into ``report.json``, ``log.txt`` and the page; each is replaced whole.

    Args:
        bundle: Folder of the bundle.
        loop: What was compared.
        trace: Its curves.
        plugins: Where runners come from, to draw the page again.
    """
    report = json.loads((bundle / REPORT).read_text(encoding="utf-8"))
    report["closed_loop"] = {**loop.to_json(), "trace": trace.to_json()}
    _replace(bundle / REPORT, json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    lines = [*(_verdict(level) for level in loop.levels), *([f"drift: {loop.explanation}"] if loop.explanation else [])]
    _replace(bundle / LOG, (bundle / LOG).read_text(encoding="utf-8") + "".join(f"{line}\n" for line in lines))
    if (bundle / PAGE).is_file():
        write_report(bundle, plugins, trust=True)


def _verdict(level: LevelReport) -> str:
    worst = max(level.max_error.values(), default=0.0)
    verdict = "ok" if level.ok else "FAILED"
    return f"validation, {level.level}: {verdict}, {counted(level.steps, 'step')}, largest difference {worst:.3g}"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
