"""Find the environment that has a task."""

from __future__ import annotations

from collections.abc import Iterator

from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvironmentProvider
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.requirements import install_line, missing_packages
from leapp_core.suggest import suggest


def find_provider(
    task: str, env: str | None, plugins: PluginManager, imports: tuple[str, ...] = ()
) -> EnvironmentProvider:
    """Return the environment provider to use for a task.

    Args:
        task: Task name.
        env: Name of the provider, or ``None`` to look for the one that has the task. Providers whose listing is light
            are asked first; the others are asked only if they are installed and none of the light ones has the task.
        plugins: Where providers come from.
        imports: Modules of other projects that register tasks; they are imported.

    Raises:
        UsageError: no such provider, or no provider has the task; the nearest names are suggested.
        MissingExtraError: the provider named needs packages that are not installed.
    """
    if env is not None:
        provider = plugins.environments.get(env)
        provider.require()
        provider.import_tasks(imports)
        return provider
    known: list[str] = []
    for provider in _in_order(plugins):
        names = _task_names(provider, imports)
        if task in names:
            provider.require()
            provider.import_tasks(imports)
            return provider
        known += names
    raise UsageError(f"unknown task {task!r}", expected=suggest(task, known), fix=_fix(plugins, imports), code="E001")


def _in_order(plugins: PluginManager) -> Iterator[EnvironmentProvider]:
    providers = [entry.item for entry in plugins.environments]
    yield from (provider for provider in providers if provider.light)
    yield from (provider for provider in providers if not provider.light and not missing_packages(provider.requires))


def _task_names(provider: EnvironmentProvider, imports: tuple[str, ...]) -> list[str]:
    try:
        return [task.name for task in (*provider.tasks(), *provider.tasks_of(imports))]
    except Exception:  # noqa: BLE001 - a plugin's: `leapp envs list` shows what is wrong with it
        # A simulator that cannot list its tasks must not keep a task of another from being found.
        return []


def _fix(plugins: PluginManager, imports: tuple[str, ...]) -> str:
    absent = [e.item for e in plugins.environments if missing_packages(e.item.requires)]
    lines = [
        f"for tasks of {p.name}: {p.install or install_line(p.extra, missing_packages(p.requires))}" for p in absent
    ]
    own = "say --env, too: what an imported module registers is known only then" if imports else None
    own = own or "tasks of another project are found with --import MODULE"
    return "\n".join(["leapp envs list shows what there is", own, *lines])
