"""Bundles with models of OpenVINO, from the user's code to a robot's loop."""

import numpy as np
import openvino
import pytest
import torch

import leapp_core
from leapp_core.errors import BundleError, ExportError, UsageError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.runtime.loading import load


class Recurrent(torch.nn.Module):
    """A policy with memory and a step counter."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.cell, self.head = torch.nn.GRUCell(3, 16), torch.nn.Linear(16, 2)
        self.reset()

    def reset(self):
        self.memory, self.steps = torch.zeros(1, 16), torch.zeros(1, dtype=torch.int64)

    def forward(self, observation):
        self.memory = self.cell(observation.clamp(-5, 5), self.memory)
        self.steps = self.steps + 1
        return self.head(self.memory) * torch.sin(0.1 * self.steps)


def write(policy, folder, name="walker", **options):
    """Record five steps of a policy and export them."""
    generator = torch.Generator().manual_seed(1)
    with leapp_core.capture(name, folder) as session, torch.inference_mode():
        for _ in range(5):
            observation = torch.randn(1, 3, generator=generator)
            session.input_tensors("policy", {"observation": observation})
            session.output_tensors("policy", {"action": policy(observation)})
    return session.export(backend="openvino-ir", visualize=False, **options)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write(Recurrent(), tmp_path_factory.mktemp("bundles"))


def test_a_policy_with_memory_acts_as_in_pytorch_for_300_steps(bundle):
    assert bundle.validation.ok
    policy, runtime = Recurrent(), load(bundle.bundle)
    worst = 0.0
    for seed in range(300):
        seen = torch.randn(1, 3, generator=torch.Generator().manual_seed(seed))
        with torch.inference_mode():
            expected = policy(seen).numpy()
        worst = max(worst, float(np.abs(runtime.step({"observation": seen.numpy()})["action"] - expected).max()))
    assert 0 < worst < 1e-5


def test_the_files_are_openvino_s_own_and_say_the_names_of_ports(bundle):
    assert {"policy.xml", "policy.bin"} <= {path.name for path in bundle.bundle.iterdir()}
    model = openvino.Core().read_model(bundle.bundle / "policy.xml")
    assert "observation" in {value.any_name for value in model.inputs}
    assert "action" in {value.any_name for value in model.outputs}


def test_users_are_told_about_integers(bundle):
    (note,) = bundle.nodes[0].notes
    assert "counters are exact up to 2147483647" in note


def test_a_counter_beyond_32_bits_is_an_error_and_no_wrong_action(bundle):
    runtime = load(bundle.bundle)
    state = runtime.state
    (steps,) = [name for name, value in state.items() if value.dtype == np.int64]
    runtime.load_state({**state, steps: np.array([2**31])})
    with pytest.raises(BundleError, match="no 32 bits for"):
        runtime.step({"observation": np.zeros((1, 3), np.float32)})


def test_weights_that_were_changed_are_noticed(bundle):
    path = bundle.bundle / "policy.bin"
    content = path.read_bytes()
    path.write_bytes(content[:-4] + b"\0\0\0\1")
    try:
        with pytest.raises(BundleError, match=r"'policy\.bin'.*changed or damaged after the export"):
            load(bundle.bundle)
    finally:
        path.write_bytes(content)


def test_another_device_is_refused(bundle):
    with pytest.raises(UsageError, match="cannot run on provider 'cuda'"):
        load(bundle.bundle, settings=RunnerSettings(provider="cuda"))


def test_equal_exports_are_equal_files(bundle, tmp_path):
    again = write(Recurrent(), tmp_path)
    assert [node.sha256 for node in again.nodes] == [node.sha256 for node in bundle.nodes]
    assert (again.bundle / "policy.bin").read_bytes() == (bundle.bundle / "policy.bin").read_bytes()


@pytest.mark.parametrize(
    ("code", "operator"),
    [
        (lambda x: torch.linalg.eigvalsh(x.T @ x), "aten._linalg_eigh"),
        (lambda x: torch.special.bessel_j0(x), "aten.special_bessel_j0"),
    ],
    ids=["eigenvalues", "bessel"],
)
def test_an_operator_that_openvino_lacks_is_named_with_the_line(code, operator, tmp_path):
    with pytest.raises(ExportError, match=rf"cannot convert {operator}") as caught:
        write(code, tmp_path)
    assert "test_bundles.py" in caught.value.where
    assert "--backend onnx-dynamo" in caught.value.fix
    assert not (tmp_path / "walker").exists()


def test_double_precision_is_refused_with_the_line(tmp_path):
    with pytest.raises(ExportError, match="is float64") as caught:
        write(lambda x: x.double().cumsum(-1).float(), tmp_path)
    assert "test_bundles.py" in caught.value.where


def test_half_precision_weights_are_an_option_that_validation_judges(tmp_path):
    report = write(Recurrent(), tmp_path, options={"fp16_weights": True}, strict=False)
    assert not report.validation.ok
