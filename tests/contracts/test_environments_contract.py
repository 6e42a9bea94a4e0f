"""The built-in environments, and that of the example package, against the kit; the kit finds broken promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, StepOutcome, TaskInfo, TaskSizes
from leapp_core.testing import env_checks
from leapp_core.testing.contracts import EnvironmentContract
from leapp_core.testing.env_checks import EnvSubject
from leapp_core.testing.subject import ContractBrokenError
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS
from leapp_rsl_rl.environments.builtin.policy_env import BuiltinPolicyEnvironment
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.tiers import few

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "plugins" / "leapp-pendulum"
TASK = "Builtin-Reach-Arm"


class TestBuiltin(EnvironmentContract):
    @pytest.fixture(params=few([task.name for task in BUILTIN_TASKS], quick=1))
    def subject(self, request: pytest.FixtureRequest) -> EnvSubject:
        return EnvSubject(BuiltinProvider(), request.param)


class TestExample(EnvironmentContract):
    @pytest.fixture
    def subject(self, monkeypatch: pytest.MonkeyPatch) -> EnvSubject:
        monkeypatch.syspath_prepend(str(EXAMPLE))
        from leapp_pendulum.provider import PendulumProvider

        return EnvSubject(PendulumProvider(), "Pendulum-Hold")


class Unlisted(BuiltinProvider):
    def tasks(self) -> tuple[TaskInfo, ...]:
        return (TaskInfo("Other"), TaskInfo("Other"))


class Crashing(BuiltinProvider):
    def make(self, request: EnvRequest) -> Any:
        if request.task != TASK:
            raise KeyError(request.task)
        return super().make(request)


class Boasting(BuiltinProvider):
    def sizes(self, request: EnvRequest) -> TaskSizes:
        return TaskSizes(None, 7)


def with_env(kind: type[BuiltinPolicyEnvironment]) -> EnvironmentProvider:
    class Provider(BuiltinProvider):
        def make(self, request: EnvRequest) -> Any:
            made = super().make(request)
            made.__class__ = kind
            return made

    return Provider()


class Seedless(BuiltinPolicyEnvironment):
    def reset(self, seed: int) -> None:
        super().reset(int(torch.randint(10**6, ())))


class Silent(BuiltinPolicyEnvironment):
    """Records the policy and declares nothing of the robot."""

    def step(self, policy: Any, session: Any = None) -> StepOutcome:
        return super().step(policy, None)


class Deaf(BuiltinProvider):
    def deploy(self, request: EnvRequest, document: Any) -> Any:
        scene = super().deploy(request, document)
        read = scene.read
        scene.read = lambda: {name: value * 0 for name, value in read().items()}
        return scene


class Closed(BuiltinProvider):
    def deploy(self, request: EnvRequest, document: Any) -> Any:
        raise EnvError("there is no robot")


@pytest.mark.parametrize(
    ("provider", "check", "said"),
    [
        (Unlisted(), env_checks.lists_its_tasks, "each with a name of its own"),
        (Crashing(), env_checks.refuses_unknown_tasks, "an unknown task does not raise UsageError: KeyError"),
        (Boasting(), env_checks.keeps_its_contract, "foretold 7 actions, there are 3"),
        (with_env(Seedless), env_checks.equal_seeds_give_equal_episodes, "with the same seed differs in step 0"),
        (with_env(Silent), env_checks.declares_what_it_reads_and_writes, "cannot be made into a program"),
        (Deaf(), env_checks.a_bundle_controls_it, "closed loop"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_broken_promise_is_found(provider: Any, check: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(ContractBrokenError, match=said):
        check(EnvSubject(provider, TASK), tmp_path)


def test_a_deployment_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match="there is no robot"):
        env_checks.a_bundle_controls_it(EnvSubject(Closed(), TASK), tmp_path)


def test_a_task_whose_actions_are_chosen_gets_choices() -> None:
    policy = env_checks.StandInPolicy(2, choices=(3, 4))
    drawn = torch.randn(200, 1, 5, generator=torch.Generator().manual_seed(0))
    acted = torch.cat([policy.act({"policy": seen}) for seen in drawn])
    assert acted.dtype == torch.int64
    assert [sorted(set(column.tolist())) for column in acted.T] == [[0, 1, 2], [0, 1, 2, 3]]
