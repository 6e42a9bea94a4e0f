"""Export a task and hold it against the training path; runs in a simulator's environment.

Cases that differ in their backend only share the environment, the recording and the policy's own episode. Each gives a
line of JSON.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from leapp_core import GraphConfigs
from leapp_core.bundle import load_document
from leapp_core.export.report import ExportReport
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.environments import DeploymentEnvironment, EnvRequest, PolicyEnvironment
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_core.policy_export.adapters import find_adapter
from leapp_core.policy_export.capturing import CaptureSettings, capture_policy
from leapp_core.runtime import PolicyRuntime, load
from leapp_core.tracing.result import CapturedPipeline
from tests.simulators.cases import CASES, Case
from tests.simulators.loops import Compared, Course, compare_runs
from tests.simulators.motion import make_motion
from tests.simulators.venvs import ROOT

SEED = 7
RECORDED = 6
MARK = "RESULT "


@dataclass(frozen=True)
class Outcome:
    """What a case gave.

    Attributes:
        name: The case.
        policy: The policy, in a line.
        export_s: Seconds from the first recorded step to the validated bundle.
        record_s: Seconds of that for the recorded steps.
        size: Bytes of the model.
        steps: Closed-loop steps.
        compared: Its runs, see :mod:`tests.simulators.loops`.
        bundle_rate: The bundle alone, steps per second.
        valid: Whether replay and fresh inputs agreed.
        warnings: Constants that capture warns of.
    """

    name: str
    policy: str
    export_s: float
    record_s: float
    size: int
    steps: int
    compared: Compared
    bundle_rate: float
    valid: bool
    warnings: int


def main(names: list[str]) -> None:
    """Run the cases of these names, which one recording serves."""
    torch.set_num_threads(1)
    cases = [next(c for c in CASES if c.name == name) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        for outcome in run(cases, Path(folder)):
            values = asdict(outcome)
            compared = values.pop("compared")
            sys.stdout.write(f"{MARK}{json.dumps(values | compared)}\n")
            sys.stdout.flush()


@dataclass(frozen=True)
class Sides:
    """A case's policy in its environment, and its bundle in the deployment form of the task."""

    env: PolicyEnvironment
    policy: LoadedPolicy
    report: ExportReport
    scene: DeploymentEnvironment
    runtime: PolicyRuntime
    export_s: float


@dataclass(frozen=True)
class Recording:
    """A recorded task.

    Attributes:
        env: Its training form.
        policy: What acted in it.
        captured: What it was captured as, held beside the running task as `leapp export` does.
        record_s: Time that the recorded steps took.
        capture_s: Time that all of capture took.
        request: What the environment was made from.
        folder: For bundles.
    """

    env: PolicyEnvironment
    policy: LoadedPolicy
    captured: CapturedPipeline
    record_s: float
    capture_s: float
    request: EnvRequest
    folder: Path

    def export(self, backend: str, plugins: PluginManager, facts: dict[str, Any] | None = None) -> ExportReport:
        """Export by a backend, with further keys for ``pipeline.configs``."""
        configs = GraphConfigs(self.env.frequency, facts or {})
        place = {"save_path": self.folder, "plugins": plugins, "backend": backend}
        return export_pipeline(self.captured, **place, configs=configs, visualize=False)

    @contextmanager
    def exported(self, case: Case) -> Iterator[Sides]:
        """Export by the case's backend and start the deployment."""
        plugins = PluginManager()
        began = time.perf_counter()
        report = self.export(case.backend, plugins)
        export_s = self.capture_s + time.perf_counter() - began
        runtime = load(report.yaml_path, full_names=True, trust=True)
        provider = plugins.environments.get(case.env)
        with closing(provider.deploy(self.request, load_document(report.yaml_path).document)) as scene:
            yield Sides(self.env, self.policy, report, scene, runtime, export_s)


@contextmanager
def recorded(case: Case, folder: Path) -> Iterator[Recording]:
    """Start a case's task and record it."""
    plugins = PluginManager()
    provider = plugins.environments.get(case.env)
    motion = str(make_motion(folder / "motion.npz")) if any("MOTION" in o for o in case.overrides) else ""
    overrides = tuple(o.replace("MOTION", motion) for o in case.overrides)
    request = EnvRequest(case.task, seed=SEED, overrides=overrides)
    with closing(provider.make(request)) as env:
        checkpoint = ROOT / case.checkpoint if case.checkpoint else untrained(env, folder / "untrained.pt", case.rnn)
        policy = find_adapter(checkpoint, None, plugins).load(PolicyRequest.within(env, checkpoint))
        began = time.perf_counter()
        captured, took = capture_policy(env, policy, CaptureSettings(case.title, steps=RECORDED), plugins)
        capture_s = time.perf_counter() - began
        yield Recording(env, policy, captured, took.total, capture_s, request, folder)


@contextmanager
def sides(case: Case, folder: Path) -> Iterator[Sides]:
    """Record a case, export it within ``folder`` and start both sides."""
    with recorded(case, folder) as recording, recording.exported(case) as found:
        yield found


def run(cases: list[Case], folder: Path) -> Iterator[Outcome]:
    """Record once; export, deploy and compare each."""
    with recorded(cases[0], folder) as recording:
        course = Course(recording.env, recording.policy, cases[0].seed, max(case.steps for case in cases))
        for case in cases:
            with recording.exported(case) as s:
                compared = compare_runs(course, s.scene, s.runtime, case.steps)
                bundle_rate = _rate(s.runtime, s.scene.read())
            warned = sum(constant.warning is not None for constant in s.report.constants)
            size = sum(node.size for node in s.report.nodes)
            yield Outcome(
                case.name,
                recording.policy.summary,
                s.export_s,
                recording.record_s,
                size,
                case.steps,
                compared,
                bundle_rate,
                s.report.ok,
                warned,
            )


def _rate(runtime: Any, inputs: Any, steps: int = 300) -> float:
    began = time.perf_counter()
    for _ in range(steps):
        runtime.step(inputs)
    return steps / (time.perf_counter() - began)


def untrained(env: PolicyEnvironment, path: Path, rnn: str | None) -> Path:
    """Write a checkpoint of the task's actor with drawn weights, in the layout that rsl_rl's runner saves.

    Args:
        env: The task.
        path: Where to write.
        rnn: Recurrent cell, if the actor shall have one; its configuration is written beside the checkpoint.
    """
    from rsl_rl.utils import resolve_callable
    from ruamel.yaml import YAML
    from tensordict import TensorDict

    agent = copy.deepcopy(dict(env.agent or {}))
    config = agent["actor"]
    if rnn is not None:
        config |= {"class_name": "RNNModel", "rnn_type": rnn, "rnn_hidden_dim": 16, "rnn_num_layers": 1}
        (path.parent / "params").mkdir()
        YAML(typ="safe").dump(json.loads(json.dumps(agent)), path.parent / "params" / "agent.yaml")
    model_class = resolve_callable(config.pop("class_name"))
    observations = TensorDict({k: v.clone() for k, v in env.observations().items()}, batch_size=[1])
    torch.manual_seed(SEED)
    groups = {"actor": list(agent["obs_groups"]["actor"])}
    model = model_class(observations, groups, "actor", env.num_actions, **config)
    for name, buffer in model.named_buffers():
        if "normalizer" in name and buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    torch.save({"actor_state_dict": model.state_dict(), "critic_state_dict": {}, "iter": 0, "infos": None}, path)
    return path


if __name__ == "__main__":
    main(sys.argv[1:])
