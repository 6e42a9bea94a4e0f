"""Capturing on a CUDA device gives the bundle that capturing on the CPU gives.

Run on a machine with an NVIDIA GPU: ``pytest tests/gpu -v``. The recorded result is in docs/reference/gpu.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import leapp_core  # noqa: E402
from leapp_core.plugins.environments import EnvRequest  # noqa: E402
from leapp_core.plugins.manager import PluginManager  # noqa: E402
from leapp_core.plugins.policies import PolicyRequest  # noqa: E402
from leapp_core.policy_export.adapters import find_adapter  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
]

TASKS = ["Builtin-Reach-Arm", "Builtin-Balance-Partial", "Builtin-Velocity-Hopper", "Builtin-Velocity-Hopper-LSTM"]


@pytest.fixture(autouse=True)
def full_precision():
    """TF32 would round products to 10 bits on the GPU only; policies are compared without it."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


class Preprocessed(torch.nn.Module):
    """A policy with in-place observation buffer, history, mask, literals and recurrent state on one device."""

    def __init__(self, device: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.encoder = torch.nn.Conv1d(3, 4, 3)
        self.core = torch.nn.GRU(9, 8)
        self.head = torch.nn.Linear(8, 3)
        self.to(device)
        self.history = torch.zeros(1, 3, 6, device=device)
        self.offset = torch.tensor([0.1, -0.2, 0.3], device=device)
        self.hidden = None
        self.obs = torch.zeros(1, 9, device=device)

    def forward(self, q: torch.Tensor) -> torch.Tensor:
        self.history[:] = torch.roll(self.history, -1, 2)
        self.history[:, :, -1] = q - self.offset
        features = self.encoder(self.history)
        self.obs[:, :4] = features.amax(2)
        self.obs[:, 4:7] = q
        self.obs[:, 7:] = torch.tensor([0.5, -0.5], device=q.device)
        self.obs[self.obs > 2.0] = 2.0
        out, self.hidden = self.core(self.obs[None], self.hidden)
        return torch.tanh(self.head(out[0])).clamp(-0.9, 0.9)


def capture_on(device: str, folder: Path, backend: str) -> Path:
    policy = Preprocessed(device)
    generator = torch.Generator().manual_seed(7)
    with torch.inference_mode(), leapp_core.capture("policy", folder) as session:
        for _ in range(4):
            q = torch.randn(1, 3, generator=generator).to(device)
            session.input_tensors("policy", {"q": q})
            session.output_tensors("policy", {"target": policy(q)})
    return session.export(backend).bundle


def steps(bundle: Path, inputs: list[dict[str, np.ndarray]]) -> list[dict[str, np.ndarray]]:
    from leapp_core.runtime import load

    runtime = load(bundle)
    return [runtime.step(given) for given in inputs]


def assert_same(cpu: Path, cuda: Path, inputs: list[dict[str, np.ndarray]]) -> None:
    for here, there in zip(steps(cpu, inputs), steps(cuda, inputs), strict=True):
        assert here.keys() == there.keys()
        for name in here:
            np.testing.assert_allclose(there[name], here[name], rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("backend", ["onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2"])
def test_hand_written_policy_gives_the_same_bundle_on_both_devices(backend, tmp_path):
    cpu = capture_on("cpu", tmp_path / "cpu", backend)
    cuda = capture_on("cuda", tmp_path / "cuda", backend)
    rng = np.random.default_rng(0)
    inputs = [{"q": rng.standard_normal((1, 3)).astype(np.float32)} for _ in range(50)]
    assert_same(cpu, cuda, inputs)
    assert_no_cuda(cuda)


def assert_no_cuda(bundle: Path) -> None:
    from leapp_core.bundle import load_document

    loaded = load_document(bundle)
    for artifact in loaded.artifact_paths.values():
        assert b"cuda:0" not in artifact.read_bytes()


@pytest.mark.parametrize("task", TASKS)
def test_built_in_task_gives_the_same_interface_and_actions_on_both_devices(task, tmp_path):
    plugins = PluginManager()
    provider = plugins.environments.get("builtin")
    bundles = {}
    for device in ("cpu", "cuda"):
        env = provider.make(EnvRequest(task, device=device))
        request = PolicyRequest(
            provider.pretrained_checkpoint(task), env.agent, env.observations(), env.num_actions, device
        )
        policy = find_adapter(request.checkpoint, None, plugins).load(request)
        env.reset(0)
        with leapp_core.capture(task, tmp_path / device) as session:
            for _ in range(5):
                env.step(policy, session)
        bundles[device] = session.export().bundle
    ports = [yaml_ports(bundles[device], task) for device in ("cpu", "cuda")]
    assert ports[0] == ports[1]
    rng = np.random.default_rng(1)
    inputs = [
        {name: (0.3 * rng.standard_normal(shape)).astype(dtype) for name, dtype, shape in outside(bundles["cpu"])}
        for _ in range(30)
    ]
    assert_same(bundles["cpu"], bundles["cuda"], inputs)


def outside(bundle: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    from leapp_core.bundle import load_document

    pipeline = load_document(bundle).document.pipeline
    specs = [pipeline.input_spec(ref) for ref in pipeline.inputs]
    return [(spec.name, spec.dtype, spec.shape) for spec in specs]


def yaml_ports(bundle: Path, task: str) -> str:
    text = (bundle / f"{task}.yaml").read_text()
    return text[: text.index("parameters:")]
