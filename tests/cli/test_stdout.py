"""Stdout holds results only, whatever prints while a command works."""

from __future__ import annotations

import subprocess
import sys

NOISY = """
import os, subprocess, sys
from leapp_core.cli.progress import StageProgress
from leapp_core.cli.render import show_json
with StageProgress(quiet=True):
    print("a library")
    os.write(1, b"native code\\n")
    subprocess.run([sys.executable, "-c", "print('a child')"], check=True)
show_json({"result": 1})
"""


def test_only_results_reach_stdout() -> None:
    done = subprocess.run([sys.executable, "-c", NOISY], capture_output=True, text=True, check=True)
    assert done.stdout == '{\n  "result": 1\n}\n'
    for source in ("a library", "native code", "a child"):
        assert source in done.stderr


def test_stdout_is_back_after_an_error() -> None:
    code = NOISY.replace('    print("a library")\n', "    raise SystemExit(print('late') or 3)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
