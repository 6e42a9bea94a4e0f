"""What every environment provider has to do: one function per promise, each raising ``ContractBrokenError``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from leapp_core.errors import LeappError, UsageError
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest, PolicyEnvironment, StepOutcome, TaskInfo
from leapp_core.plugins.policies import LoadedPolicy, Recorder
from leapp_core.testing.results import check_result
from leapp_core.testing.subject import ContractBrokenError

SEED = 5
EPISODE = 20
NO_TASK = "No-Such-Task-Anywhere"


class StandInPolicy(LoadedPolicy):
    """Any policy: the same linear map of observations each time, squashed so that robots stay near their start.

    Args:
        num_actions: Size of an action.
        groups: Observation groups it reads; by default ``policy`` if there is one, since others beside it are for
            critics, which see what no robot measures; else all.
        choices: See :attr:`leapp_core.plugins.environments.PolicyEnvironment.action_choices`.
    """

    summary = "stand-in: one linear layer"

    def __init__(self, num_actions: int, groups: tuple[str, ...] | None = None, choices: tuple[int, ...] = ()) -> None:
        self.obs_groups = groups
        self._choices = choices
        self._num_actions = num_actions
        self._weight: torch.Tensor | None = None

    def act(
        self, observations: Mapping[str, torch.Tensor], session: Recorder | None = None, node: str | None = None
    ) -> torch.Tensor:
        """Return the action; see :meth:`leapp_core.plugins.policies.LoadedPolicy.act`."""
        groups = self.obs_groups or (("policy",) if "policy" in observations else tuple(observations))
        flat = torch.cat([observations[group].flatten(1).float() for group in groups], dim=-1)
        if self._weight is None:
            drawn = torch.randn(flat.shape[1], self._num_actions, generator=torch.Generator().manual_seed(SEED))
            self._weight = (drawn / flat.shape[1] ** 0.5).to(flat.device)
        if not self._choices:
            return 0.3 * torch.tanh(flat @ self._weight)
        counts = torch.tensor(self._choices, device=flat.device)
        chosen = (0.5 + 0.5 * torch.tanh(flat @ self._weight)) * counts
        return torch.minimum(chosen.to(torch.int64), counts - 1)

    def reset(self) -> None:
        """Do nothing: there is no state."""


@dataclass(frozen=True)
class EnvSubject:
    """A provider with one of its tasks.

    Attributes:
        provider: The provider.
        task: The task.
        device: Torch device string.
        groups: Observation groups that the task's policies read; see :class:`StandInPolicy`.
        imports: Modules of another project that register the task when they are imported.
    """

    provider: EnvironmentProvider
    task: str
    device: str = "cpu"
    groups: tuple[str, ...] | None = None
    imports: tuple[str, ...] = ()

    @property
    def request(self) -> EnvRequest:
        """What the task is made with."""
        return EnvRequest(self.task, SEED, self.device)

    @contextmanager
    def made(self) -> Iterator[tuple[PolicyEnvironment, StandInPolicy]]:
        """Make the training form and something to control it, and close it afterwards."""
        self.provider.import_tasks(self.imports)
        with closing(self.provider.make(self.request)) as env:
            yield env, StandInPolicy(env.num_actions, self.groups, env.action_choices)


EnvCheck = Callable[[EnvSubject, Path], None]


def lists_its_tasks(subject: EnvSubject, folder: Path) -> None:
    """The provider keeps its contract and lists tasks with names of their own, this one among them."""
    check_contract(subject.provider, EnvironmentProvider, "environment")
    subject.provider.import_tasks(subject.imports)
    tasks = subject.provider.tasks()
    names = [task.name for task in tasks if isinstance(task, TaskInfo)]
    if len(names) != len(tasks) or len(set(names)) != len(names):
        raise ContractBrokenError(f"tasks() gave {tasks}, expected a TaskInfo per task, each with a name of its own")
    if subject.task not in names and not subject.imports:
        raise ContractBrokenError(f"tasks() does not list {subject.task!r}: {', '.join(names) or 'none'}")


def refuses_unknown_tasks(subject: EnvSubject, folder: Path) -> None:
    """A task that does not exist is a usage error that names it."""
    try:
        subject.provider.make(EnvRequest(NO_TASK)).close()
    except UsageError as error:
        if NO_TASK not in str(error):
            raise ContractBrokenError(f"the error for an unknown task does not name it: {error}") from error
        return
    except Exception as error:
        raise ContractBrokenError(
            f"an unknown task does not raise UsageError: {type(error).__name__}: {error}"
        ) from error
    raise ContractBrokenError(f"make() made the task {NO_TASK!r}, which is not listed")


def keeps_its_contract(subject: EnvSubject, folder: Path) -> None:
    """The training form has what its contract says, and the sizes that the configuration foretold."""
    with subject.made() as (env, _):
        check_contract(env, PolicyEnvironment, "training form")
        if not (env.frequency > 0 and env.max_episode_steps > 0 and env.num_actions > 0):
            raise ContractBrokenError(
                f"frequency is {env.frequency}, max_episode_steps {env.max_episode_steps}, num_actions "
                f"{env.num_actions}; expected positive numbers"
            )
        seen = env.observations()
        wrong = [n for n, v in seen.items() if not isinstance(v, torch.Tensor) or v.ndim < 2 or v.shape[0] != 1]
        if wrong or not seen:
            raise ContractBrokenError(f"observations() gave {wrong or 'nothing'}, expected tensors [1, ...] by group")
        shapes = {name: tuple(value.shape[1:]) for name, value in seen.items()}
        sizes = subject.provider.sizes(subject.request)
        if sizes is not None and sizes.num_actions != env.num_actions:
            raise ContractBrokenError(f"sizes() foretold {sizes.num_actions} actions, there are {env.num_actions}")
        if sizes is not None and sizes.observations is not None and dict(sizes.observations) != shapes:
            raise ContractBrokenError(f"sizes() foretold observations {sizes.observations}, there are {shapes}")


def returns_what_it_says(subject: EnvSubject, folder: Path) -> None:
    """What methods of the provider and of the training form return is of the types that the contracts say."""
    provider = subject.provider
    for method, arguments in (
        ("tasks", ()),
        ("tasks_of", (subject.imports,)),
        ("sizes", (subject.request,)),
        ("pretrained_checkpoint", (subject.task,)),
        ("log_root", (subject.task,)),
    ):
        check_result(getattr(provider, method)(*arguments), EnvironmentProvider, method)
    with subject.made() as (env, policy):
        check_result(env, EnvironmentProvider, "make")
        check_result(env.reset(SEED), PolicyEnvironment, "reset")
        check_result(env.observations(), PolicyEnvironment, "observations")
        check_result(env.step(policy), PolicyEnvironment, "step")


def equal_seeds_give_equal_episodes(subject: EnvSubject, folder: Path) -> None:
    """An episode follows from its seed, and looking at observations changes nothing."""
    with subject.made() as (env, policy):
        first, second = _episode(env, policy), _episode(env, policy, look_twice=True)
    with subject.made() as (env, policy):
        third = _episode(env, policy)
    for what, other in (("begun again", second), ("of an environment made anew", third)):
        for step, (a, b) in enumerate(zip(first, other, strict=False)):
            different = [name for name in a if not torch.equal(a[name], b[name])]
            if different:
                raise ContractBrokenError(
                    f"an episode {what} with the same seed differs in step {step}: {', '.join(different)}"
                )
        if len(first) != len(other):
            raise ContractBrokenError(f"an episode {what} with the same seed has {len(other)} steps, not {len(first)}")


def _episode(env: PolicyEnvironment, policy: LoadedPolicy, look_twice: bool = False) -> list[dict[str, torch.Tensor]]:
    env.reset(SEED)
    policy.reset()
    steps = []
    for _ in range(min(EPISODE, env.max_episode_steps)):
        if look_twice:
            env.observations()
        seen = {f"observation {name!r}": value.clone() for name, value in env.observations().items()}
        outcome = env.step(policy)
        steps.append({**seen, **_values(outcome)})
        if outcome.done:
            break
    return steps


def _values(outcome: StepOutcome) -> dict[str, torch.Tensor]:
    named = {f"target {n!r}": v for n, v in outcome.targets.items()} | {
        f"state {n!r}": v for n, v in outcome.state.items()
    }
    return {name: torch.from_numpy(value.copy()) for name, value in named.items()}


def declares_what_it_reads_and_writes(subject: EnvSubject, folder: Path) -> None:
    """Recorded steps make a program whose inputs and outputs from outside all have a kind."""
    captured = _captured(subject)
    spec = captured.spec
    for what, refs, ports in (("input", spec.inputs, spec.input_spec), ("output", spec.outputs, spec.output_spec)):
        if not refs:
            raise ContractBrokenError(f"a recorded step declares no {what}; declare them to the session")
        for ref in refs:
            if ports(ref).kind is None:
                raise ContractBrokenError(f"{what} {ref} has no kind; declare it as a TensorSemantics")


def a_bundle_controls_it(subject: EnvSubject, folder: Path) -> None:
    """A bundle controls the deployment form as the policy controls the training form, step by step."""
    from leapp_core.bundle import load_document
    from leapp_core.export.closed_loop import Loop, run_closed_loop
    from leapp_core.export.run import export_pipeline
    from leapp_core.plugins.environments import DeploymentEnvironment
    from leapp_core.plugins.manager import PluginManager
    from leapp_core.runtime import load

    plugins = PluginManager()
    report = export_pipeline(
        _captured(subject), save_path=folder, plugins=plugins, backend="pt2", visualize=False, drop_unread=True
    )
    document = load_document(report.bundle).document
    scene = subject.provider.deploy(subject.request, document)
    check_contract(scene, DeploymentEnvironment, "deployment form")
    check_result(scene.read(), DeploymentEnvironment, "read")
    runtimes = [load(report.bundle, plugins=plugins, trust=True, full_names=True) for _ in range(2)]
    with closing(scene), subject.made() as (env, policy):
        loop = run_closed_loop(Loop(env, policy, scene, *runtimes), seed=SEED, steps=EPISODE)
    for level in loop.levels:
        if level.mismatches:
            raise ContractBrokenError(f"{level.level}: {level.mismatches[0]}")
    if not any(level.steps for level in loop.levels):
        raise ContractBrokenError("no step was compared: step() of the training form returns no targets")


def _captured(subject: EnvSubject) -> Any:
    from leapp_core.policy_export.capturing import CaptureSettings, capture_policy

    with subject.made() as (env, policy):
        try:
            return capture_policy(env, policy, CaptureSettings("kit", seed=SEED))[0]
        except LeappError as error:
            raise ContractBrokenError(f"recorded steps cannot be made into a program: {error}") from error


ENV_CHECKS: tuple[EnvCheck, ...] = (
    lists_its_tasks,
    refuses_unknown_tasks,
    keeps_its_contract,
    returns_what_it_says,
    equal_seeds_give_equal_episodes,
    declares_what_it_reads_and_writes,
    a_bundle_controls_it,
)
