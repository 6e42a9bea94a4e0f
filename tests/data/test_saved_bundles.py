"""Bundles that earlier versions wrote load, validate and answer with equal numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leapp_core.bundle import load_document, read_report
from leapp_core.plugins.manager import PluginManager
from leapp_core.validation.bundle import validate_bundle
from tests.data.bundles.make_expected import answers

BUNDLES = sorted(path for path in (Path(__file__).parent / "bundles").glob("v*/*") if path.is_dir())


def test_there_are_bundles_of_each_shipped_policy() -> None:
    assert len(BUNDLES) >= 4


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_saved_bundle_validates_and_answers_as_when_it_was_written(bundle: Path) -> None:
    assert validate_bundle(bundle, PluginManager()).ok
    found = answers(bundle)
    with np.load(bundle.with_suffix(bundle.suffix + ".expected.npz")) as expected:
        assert set(expected.files) == set(found)
        for name in expected.files:
            assert found[name].dtype == expected[name].dtype
            # Another version of ONNX Runtime or another processor may round otherwise.
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_a_bundle_of_0_1_0_lacks_what_the_page_says(bundle: Path) -> None:
    loaded = load_document(bundle)
    pipeline = loaded.document.pipeline
    assert "document" not in read_report(bundle)
    assert loaded.notes == ()
    assert pipeline.shared_inputs == ()
    ports = [port for node in pipeline.nodes for port in (*node.inputs, *node.outputs)]
    facts = {"default", "effort_limit", "velocity_limit", "stiffness", "damping", "range", "frame", "quaternion_order"}
    assert [port.name for port in ports if facts & set(port.extra)] == []
    assert {"physics_timestep", "decimation", "observation_terms"} & set(pipeline.configs.extra) == set()
    page = (Path(__file__).parents[2] / "docs" / "reference" / "earlier-bundles.md").read_text(encoding="utf-8")
    for name in ("`document`", "`shared_inputs`", "`physics_timestep`", "`observation_terms`"):
        assert name in page
