"""A bundle to look at, made once by the command line itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.invoke import leapp

TASK = "Builtin-Reach-Arm"


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    result = leapp(
        "export",
        "--task",
        TASK,
        "--use_pretrained_checkpoint",
        "--export_save_path",
        str(folder),
        "--closed_loop_steps",
        "5",
    )
    assert result.code == 0, result.err
    return folder / TASK
