"""Formats without a faster way: models of plugins and of several formats, one after the other."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import BundleError, LeappError, UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl
from leapp_core.plugins.runners import Runner
from leapp_core.runtime import open_document
from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec


class PythonSession:
    """Runs a function of a test."""

    def __init__(self, function):
        self._function = function

    def run(self, inputs):
        return self._function(**inputs)


class PythonRunner(Runner):
    """A third party's format; its artifacts are functions given by the test."""

    name = "python"

    def __init__(self, functions):
        self._functions = functions

    def open(self, path, spec, settings):
        return PythonSession(self._functions[spec.name])


class Plugin:
    def __init__(self, functions):
        self._runner = PythonRunner(functions)

    @hookimpl
    def leapp_register_runners(self, registry):
        registry.add(self._runner)


def open_python(tmp_path, spec, functions, initial=None):
    plugins = PluginManager(load_entry_points=False)
    plugins.register(Plugin(functions), "python")
    artifacts = {node.name: ArtifactRef("none", "python", "0" * 64) for node in spec.nodes}
    paths = {node.name: tmp_path / "none" for node in spec.nodes}
    return open_document(BundleDocument("g", spec, artifacts), paths, initial or {}, plugins=plugins)


def swapping() -> tuple[PipelineSpec, dict[PortRef, np.ndarray]]:
    node = NodeSpec(
        "n",
        (pipelines.port("x", 1), pipelines.port("a_in", 1), pipelines.port("b_in", 1)),
        (pipelines.port("y", 1), pipelines.port("a_out", 1), pipelines.port("b_out", 1)),
    )
    spec = PipelineSpec(
        (node,),
        feedback=(pipelines.edge("n/a_out", "n/a_in"), pipelines.edge("n/b_out", "n/b_in")),
        inputs=pipelines.refs("n/x"),
        outputs=pipelines.refs("n/y", "n/a_out"),
    )
    return spec, {PortRef("n", "a_in"): np.array([1.0], "f4"), PortRef("n", "b_in"): np.array([2.0], "f4")}


def test_a_model_that_returns_its_inputs_as_they_are(tmp_path):
    """Outputs that share memory with inputs and states must not mix up steps."""
    spec, initial = swapping()
    runtime = open_python(tmp_path, spec, {"n": lambda x, a_in, b_in: {"y": x, "a_out": b_in, "b_out": a_in}}, initial)
    found = [runtime.step({"x": np.array([i], "f4")}) for i in range(4)]
    assert [float(f["y"][0]) for f in found] == [0, 1, 2, 3]
    assert [float(f["a_out"][0]) for f in found] == [2, 1, 2, 1]
    runtime.reset()
    assert float(runtime.step({"x": np.array([0], "f4")})["a_out"][0]) == 2
    assert {k: float(v[0]) for k, v in runtime.initial_state.items()} == {"a_in": 1, "b_in": 2}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x, a_in, b_in: {"y": x, "a_out": a_in}, "returned no output 'b_out'"),
        (lambda x, a_in, b_in: {"y": x[None], "a_out": a_in, "b_out": b_in}, r"returned 'y' as float32 \[1, 1\]"),
        (lambda x, a_in, b_in: {"y": x.astype("f8"), "a_out": a_in, "b_out": b_in}, "returned 'y' as float64"),
        (lambda x, a_in, b_in: 1 / 0, "the model of node 'n' failed: division by zero"),
    ],
)
def test_models_that_are_not_what_the_bundle_states(tmp_path, function, message):
    spec, initial = swapping()
    with pytest.raises(BundleError, match=message):
        open_python(tmp_path, spec, {"n": function}, initial)


def test_a_failing_step_leaves_the_state(tmp_path):
    def count(x, a_in, b_in):
        if x[0] > 5:
            raise ValueError("too large")
        return {"y": a_in, "a_out": a_in + 1, "b_out": b_in}

    spec, initial = swapping()
    runtime = open_python(tmp_path, spec, {"n": count}, initial)
    runtime.step({"x": np.array([0], "f4")})
    with pytest.raises(BundleError, match="failed: too large"):
        runtime.step({"x": np.array([9], "f4")})
    assert float(runtime.step({"x": np.array([0], "f4")})["y"][0]) == 2


def test_a_format_nobody_loads(tmp_path):
    pipeline = pipelines.mlp(tmp_path)
    document = pipeline.document()
    artifacts = {"policy": dataclasses.replace(document.artifacts["policy"], format="onx")}
    with pytest.raises(UsageError, match="unknown artifact format 'onx'") as caught:
        open_document(dataclasses.replace(document, artifacts=artifacts), pipeline.paths, {})
    assert "did you mean 'onnx'?" in caught.value.expected
    assert caught.value.fix.startswith("install the plugin that wrote it")
    folder = pipeline.paths["policy"].parent
    wrote = {"nodes": [{"node": "policy", "provider": "leapp-acme 1.2.0 (plugin 'acme')"}]}
    (folder / "report.json").write_text(json.dumps(wrote))
    with pytest.raises(UsageError, match="nothing that is installed loads it") as caught:
        open_document(dataclasses.replace(document, artifacts=artifacts), pipeline.paths, {})
    assert caught.value.fix == "install leapp-acme 1.2.0, which wrote it"


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_several_formats_in_one_pipeline(tmp_path):
    """A TorchScript network between ONNX pre- and postprocessing gives what all-ONNX gives."""
    torch = pytest.importorskip("torch")

    pipeline = pipelines.three_nodes(tmp_path)
    weights = {t.name: torch.from_numpy(_array(t)) for t in pipeline.models["net"].graph.initializer}

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in weights.items():
                self.register_buffer(name.replace(".", "_"), value)

        def forward(self, obs):
            hidden = torch.nn.functional.elu(obs @ self.val_0_w.T + self.val_0_b)
            return torch.nn.functional.elu(hidden @ self.y_w.T + self.y_b)

    path = tmp_path / "net.pt"
    torch.jit.trace(Net().eval(), torch.zeros(1, 6)).save(str(path))
    document, paths = pipeline.document(), {**pipeline.paths, "net": path}
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    artifacts = {**document.artifacts, "net": ArtifactRef("net.pt", "jit", sha256)}
    document = dataclasses.replace(document, artifacts=artifacts)
    with pytest.raises(LeappError, match=r"net\.pt can run code"):
        open_document(document, paths, pipeline.initial)
    mixed = open_document(document, paths, pipeline.initial, trust=True)
    whole = pipeline.open()
    assert not mixed.merged
    random = np.random.default_rng(0)
    for _ in range(5):
        x = {"x": random.standard_normal((1, 4)).astype("f4")}
        np.testing.assert_allclose(mixed.step(x)["action"], whole.step(x)["action"], rtol=1e-5, atol=1e-6)


def _array(tensor):
    from onnx import numpy_helper

    return numpy_helper.to_array(tensor).copy()
