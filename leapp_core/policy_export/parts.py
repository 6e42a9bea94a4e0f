"""Ask plugins for environments and policies, and hold what they give to its contract before anything else is done."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from leapp_core.errors import CheckpointError
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
    """Return the policy of a checkpoint; see :func:`training_form`.

    Raises:
        CheckpointError: it does not load; of widths that differ, with the terms of the task.
    """
    try:
        made = adapter.load(request)
    except CheckpointError as error:
        _list_terms(error, request)
        raise
    check_contract(made, LoadedPolicy, f"policy of adapter {adapter.name!r}:")
    return made


def _list_terms(error: CheckpointError, request: PolicyRequest) -> None:
    """Add what the task's observations and actions are made of to an error that tells a width of the task's.

    Which term is one too many is seen from them, whatever the adapter says.
    """
    terms, text = request.terms, str(error)
    shapes = {name: tuple(value.shape[1:]) for name, value in request.observations.items()}
    widths = {math.prod(shape) for shape in shapes.values()} | {sum(math.prod(shape) for shape in shapes.values())}
    told = [str(width) for width in (*widths, request.num_actions) if width is not None]
    named = (*(term for group in terms.observations.values() for term in group), *terms.actions)
    if all(term in text for term in named) or not re.search(rf"\b({'|'.join(told)})\b", text):
        return
    seen = "; ".join(terms.of_group(name, shape) for name, shape in shapes.items())
    task = f"the task gives {seen}, and takes actions {terms.of_actions(request.num_actions)}"
    error.expected = "\n    ".join(filter(None, (error.expected, task)))


def loaded_alone(adapter: PolicyAdapter, request: StandaloneRequest) -> StandalonePolicy:
    """Return the policy of a checkpoint without its environment; see :func:`training_form`."""
    made = adapter.load_alone(request)
    check_contract(made.policy, LoadedPolicy, f"policy of adapter {adapter.name!r}:")
    return made
