"""What a bundle says about where its policy is from: keys of ``pipeline.configs`` that other readers ignore."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.spec.document import BundleDocument

ENVIRONMENT, TASK, OVERRIDES, ADAPTER, IMPORTS = "environment", "task", "overrides", "adapter", "imports"
POLICY_ONLY = "policy_only"
NOT_INCLUDED = "not_included"
LEFT_OUT = ("observation preprocessing", "action postprocessing")
"""What a bundle made from a checkpoint alone cannot hold."""


@dataclass(frozen=True)
class Origin:
    """The task that a policy was exported from.

    Attributes:
        environment: Name of the environment provider.
        task: Task name.
        overrides: Configuration overrides that were in effect.
        adapter: Policy adapter that read the checkpoint; ``None`` if the bundle does not say.
        imports: Modules of another project that register the task.
    """

    environment: str
    task: str
    overrides: tuple[str, ...] = ()
    adapter: str | None = None
    imports: tuple[str, ...] = ()

    def to_configs(self) -> dict[str, Any]:
        """Return the keys to write."""
        configs: dict[str, Any] = {ENVIRONMENT: self.environment, TASK: self.task}
        if self.adapter is not None:
            configs[ADAPTER] = self.adapter
        if self.imports:
            configs[IMPORTS] = list(self.imports)
        return {**configs, OVERRIDES: list(self.overrides)} if self.overrides else configs


def origin_of(document: BundleDocument) -> Origin | None:
    """Return what a bundle says about its task, or ``None`` if it says nothing (other writers do not)."""
    extra = document.pipeline.configs.extra
    environment, task = extra.get(ENVIRONMENT), extra.get(TASK)
    if not isinstance(environment, str) or not isinstance(task, str):
        return None
    adapter = extra.get(ADAPTER)
    adapter = adapter if isinstance(adapter, str) else None
    return Origin(environment, task, _texts(extra.get(OVERRIDES)), adapter, _texts(extra.get(IMPORTS)))


def _texts(listed: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in listed) if isinstance(listed, (list, tuple)) else ()


def policy_only_configs() -> dict[str, Any]:
    """Return the keys that mark a bundle of the network alone."""
    return {POLICY_ONLY: True, NOT_INCLUDED: list(LEFT_OUT)}


def is_policy_only(configs: Mapping[str, Any]) -> bool:
    """Return whether ``pipeline.configs`` mark a bundle of the network alone."""
    return configs.get(POLICY_ONLY) is True


def refuse_policy_only(document: BundleDocument) -> None:
    """Raise for a bundle that cannot control a robot by itself.

    Raises:
        UsageError: the bundle holds the network alone.
    """
    if is_policy_only(document.pipeline.configs.extra):
        raise UsageError(
            f"bundle {document.name!r} holds the policy network only, without {' and '.join(LEFT_OUT)}",
            expected="a bundle that takes sensor readings and gives joint targets",
            fix="export it with --task and --env where the simulator is installed",
            code="E005",
        )
