"""Makes ``cpu`` the device of Isaac Lab's tasks in every process that finds this file on its search path.

Isaac Lab's own export tests start programs that neither name a device nor can be told one, and its configurations and
its command line then say ``cuda:0``. Nothing else of Isaac Lab is changed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def _on_cpu(configuration: Any) -> Any:
    """Replace the device in an environment's or agent's configuration, an object or the content of a YAML file."""
    if isinstance(configuration, dict):
        return {key: _on_cpu(value) for key, value in configuration.items()}
    for owner in (configuration, getattr(configuration, "sim", None)):
        if hasattr(owner, "device"):
            owner.device = "cpu"
    return "cpu" if configuration == "cuda:0" else configuration


def _load_on_cpu(load: Callable[..., Any]) -> Callable[..., Any]:
    """Change what is loaded from the registry."""
    return lambda *args, **kwargs: _on_cpu(load(*args, **kwargs))


def _make_on_cpu(make: Callable[..., Any]) -> Callable[..., Any]:
    """Change what an environment is made from, after the command line's default came in."""
    return lambda *args, **kwargs: make(*args, **{k: _on_cpu(v) if k == "cfg" else v for k, v in kwargs.items()})


_CHANGED = {
    "isaaclab_tasks.utils.parse_cfg": ("load_cfg_from_registry", _load_on_cpu),
    "gymnasium.envs.registration": ("make", _make_on_cpu),
}


class _Changed(Loader):
    """Loads a module as its own loader does, then changes one function of it."""

    def __init__(self, own: Loader, name: str, change: Callable[[Any], Any]) -> None:
        self._own, self._name, self._change = own, name, change

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._own.exec_module(module)
        setattr(module, self._name, self._change(getattr(module, self._name)))


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in _CHANGED else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Changed(spec.loader, *_CHANGED[name])
        return spec


sys.meta_path.insert(0, _Finder())
