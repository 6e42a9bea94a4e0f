"""Bundles run on a GPU with ONNX Runtime's CUDA provider, or an error says why not.

Run on a machine with an NVIDIA GPU and the GPU build of ONNX Runtime: ``pytest tests/gpu -v``. The recorded result is
in docs/reference/gpu.md.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnxruntime = pytest.importorskip("onnxruntime")

import leapp_core  # noqa: E402
from leapp_core.errors import UsageError  # noqa: E402
from leapp_core.plugins.environments import EnvRequest  # noqa: E402
from leapp_core.plugins.manager import PluginManager  # noqa: E402
from leapp_core.plugins.policies import PolicyRequest  # noqa: E402
from leapp_core.plugins.runners import RunnerSettings  # noqa: E402
from leapp_core.policy_export.adapters import find_adapter  # noqa: E402
from leapp_core.runtime import PolicyRuntime, load  # noqa: E402
from tests.gpu.test_cuda_capture import TASKS, capture_on, outside  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
    pytest.mark.skipif(
        "CUDAExecutionProvider" not in onnxruntime.get_available_providers(),
        reason="needs the GPU build of ONNX Runtime",
    ),
]

CUDA = RunnerSettings(provider="cuda")


@pytest.fixture(scope="module", params=["hand-written", "three-nodes", *TASKS])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundles")
    if request.param == "hand-written":
        return capture_on("cpu", folder, "onnx-dynamo")
    return three_nodes(folder) if request.param == "three-nodes" else built_in(request.param, folder)


def built_in(task: str, folder: Path) -> Path:
    plugins = PluginManager()
    provider = plugins.environments.get("builtin")
    env = provider.make(EnvRequest(task))
    checkpoint = provider.pretrained_checkpoint(task)
    request = PolicyRequest(checkpoint, env.agent, env.observations(), env.num_actions, "cpu")
    policy = find_adapter(request.checkpoint, None, plugins).load(request)
    env.reset(0)
    with leapp_core.capture(task, folder) as session:
        for _ in range(5):
            env.step(policy, session)
    return session.export().bundle


def three_nodes(folder: Path) -> Path:
    encoder, core, head = torch.nn.Linear(6, 16), torch.nn.GRUCell(16, 16), torch.nn.Linear(16, 4)
    hidden = torch.zeros(1, 16)
    generator = torch.Generator().manual_seed(2)
    with torch.inference_mode(), leapp_core.capture("chain", folder) as session:
        for _ in range(4):
            x = session.input_tensors("encoder", {"x": torch.randn(1, 6, generator=generator)})
            code = torch.relu(encoder(x))
            session.output_tensors("encoder", {"code": code})
            code = session.input_tensors("core", {"code": code})
            hidden = core(code, hidden)
            session.output_tensors("core", {"memory": hidden})
            memory = session.input_tensors("head", {"memory": hidden})
            session.output_tensors("head", {"target": torch.tanh(head(memory))})
    return session.export("onnx-dynamo").bundle


def drawn(bundle: Path, steps: int) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(5)
    ports = outside(bundle)
    return [
        {name: (0.3 * rng.standard_normal(shape)).astype(dtype) for name, dtype, shape in ports} for _ in range(steps)
    ]


def difference(bundle: Path, there: PolicyRuntime) -> float:
    """Return the largest difference to the CPU over 100 steps: relative above 1, else absolute."""
    here, worst = load(bundle), 0.0
    for given in drawn(bundle, 100):
        wanted, got = here.step(given), there.step(given)
        assert wanted.keys() == got.keys()
        for name in wanted:
            scale = np.maximum(np.abs(wanted[name]), 1.0)
            worst = max(worst, float(np.max(np.abs(got[name] - wanted[name]) / scale)))
    return worst


def test_actions_on_the_gpu_are_those_of_the_cpu(bundle: Path, record_property: Callable[[str, object], None]) -> None:
    there = load(bundle, settings=CUDA)
    worst = difference(bundle, there)
    rounded = difference(bundle, load(bundle, settings=RunnerSettings(provider="cuda", extra={"tf32": True})))
    record_property("largest difference to the CPU", f"{worst:.1e}")
    record_property("with TF32", f"{rounded:.1e}")
    assert worst < 2e-5
    there.reset()
    again = there.step(drawn(bundle, 1)[0])
    first = load(bundle, settings=CUDA).step(drawn(bundle, 1)[0])
    assert all(np.array_equal(again[name], first[name]) for name in again)


@pytest.mark.skipif(importlib.util.find_spec("tensorrt") is not None, reason="TensorRT is installed")
def test_without_its_libraries_tensorrt_is_an_error_that_names_them(bundle: Path) -> None:
    with pytest.raises(UsageError, match=r"'tensorrt' did not start: library libnvinfer"):
        load(bundle, settings=RunnerSettings(provider="tensorrt"))
