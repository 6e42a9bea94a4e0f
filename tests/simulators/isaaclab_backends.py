"""Export one Isaac Lab agent by every backend from one recording; runs in Isaac Lab's environment, prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from leapp_core import GraphConfigs, capture
from leapp_core.bundle import load_document
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.policy_export.adapters import find_adapter
from tests.simulators.run_case import MARK, RECORDED, untrained

BACKENDS = ("onnx-dynamo", "onnx-torchscript", "jit-script", "jit-trace", "pt2")
AGENTS = {
    "gru": (("env.observations.policy.history_length=3",), "gru"),
    "lstm": (("env.observations.policy.history_length=3",), "lstm"),
    "mlp": (("env.observations.policy.history_length=3",), None),
}
TASK = "Isaac-Cartpole"


def main(agent: str) -> None:
    """Record the agent once, then export it by each backend; every export is validated."""
    overrides, rnn = AGENTS[agent]
    plugins = PluginManager()
    provider = plugins.environments.get("isaaclab")
    env = provider.make(EnvRequest(TASK, seed=7, overrides=overrides))
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = untrained(env, Path(folder) / "untrained.pt", rnn)
        policy = find_adapter(checkpoint, None, plugins).load(PolicyRequest.within(env, checkpoint))
        session = capture(TASK, Path(folder) / "bundles")
        env.reset(0)
        policy.reset()
        with session:
            for _ in range(RECORDED):
                env.step(policy, session)
        for backend in BACKENDS:
            report = session.export(backend, configs=GraphConfigs(env.frequency, {}), visualize=False)
            pipeline = load_document(report.yaml_path).document.pipeline
            results[backend] = {"ok": report.ok, "state": sorted(edge.target.port for edge in pipeline.feedback)}
    env.close()
    sys.stdout.write(f"{MARK}{json.dumps(results)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
