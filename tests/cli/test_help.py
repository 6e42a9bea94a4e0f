from __future__ import annotations

import subprocess
import sys

import pytest

from leapp_core.cli.app import build_app
from leapp_core.plugins.commands import command_name, command_names
from leapp_core.plugins.manager import PluginManager
from tests.cli.invoke import leapp

GROUPS = {
    "backends": ("list", "show", "test"),
    "envs": ("list", "test"),
    "adapters": ("list", "test"),
    "plugins": ("list", "new"),
}
GUIDE = (
    "--task",
    "--checkpoint",
    "--load_run",
    "--load_checkpoint",
    "--use_pretrained_checkpoint",
    "--export_task_name",
    "--export_method",
    "--backend",
    "--export_save_path",
    "--validation_steps",
    "--disable_graph_visualization",
)
"""Options of the Isaac Lab guide."""


def every_command() -> list[tuple[str, ...]]:
    app = build_app(PluginManager())
    single = [(command_name(info),) for info in app.registered_commands]
    return [*single, *((group, verb) for group, verbs in GROUPS.items() for verb in verbs)]


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_help_says_what_it_does_with_an_example(command: tuple[str, ...]) -> None:
    result = leapp(*command, "--help")
    assert result.code == 0
    assert f"leapp {' '.join(command)}" in " ".join(result.out.split()).split("Example", 1)[1]


@pytest.mark.parametrize("command", [(), *every_command()], ids=" ".join)
def test_help_is_readable_on_a_terminal_of_80_columns(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = leapp(*command, "--help").out.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    summaries = lines[lines.index("Commands:") :] if "Commands:" in lines else []
    assert [line for line in summaries if line.endswith("...")] == []


def test_root_help_lists_every_command() -> None:
    result = leapp("--help")
    assert result.code == 0
    for name in command_names(build_app(PluginManager())):
        assert f"\n  {name} " in result.out


def test_export_has_every_option_of_the_guide() -> None:
    text = leapp("export", "--help").out
    assert [option for option in GUIDE if option not in text] == []


def test_hyphens_and_underscores_are_the_same() -> None:
    spelt = [leapp("export", "--task", "nope", f"--load{separator}run", "x") for separator in "-_"]
    assert spelt[0] == spelt[1]
    assert "unknown task 'nope'" in spelt[0].err


def test_no_command_shows_the_help() -> None:
    assert "Commands:" in leapp().out + leapp().err


def test_the_package_itself_can_be_run() -> None:
    done = subprocess.run([sys.executable, "-m", "leapp_core", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == leapp("--version").out


def test_version() -> None:
    result = leapp("--version")
    assert result.code == 0
    assert result.out.startswith("leapp ")


def test_a_misspelt_option_is_answered_with_the_nearest() -> None:
    result = leapp("export", "--tsk", "X")
    assert result.code == 2
    assert "--task" in result.err
