"""Ask plugins for environments and policies, and hold what they give to its contract before anything else is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.environments import DeploymentEnvironment, PolicyEnvironment
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest, StandalonePolicy

if TYPE_CHECKING:
    from pathlib import Path

    from leapp_core.plugins.environments import EnvironmentProvider, EnvRequest
    from leapp_core.plugins.policies import PolicyAdapter, StandaloneRequest
    from leapp_core.spec.document import BundleDocument


def compare_early(provider: EnvironmentProvider, request: EnvRequest, adapter: PolicyAdapter, checkpoint: Path) -> None:
    """Load a checkpoint for what the task's configuration tells, if that is enough, before a simulator is started.

    Raises:
        CheckpointError: it does not fit; the same that :func:`loaded_policy` would raise a minute later.
    """
    sizes = provider.sizes(request)
    foreseen = None if sizes is None else PolicyRequest.foreseen(sizes, checkpoint, request.device)
    if foreseen is not None:
        loaded_policy(adapter, foreseen)


def training_form(provider: EnvironmentProvider, request: EnvRequest) -> PolicyEnvironment:
    """Return the training form of a task.

    Raises:
        PluginError: it lacks an attribute of its contract, or has one of another type.
    """
    made = provider.make(request)
    check_contract(made, PolicyEnvironment, f"training form of environment {provider.name!r}:")
    return made


def deployment_form(
    provider: EnvironmentProvider, request: EnvRequest, document: BundleDocument
) -> DeploymentEnvironment:
    """Return the deployment form of a task; see :func:`training_form`."""
    made = provider.deploy(request, document)
    check_contract(made, DeploymentEnvironment, f"deployment form of environment {provider.name!r}:")
    return made


def loaded_policy(adapter: PolicyAdapter, request: PolicyRequest) -> LoadedPolicy:
    """Return the policy of a checkpoint; see :func:`training_form`."""
    made = adapter.load(request)
    check_contract(made, LoadedPolicy, f"policy of adapter {adapter.name!r}:")
    return made


def loaded_alone(adapter: PolicyAdapter, request: StandaloneRequest) -> StandalonePolicy:
    """Return the policy of a checkpoint without its environment; see :func:`training_form`."""
    made = adapter.load_alone(request)
    check_contract(made.policy, LoadedPolicy, f"policy of adapter {adapter.name!r}:")
    return made
