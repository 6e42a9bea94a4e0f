"""Print the sizes of an Isaac Lab task as foreseen from its configuration, and as its environment has them."""

from __future__ import annotations

import json
import sys
from contextlib import closing

from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.manager import PluginManager
from tests.simulators.run_case import MARK


def main(task: str) -> None:
    """Ask, start, compare."""
    provider = PluginManager().environments.get("isaaclab")
    request = EnvRequest(task, seed=7)
    sizes = provider.sizes(request)
    assert sizes is not None
    assert sizes.observations is not None
    foreseen = [{name: list(shape) for name, shape in sizes.observations.items()}, sizes.num_actions]
    with closing(provider.make(request)) as env:
        shown = env.observations()
        found = [{name: list(shown[name].shape[1:]) for name in sizes.observations}, env.num_actions]
    sys.stdout.write(f"{MARK}{json.dumps([foreseen, found])}\n")


if __name__ == "__main__":
    main(sys.argv[1])
