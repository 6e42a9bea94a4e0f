"""Find the environment that runs a bundle on a robot model of the user's own."""

from __future__ import annotations

from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvironmentProvider, ModelScene
from leapp_core.plugins.manager import PluginManager


def model_provider(
    env: str | None, scene: ModelScene | None, compare: str | None, plugins: PluginManager
) -> EnvironmentProvider | None:
    """Return the provider that takes the model, or ``None`` if a task is meant.

    Args:
        env: What the user named; without, the first that takes a file of that ending.
        scene: The model and what belongs to it, if one was given.
        compare: Checkpoint that a policy was to be made from, which needs a task.
        plugins: Where providers come from.

    Raises:
        UsageError: a model without an environment that takes it, or the other way round.
        MissingExtraError: the provider needs packages that are not installed.
    """
    provider = plugins.environments.get(env) if env is not None else _taking(scene, plugins)
    if scene is None:
        if provider is not None and provider.models:
            raise UsageError(
                f"environment {provider.name!r} has no tasks: it runs a bundle on a robot model of yours",
                fix=f"--env {provider.name} --model FILE{provider.models[0]}",
                code="U004",
            )
        return None
    if provider is None or not provider.models:
        raise UsageError(
            f"environment {env!r} takes no --model: it has tasks" if env else f"no environment takes {scene.model}",
            expected=f"a file that ends in {', '.join(sorted(_endings(plugins)))}",
            fix=f"choose one of the environments that take a model: {', '.join(_names(plugins))}",
            code="U004",
        )
    if compare is not None:
        raise UsageError(
            f"--compare runs the policy in its task, which environment {provider.name!r} has not",
            fix="leave --compare out, or --model and --env",
            code="U004",
        )
    provider.require()
    return provider


def _taking(scene: ModelScene | None, plugins: PluginManager) -> EnvironmentProvider | None:
    if scene is None:
        return None
    ending = scene.model.suffix.lower()
    return next((entry.item for entry in plugins.environments if ending in entry.item.models), None)


def _endings(plugins: PluginManager) -> set[str]:
    return {ending for entry in plugins.environments for ending in entry.item.models}


def _names(plugins: PluginManager) -> list[str]:
    return [entry.item.name for entry in plugins.environments if entry.item.models]
