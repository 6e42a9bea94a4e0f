"""A bundle whose backend is not installed here: the error names the distribution that wrote it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.errors import UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from tests.cli.invoke import leapp

SOURCE = """
from leapp_backends.exported_program.exporter import Pt2Exporter
from leapp_backends.exported_program.runner import Pt2Runner
from leapp_core import hookimpl

LEAPP_PLUGIN_API = "1.0"


class Exporter(Pt2Exporter):
    name, format, suffix, aliases = "gone", "gone", ".gone", ()


class Runner(Pt2Runner):
    name, aliases = "gone", ()


@hookimpl
def leapp_register_exporters(registry):
    registry.add(Exporter())


@hookimpl
def leapp_register_runners(registry):
    registry.add(Runner())
"""


@pytest.fixture
def bundle(install: Callable[[str, str], None], tmp_path: Path) -> Path:
    """Export with a backend of another distribution."""
    install("leapp_gone", SOURCE)
    network = torch.nn.Linear(3, 2)
    with leapp_core.capture("policy", save_path=tmp_path / "out") as session:
        for _ in range(3):
            reading = torch.randn(1, 3)
            session.input_tensors("policy", {"reading": reading})
            with torch.no_grad():
                session.output_tensors("policy", {"target": network(reading)})
    made = session.export(backend="gone", visualize=False).bundle
    load(made)
    return made


def test_the_distribution_that_wrote_it_is_named(bundle: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "leapp_gone-0.1.dist-info")
    with pytest.raises(UsageError, match="unknown artifact format 'gone': nothing that is installed loads it") as told:
        load(bundle)
    assert told.value.where == "node policy"
    assert told.value.fix == "install leapp_gone 0.1, which wrote it"
    done = leapp("validate", str(bundle))
    assert done.code == 2
    assert "install leapp_gone 0.1, which wrote it" in done.err


def test_a_plugin_that_is_blocked_is_named_too(bundle: Path) -> None:
    with pytest.raises(UsageError, match="unknown artifact format 'gone'") as told:
        load(bundle, plugins=PluginManager(disabled=["leapp_gone"]))
    assert told.value.fix == (
        "install leapp_gone 0.1, which wrote it; these plugins are broken or blocked: "
        "leapp_gone 0.1 (plugin 'leapp_gone')"
    )
