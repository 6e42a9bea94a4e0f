"""The recorded values of a bundle, forged under the right hash: never a check that passes because nothing is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from leapp_core.bundle.files import hash_file
from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes
from leapp_core.errors import BundleError
from leapp_core.plugins.manager import PluginManager
from leapp_core.validation.bundle import validate_bundle


def forge(bundle: Path, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
    path, yaml = bundle / "policy_validation.safetensors", bundle / "policy.yaml"
    before, values = hash_file(path), read_tensors(path)
    path.write_bytes(tensors_to_bytes(dict(change(values))))
    yaml.write_text(yaml.read_text().replace(before, hash_file(path)))


def without(part: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    return lambda values: {name: value for name, value in values.items() if part not in name}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("replay/0001/out/act/joint_targets", "lack act/joint_targets in step 1 of episode 'replay'"),
        ("/out/decide/action_out", "lack decide/action_out in step 0 of episode 'replay'"),
        ("/in/observe/joint_pos", "lack observe/joint_pos in step 0 of episode 'replay'"),
    ],
)
def test_a_missing_value_is_named(bundle: Path, plugins: PluginManager, part: str, message: str) -> None:
    forge(bundle, without(part))
    with pytest.raises(BundleError, match=message):
        validate_bundle(bundle, plugins)


def test_no_step_at_all_is_no_proof(bundle: Path, plugins: PluginManager) -> None:
    forge(bundle, without("/"))
    report = validate_bundle(bundle, plugins)
    assert [level.level for level in report.levels] == ["repeatability"]
    assert any("no recorded values" in note for note in report.notes)
