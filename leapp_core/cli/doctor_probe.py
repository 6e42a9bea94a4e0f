"""Runs in a process of its own for ``leapp doctor``: import packages one by one and say what came of it.

Importing is the only proof that a package works, and one that is broken may end the process. So a line is written
before each import and after it, and whoever reads them knows which package was being imported at the end.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leapp_core.cli.stdout import results_only

BEGUN, DONE = "begun", "done"


def main(modules: Sequence[str]) -> None:
    """Import modules in this order; ``[BEGUN, name]`` and ``[DONE, name, error, facts]`` are written as JSON lines."""
    for name in modules:
        _say([BEGUN, name])
        error: str | None = None
        facts: Mapping[str, Any] = {}
        with results_only():
            try:
                module = importlib.import_module(name)
                facts = _FACTS.get(name, _nothing)(module)
            except (Exception, SystemExit) as caught:  # noqa: BLE001 - whatever it is, it is what is wrong
                error = f"{type(caught).__name__}: {' '.join(str(caught).split())}"
        _say([DONE, name, error, facts])


def _say(values: list[Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _nothing(module: Any) -> Mapping[str, Any]:
    return {}


def _providers(module: Any) -> Mapping[str, Any]:
    return {"providers": list(module.get_available_providers())}


def _gpus(module: Any) -> Mapping[str, Any]:
    cuda = module.cuda
    return {"gpus": [cuda.get_device_name(n) for n in range(cuda.device_count())] if cuda.is_available() else []}


_FACTS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {"onnxruntime": _providers, "torch": _gpus}
