"""Shells complete commands and options."""

from __future__ import annotations

import pytest

from tests.cli.invoke import leapp


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell_is_printed(shell: str) -> None:
    done = leapp("completion", shell)
    assert done.code == 0
    assert "_LEAPP_COMPLETE" in done.out
    assert "leapp" in done.out


@pytest.mark.parametrize(
    ("words", "at", "wanted"),
    [("leapp va", "1", "validate"), ("leapp run --ste", "2", "--steps"), ("leapp ", "1", "export")],
)
def test_what_bash_asks_is_answered(words: str, at: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_LEAPP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", at)
    assert wanted in leapp().out.split()


def test_another_shell_is_refused() -> None:
    done = leapp("completion", "csh")
    assert done.code == 2
    assert "bash or zsh or fish" in done.err
