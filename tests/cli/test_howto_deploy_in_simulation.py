"""Commands of docs/howto/deploy-in-simulation.md on built-in tasks, as a reader types them.

Those on tasks of simulators are run by ``tests/simulators/test_howtos.py``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.invoke import leapp
from tests.docs.test_docs import DOCS

PAGE = (DOCS / "howto" / "deploy-in-simulation.md").read_text(encoding="utf-8")
TASK = "Builtin-Reach-Arm"


def test_what_a_reader_types(bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("out", TASK).symlink_to(bundle, target_is_directory=True)
    commands = re.findall(rf"(?m)^(?:\$ )?(leapp deploy out/{TASK}.*)$", PAGE)
    assert len(commands) == 2
    printed = []
    for command in commands:
        result = leapp(*shlex.split(command)[1:])
        assert result.code == 0, f"{command}\n{result.err}"
        printed.append(result.out)
    assert Path("arm.png").read_bytes().startswith(b"\x89PNG")
    (shown,) = re.findall(r"```console\n\$ leapp deploy[^\n]*\n(.*?)```", PAGE, re.DOTALL)
    labels = [line.partition("  ")[0] for line in shown.splitlines() if line and line[0].isalpha()]
    assert {"control steps", "reward per step", "shown what it was shown", "drift side by side"} <= set(labels)
    assert [label for label in labels if label not in printed[-1]] == []
