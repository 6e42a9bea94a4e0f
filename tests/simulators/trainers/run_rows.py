"""Export every row of a trainer and hold it against the training path; runs in Isaac Lab's environment, prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from leapp_core import GraphConfigs
from leapp_core.bundle import load_document
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.environments import EnvRequest, PolicyEnvironment
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.policy_export.capturing import CaptureSettings, capture_policy
from leapp_core.runtime import load
from leapp_core.tracing.result import CapturedPipeline
from tests.simulators.loops import Course, compare_runs
from tests.simulators.run_case import MARK, RECORDED
from tests.simulators.trainers.make import make_checkpoint
from tests.simulators.trainers.rows import ROWS, Row

SEED = 7
STEPS = 200
BACKENDS = ("onnx-dynamo", "jit-trace")


def main(adapter: str, task: str, text: str = "") -> None:
    """Run the rows of an adapter whose name holds ``text``; one simulation serves them all."""
    torch.set_num_threads(1)
    plugins = PluginManager()
    provider = plugins.environments.get("isaaclab")
    request = EnvRequest(task, seed=SEED, adapter=adapter)
    results: dict[str, Any] = {}
    scene = None
    with closing(provider.make(request)) as env, tempfile.TemporaryDirectory() as folder:
        sizes = (int(env.observations()["policy"].shape[1]), env.num_actions)
        for row in (r for r in ROWS if r.adapter == adapter and text in r.name):
            run = Path(folder) / row.name.replace(" ", "_")
            checkpoint = make_checkpoint(row, run, sizes, env.agent or {})
            policy = plugins.adapters.get(adapter).load(_request(row, env, checkpoint))
            captured, _ = capture_policy(env, policy, CaptureSettings(task, steps=RECORDED), plugins)
            course = Course(env, policy, SEED, STEPS)
            for backend in BACKENDS:
                path = _export(captured, env, backend, run, plugins)
                if scene is None:
                    scene = provider.deploy(request, load_document(path).document)
                runtime = load(path, full_names=True, trust=True)
                compared = compare_runs(course, scene, runtime, STEPS)
                results[f"{row.name} {backend}"] = {"policy": policy.summary, **asdict(compared)}
                sys.stderr.write(f"{row.name} {backend}: {policy.summary} {compared}\n")
        if scene is not None:
            scene.close()
    sys.stdout.write(f"{MARK}{json.dumps(results)}\n")


def _request(row: Row, env: PolicyEnvironment, checkpoint: Path) -> PolicyRequest:
    request = PolicyRequest.within(env, checkpoint)
    if row.algorithm != "PPO_RNN":
        return request
    named = f"tests.simulators.trainers.skrl_models:{row.network.capitalize()}"
    return PolicyRequest(
        checkpoint, env.agent, request.observations, env.num_actions, agent_changes={"models.policy.class": named}
    )


def _export(
    captured: CapturedPipeline, env: PolicyEnvironment, backend: str, folder: Path, plugins: PluginManager
) -> Path:
    place = {"save_path": folder, "plugins": plugins, "backend": backend}
    report = export_pipeline(captured, **place, configs=GraphConfigs(env.frequency, {}), visualize=False)
    return Path(report.yaml_path)


if __name__ == "__main__":
    main(*sys.argv[1:])
