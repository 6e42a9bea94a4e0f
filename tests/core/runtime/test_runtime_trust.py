"""Artifacts that can hold code load only when made here by the same user, or when somebody vouches for them."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.runners import Runner
from leapp_core.trust import made_here_folder, remember_made_here, was_made_here


class PickleSession:
    def run(self, inputs):
        return {"joint_targets": inputs["joint_pos"] + inputs["joint_vel"]}


class CodeRunner(Runner):
    """A format that holds code."""

    name = "code"
    runs_code = True

    def open(self, path, spec, settings):
        return PickleSession()


class Plugin:
    @hookimpl
    def leapp_register_runners(self, registry):
        registry.add(CodeRunner())


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def options():
    plugins = PluginManager(load_entry_points=False)
    plugins.register(Plugin(), "code")
    return {"plugins": plugins}


@pytest.fixture
def opened(tmp_path, options):
    from leapp_core.runtime import open_document

    pipeline = pipelines.mlp(tmp_path)
    document, paths = pipeline.document(), pipeline.paths
    artifacts = {name: dataclasses.replace(a, format="code") for name, a in document.artifacts.items()}
    document = dataclasses.replace(document, artifacts=artifacts)

    def load(**more):
        return open_document(document, paths, {}, **options, **more)

    load.paths = paths
    load.sha256 = artifacts["policy"].sha256
    return load


def test_refused_unless_vouched_for(opened):
    with pytest.raises(BundleError, match=r"policy\.onnx can run code when loaded") as caught:
        opened()
    assert "--trust" in caught.value.fix
    x = np.ones((1, 3), np.float32)
    assert opened(trust=True).step({"joint_pos": x, "joint_vel": x})["joint_targets"].tolist() == [[2, 2, 2]]


def test_what_was_exported_here_loads(opened):
    assert remember_made_here([opened.sha256])
    opened()


def test_a_changed_file_is_not_what_was_exported(opened):
    remember_made_here([opened.sha256])
    opened.paths["policy"].write_bytes(b"something else")
    with pytest.raises(BundleError, match="can run code"):
        opened()


def test_a_folder_others_may_write_to_proves_nothing(opened):
    remember_made_here([opened.sha256])
    made_here_folder().chmod(0o777)
    assert not was_made_here(opened.sha256)


@pytest.mark.parametrize("name", ["..", "", "x", "../made-here"])
def test_only_hashes_count(name):
    remember_made_here([hashlib.sha256(b"a").hexdigest()])
    assert not was_made_here(name)


def test_a_home_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert not remember_made_here(["0" * 64])
    assert not was_made_here("0" * 64)
