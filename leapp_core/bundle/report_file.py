"""What the export that wrote a bundle said of it: ``report.json``, which a bundle can do without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from leapp_core.bundle.files import contained_file

REPORT_FILE = "report.json"
_MAX_BYTES = 64 << 20


def read_report(folder: Path) -> dict[str, Any]:
    """Return what ``report.json`` of a bundle says; nothing for bundles of other writers or a damaged file."""
    path = contained_file(folder, REPORT_FILE)[0]
    try:
        if path is None or path.stat().st_size > _MAX_BYTES:
            return {}
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return report if isinstance(report, dict) else {}


def edited_since(folder: Path, name: str, sha256: str) -> str | None:
    """Return a note if a document is not the one that the export wrote; ``None`` if it is, or if nothing tells.

    Args:
        folder: Where the bundle is.
        name: File name of the document.
        sha256: Its hash, in hex.
    """
    stated = read_report(folder).get("document")
    known = stated.get("sha256") if isinstance(stated, dict) and stated.get("file") == name else None
    if not isinstance(known, str) or known.lower() == sha256:
        return None
    return (
        f"{name} was edited after the export ({REPORT_FILE} states sha256 {known[:12]}…, it has {sha256[:12]}…); "
        "names, kinds, order, wiring and rate are compared with the facts in the models, other keys with nothing"
    )
