"""The page on MuJoCo, as a reader follows it: its files are written, its commands run in order."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.cli.invoke import leapp
from tests.docs.test_docs import DOCS

PAGE = (DOCS / "howto" / "mujoco.md").read_text(encoding="utf-8")
FILES = {"arm.xml": "xml", "points.csv": "csv", "circle.py": "python", "names.yaml": "yaml"}


def test_what_a_reader_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, language in FILES.items():
        (content,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
        assert name in PAGE
        (tmp_path / name).write_text(content)
    lines = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(lines) >= 8
    for line in lines:
        if line.startswith("leapp "):
            result = leapp(*shlex.split(line)[1:])
            assert result.code == 0, f"{line}\n{result.err}"
        else:
            subprocess.run(["bash", "-c", line], check=True)
    with np.load("arm.npz") as kept:
        angles = np.cumsum(kept["state/qpos"][-1])
    tip = sum(length * np.array([np.cos(a), np.sin(a)]) for length, a in zip((0.4, 0.3, 0.2), angles, strict=True))
    np.testing.assert_allclose(tip, [0.4, 0.3], atol=0.02)
    assert (tmp_path / "arm.png").is_file()
