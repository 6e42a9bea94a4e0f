"""Build the ``leapp`` module and put it where ``import leapp`` finds it."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from leapp_core.compat.annotate import Annotate
from leapp_core.compat.engine import Engine
from leapp_core.compat.inference import InferenceManager
from leapp_core.compat.semantics import TensorSemantics
from leapp_core.errors import PluginError
from leapp_core.spec.document import CONFIG_VERSION
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.spec.semantics import InputKind, OutputKind, TemporalAxis

_NAME = "leapp"
_MARK = "__leapp_core_compat__"


def activate(*, force: bool = False) -> ModuleType:
    """Make ``import leapp`` give this framework, in this process.

    Args:
        force: Shadow an installed distribution that is imported as ``leapp``.

    Returns:
        The module; activating again returns the same one.

    Raises:
        PluginError: another ``leapp`` is installed or imported, and ``force`` is not set.
    """
    present = sys.modules.get(_NAME)
    if present is not None and hasattr(present, _MARK):
        return present
    if not force and (present is not None or importlib.util.find_spec(_NAME) is not None):
        raise PluginError(
            "another package named 'leapp' is installed and would be shadowed",
            fix="uninstall it (pip uninstall leapp), use an environment without it, or activate with force=True",
            code="P001",
        )
    modules = _modules()
    sys.modules.update(modules)
    return modules[_NAME]


def engine_of(module: ModuleType) -> Engine:
    """Return what stands behind an activated module."""
    engine: Engine = getattr(module, _MARK)
    return engine


def deactivate() -> None:
    """Undo :func:`activate`: ``import leapp`` finds what is installed, or nothing."""
    present = sys.modules.get(_NAME)
    if present is not None and hasattr(present, _MARK):
        for name in [n for n in sys.modules if n == _NAME or n.startswith(f"{_NAME}.")]:
            del sys.modules[name]


def _modules() -> dict[str, ModuleType]:
    engine = Engine()
    descriptions = {"TensorSemantics": TensorSemantics, "TemporalAxis": TemporalAxis, "GraphConfigs": GraphConfigs}
    kinds = {"InputKindEnum": InputKind, "OutputKindEnum": OutputKind}
    top = {
        "annotate": Annotate(engine),
        "start": engine.start,
        "stop": engine.stop,
        "compile_graph": engine.compile_graph,
        "ExportManager": _export_manager(engine),
        "InferenceManager": InferenceManager,
        "__config_version__": CONFIG_VERSION,
        _MARK: engine,
        **descriptions,
        **kinds,
    }
    contents: dict[str, dict[str, Any]] = {
        _NAME: top,
        f"{_NAME}.utils": {},
        f"{_NAME}.utils.tensor_description": descriptions,
        f"{_NAME}.utils.enums": kinds,
    }
    modules = {name: _module(name, members) for name, members in contents.items()}
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, module)
    return modules


def _module(name: str, members: dict[str, Any]) -> ModuleType:
    module = ModuleType(name, "Provided by leapp_core.compat.")
    module.__spec__ = ModuleSpec(name, None, is_package=name in (_NAME, f"{_NAME}.utils"))
    module.__path__ = []
    module.__dict__.update(members)
    return module


def _export_manager(engine: Engine) -> type:
    class ExportManager:
        """Tells whether a session records."""

        @classmethod
        def is_interpret_graph_enabled(cls) -> bool:
            """Return whether a session records."""
            return engine.recording is not None

    return ExportManager
