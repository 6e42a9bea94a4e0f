"""How the source is laid out, what is public, and that hooks are documented."""

from __future__ import annotations

import inspect

import pluggy
import pytest

import leapp_core
from leapp_core.plugins import hookspecs
from leapp_core.plugins.markers import PROJECT
from tests.architecture.imports import ROOT, modules

MAX_LINES = 500
PUBLIC = {
    "CaptureSession",
    "GraphConfigs",
    "InputKind",
    "LeappError",
    "OutputKind",
    "TemporalAxis",
    "TensorSemantics",
    "capture",
    "capture_step",
    "hookimpl",
}


def hooks() -> list[str]:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    return sorted(name for name in vars(hookspecs) if name.startswith("leapp_"))


@pytest.mark.parametrize("name", sorted(modules()))
def test_no_file_is_too_long_to_hold_in_mind(name: str) -> None:
    assert len(modules()[name].read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_public_names_are_the_promised_ones_and_resolve() -> None:
    assert set(leapp_core.__all__) == PUBLIC
    assert set(dir(leapp_core)) >= PUBLIC
    for name in PUBLIC:
        assert getattr(leapp_core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = leapp_core.nothing


@pytest.mark.parametrize("hook", hooks())
def test_every_hook_is_typed_and_documented(hook: str) -> None:
    function = getattr(hookspecs, hook)
    assert inspect.getdoc(function)
    assert function.__annotations__["return"] == "None"
    assert set(inspect.signature(function).parameters) <= set(function.__annotations__)
    text = (ROOT / "docs" / "reference" / "hooks.md").read_text(encoding="utf-8")
    assert f"`{hook}`" in text


def test_packages_are_typed() -> None:
    for package in ("leapp_core", "leapp_backends", "leapp_rsl_rl"):
        assert (ROOT / package / "py.typed").is_file()
