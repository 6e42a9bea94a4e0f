"""Bundles that earlier versions wrote load, validate and answer with equal numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

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
