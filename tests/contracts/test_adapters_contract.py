"""Adapters of ours against the kit for adapters; the kit finds adapters that break their promises.

Those of Isaac Lab's other trainers: tests/simulators/trainers/test_contract.py, in the environment that has them.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest, Recognition
from leapp_core.testing import adapter_checks
from leapp_core.testing.adapter_checks import AdapterSubject
from leapp_core.testing.contracts import AdapterContract
from leapp_core.testing.subject import ContractBrokenError
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, find_task

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins" / "leapp-pendulum"
GRU = find_task("Builtin-Balance-Partial")


def made(adapter: RslRlAdapter, folder: Path) -> AdapterSubject:
    checkpoint = Path(shutil.copy(GRU.checkpoint, folder / "own.pt"))
    request = PolicyRequest(checkpoint, GRU.agent_config(), {"policy": torch.zeros(1, 4)}, 1)
    return AdapterSubject(adapter, checkpoint, request)


class TestRslRl(AdapterContract):
    @pytest.fixture(params=[None, *BUILTIN_TASKS], ids=lambda task: f"{task.name} alone" if task else "within its task")
    def subject(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AdapterSubject:
        if request.param is None:
            return made(RslRlAdapter(), tmp_path_factory.mktemp("run"))
        return AdapterSubject(RslRlAdapter(), request.param.checkpoint)


class TestExample(AdapterContract):
    """The adapter of the example package."""

    @pytest.fixture(params=["within its task", "alone"])
    def subject(
        self,
        request: pytest.FixtureRequest,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> AdapterSubject:
        monkeypatch.syspath_prepend(str(EXAMPLE))
        from leapp_pendulum.adapter import PendulumAdapter
        from leapp_pendulum.task import make_network

        torch.manual_seed(0)
        checkpoint = tmp_path_factory.mktemp("run") / "own.pt"
        torch.save({"trainer": "leapp_pendulum", "network": make_network().state_dict()}, checkpoint)
        within = PolicyRequest(checkpoint, None, {"observations": torch.zeros(1, 4)}, 1)
        return AdapterSubject(PendulumAdapter(), checkpoint, None if request.param == "alone" else within)


class Wrapped(LoadedPolicy):
    def __init__(self, policy: LoadedPolicy) -> None:
        self.policy, self.summary, self.calls = policy, policy.summary, 0

    def act(self, observations: Any, session: Any = None, node: Any = None) -> torch.Tensor:
        return self.policy.act(observations)

    def reset(self) -> None:
        self.policy.reset()


class Forgetful(Wrapped):
    def reset(self) -> None:
        pass


class Mixing(Wrapped):
    def act(self, observations: Any, session: Any = None, node: Any = None) -> torch.Tensor:
        return self.policy.act({name: value - value.mean(0) for name, value in observations.items()})


def wrapping(kind: type[Wrapped]) -> RslRlAdapter:
    class Adapter(RslRlAdapter):
        def load(self, request: PolicyRequest) -> LoadedPolicy:
            return kind(super().load(request))

    return Adapter()


class Greedy(RslRlAdapter):
    def recognizes(self, checkpoint: Path) -> Recognition | None:
        return Recognition(1.0, "it is a file")


class Trusting(RslRlAdapter):
    def load(self, request: PolicyRequest) -> LoadedPolicy:
        if request.checkpoint.name.startswith("code"):
            torch.load(request.checkpoint, weights_only=False)
        return super().load(request)


@pytest.mark.parametrize(
    ("adapter", "check", "said"),
    [
        (wrapping(Forgetful), adapter_checks.acts_the_same_each_time, r"acts otherwise after reset\(\)"),
        (wrapping(Mixing), adapter_checks.acts_row_by_row, "acts otherwise beside another row"),
        (Greedy(), adapter_checks.knows_its_files_only, "as sure of an empty file"),
        (Trusting(), adapter_checks.runs_no_code, "ran code from the file"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_broken_promise_is_found(adapter: Any, check: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ContractBrokenError, match=said):
        check(made(adapter, tmp_path), tmp_path)


def test_observations_are_of_the_element_types_of_the_task(tmp_path: Path) -> None:
    image = torch.arange(12, dtype=torch.uint8).reshape(1, 2, 2, 3)
    request = PolicyRequest(tmp_path / "own.pt", None, {"image": image, "goal": torch.tensor([[2]])}, 1)
    drawn = AdapterSubject(RslRlAdapter(), tmp_path / "own.pt", request).observations(3)
    assert {name: (value.dtype, tuple(value.shape)) for name, value in drawn.items()} == {
        "image": (torch.uint8, (3, 2, 2, 3)),
        "goal": (torch.int64, (3, 1)),
    }
    assert int(drawn["image"].max()) <= 11
    assert not torch.equal(drawn["image"][0], drawn["image"][1])
