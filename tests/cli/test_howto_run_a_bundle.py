"""Every code block of docs/howto/run-a-bundle.md runs, in order, on a real bundle."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "run-a-bundle.md"
READINGS = {
    "joint_pos": np.zeros((1, 3), np.float32),
    "joint_vel": np.zeros((1, 3), np.float32),
    "target_position": np.array([[0.5, 0.3]], np.float32),
}


class Robot:
    """Stands for the reader's robot."""

    def __init__(self):
        self.written = []

    def read(self):
        return READINGS

    def write(self, targets):
        self.written.append(targets)


class Running:
    """True for a few steps."""

    def __init__(self, steps):
        self.left = steps

    def __bool__(self):
        self.left -= 1
        return self.left >= 0


def test_code_blocks_run(bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Builtin-Reach-Arm").symlink_to(bundle, target_is_directory=True)
    names = {"robot": Robot(), "running": Running(3), "goal": READINGS["target_position"], "readings": READINGS}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert len(names["robot"].written) == 3
    assert set(names["policy"].by_name(names["targets"])["joint_targets"]) == {"shoulder", "elbow", "wrist"}
    assert names["report"].steps == 1
