from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from leapp_core.export.run import export_pipeline
from leapp_core.plugins.manager import PluginManager
from leapp_core.tracing.result import CapturedPipeline
from tests.export.pipelines import PIPELINES, capture_pipeline


@pytest.fixture(scope="session")
def plugins() -> PluginManager:
    return PluginManager()


@pytest.fixture(scope="session")
def captured() -> dict[str, CapturedPipeline]:
    return {name: capture_pipeline(build) for name, build in PIPELINES.items()}


@pytest.fixture(scope="session")
def _exported(tmp_path_factory: pytest.TempPathFactory, plugins: PluginManager, captured: dict) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    export_pipeline(captured["three_nodes"], save_path=folder, plugins=plugins, visualize=False)
    return folder / "policy"


@pytest.fixture
def bundle(_exported: Path, tmp_path: Path) -> Path:
    """A healthy bundle of three ONNX nodes with state, to be damaged."""
    return Path(shutil.copytree(_exported, tmp_path / "policy"))
