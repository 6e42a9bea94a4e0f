"""Every command of the simulators' how-tos, in order, as a reader types them: from making the environment on."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.simulators.venvs import ROOT

pytestmark = [pytest.mark.simulator, pytest.mark.slow, pytest.mark.timeout(3600)]
HOME = "~/.cache/leapp/simulators"
LAST = "## Isaac Lab's own tests"
"""What follows is the business of tests of their own: they take long."""


@pytest.mark.parametrize(("page", "name"), [("export-from-isaac-lab", "isaaclab"), ("export-from-mjlab", "mjlab")])
def test_what_a_reader_types(page, name, simulator, tmp_path):
    found = simulator(name)
    text = (ROOT / "docs" / "howto" / f"{page}.md").read_text(encoding="utf-8").partition(LAST)[0]
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert f"make {name}-env" in blocks[0]
    script = "".join(blocks).replace(HOME, str(found.home)).replace("~/leapp-", f"{tmp_path}/leapp-")
    environment = {key: value for key, value in os.environ.items() if key not in found.settings}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment | {"LEAPP_SIMULATORS": str(found.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"{name} is ready in" in done.stdout
    assert list(tmp_path.glob(f"leapp-{'isaac' if name == 'isaaclab' else 'mjlab'}/*/report.json"))
