"""What must work, and start fast, without PyTorch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.imports import imports, modules

LIGHT_PARTS = (
    "leapp_core.spec",
    "leapp_core.plugins",
    "leapp_core.bundle",
    "leapp_core.checkpoints",
    "leapp_core.cli",
    "leapp_core.runtime",
    "leapp_core.validation",
    "leapp_core.policy_export",
    "leapp_core.deploy",
    "leapp_core.visualize",
)
LIGHT = ("leapp_core", "leapp_core.compare", "leapp_core.trust", "leapp_core.export.run")
PLUGINS = (
    "leapp_backends.onnx.plugin",
    "leapp_backends.torchscript.plugin",
    "leapp_backends.exported_program.plugin",
    "leapp_rsl_rl.plugin",
    "leapp_rsl_rl.environments.builtin.plugin",
    "leapp_rsl_rl.environments.mjlab.plugin",
    "leapp_rsl_rl.environments.mujoco.plugin",
    "leapp_rsl_rl.environments.isaaclab.plugin",
)
MAY_LOAD_TORCH = (
    "leapp_core.tracing", "leapp_core.program", "leapp_core.rewrites", "leapp_core.compat", "leapp_core.testing",
    "leapp_rsl_rl",
)  # fmt: skip


def light_modules() -> list[str]:
    return [name for name in modules() if name.startswith(LIGHT_PARTS)] + [*LIGHT, *PLUGINS]


def test_importing_light_modules_loads_neither_torch_nor_onnx() -> None:
    probe = (
        "import importlib, sys\n"
        f"for name in {light_modules()!r}:\n"
        "    importlib.import_module(name)\n"
        "    bad = {'torch', 'onnx', 'onnxruntime'} & set(sys.modules)\n"
        "    assert not bad, f'{name} loads {bad}'\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.parametrize("library", ["torch"])
def test_torch_is_loaded_at_import_only_where_it_must(library: str) -> None:
    users = [f for f in imports() if f.at_load and f.target.split(".")[0] == library]
    assert [str(found) for found in users if not found.source.startswith(MAY_LOAD_TORCH)] == []
