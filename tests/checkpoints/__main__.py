"""Write ``docs/reference/checkpoints.md``: what becomes of each kind of checkpoint file.

Usage: python -m tests.checkpoints
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.checkpoints.variants import VARIANTS, outcome

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checkpoints.md"
HEAD = """<!-- Made by python -m tests.checkpoints; edit tests/checkpoints/variants.py instead. -->

# Checkpoint files

What `leapp export` makes of an RSL-RL checkpoint, tried on {count} kinds of files made from the policy of
`Builtin-Reach-Arm` (a normalizer, three layers). {exact} act exactly like the original; {refused} are refused with one
error. No file ever runs code: reading is `torch.load(weights_only=True)`, and of NumPy only numbers, text and arrays of
them are rebuilt. A normalizer that is configured and not in the file is never replaced or left out.

| file | what is said |
| --- | --- |
"""


def page(folder: Path) -> str:
    """Return the page."""
    rows = [(variant.name, *outcome(variant, folder / str(index))) for index, variant in enumerate(VARIANTS)]
    exact = sum(same for _, same, _ in rows)
    head = HEAD.format(count=len(rows), exact=exact, refused=len(rows) - exact)
    return head + "".join(f"| {name} | {_cell(said)} |\n" for name, _, said in rows)


def _cell(said: str) -> str:
    said = re.sub(r"\(\d{4,} bytes\)", "(… bytes)", said)  # the size of a zip file moves with PyTorch's version
    lines = [line.strip() for line in said.replace("|", "\\|").splitlines() if not line.startswith("  where")]
    return "<br>".join(line.replace("<", "&lt;") for line in lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(page(Path(made)), encoding="utf-8")
