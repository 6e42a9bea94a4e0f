"""Connect a controller through a function of the user's."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from leapp_core.errors import UsageError

if TYPE_CHECKING:
    from leapp_core.runtime.control.adapter import Adapter
    from leapp_core.runtime.policy import PolicyRuntime

_METHODS = ("read", "write", "stop")


def own_adapter(place: str, policy: PolicyRuntime) -> Adapter:
    """Return what a function returns for a policy.

    Args:
        place: ``FILE.py:FUNCTION``, or ``MODULE:FUNCTION`` for one that is installed.
        policy: What the function is given, for names and shapes.

    Raises:
        UsageError: there is no such function, or what it returns is no adapter.
    """
    source, _, name = place.rpartition(":")
    if not source or not name:
        raise UsageError(f"--adapter is {place!r}", expected="FILE.py:FUNCTION", code="U003")
    function = getattr(_module(source), name, None)
    if not callable(function):
        raise UsageError(f"{source} has no function {name!r}", where=place, code="U001")
    adapter: Any = function(policy)
    missing = [method for method in _METHODS if not callable(getattr(adapter, method, None))]
    if missing:
        raise UsageError(
            f"what {name} returned has no method {missing[0]!r}",
            where=place,
            expected=f"an adapter with {', '.join(_METHODS)}, such as leapp_core.runtime.FunctionAdapter(read, write)",
            code="U003",
        )
    return adapter  # type: ignore[no-any-return]


def _module(source: str) -> ModuleType:
    path = Path(source)
    try:
        if path.suffix != ".py":
            return importlib.import_module(source)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{source} is not a module")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module  # dataclasses and pickles look themselves up there
        spec.loader.exec_module(module)
    except Exception as error:
        text = (str(error) or type(error).__name__).splitlines()[0]
        raise UsageError(
            f"--adapter: {source} cannot be loaded: {type(error).__name__}: {text}",
            expected="a Python file or an installed module",
            code="U008",
        ) from error
    return module
