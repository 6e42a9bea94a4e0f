"""Environments are often reached through a symbolic link, which Python keeps in the names of source files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import logging, sys
import torch
import leapp_core.tracing
from leapp_core import capture
from leapp_core.tracing.source.callsite import is_installed, is_library

assert is_installed(torch.__file__) and is_installed(logging.__file__)
assert is_library(leapp_core.tracing.__file__)
gains = torch.arange(3.0)
session = capture("linked", sys.argv[1])
with session:
    for _ in range(3):
        x = session.input_tensors("policy", {"x": torch.rand(1, 3)})
        session.output_tensors("policy", {"y": x * gains})
report = session.export("jit-trace")
print(report.constants[0].where)
"""


def test_links_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "environment").symlink_to(sys.prefix)
    (tmp_path / "code").symlink_to(ROOT)
    (tmp_path / "program.py").write_text(PROGRAM)
    python = tmp_path / "environment" / "bin" / "python"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "code")}
    command = [str(python), "program.py", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1].startswith("program.py:15: session.output_tensors("), done.stdout
