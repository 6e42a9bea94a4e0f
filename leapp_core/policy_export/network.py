"""Export a policy's network from its checkpoint alone, where no environment can be started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.export.log import ExportLog, Progress
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import StandalonePolicy, StandaloneRequest
from leapp_core.policy_export.adapters import find_adapter
from leapp_core.policy_export.bundle_job import BundleJob, check_device, plan_bundle, write_bundle
from leapp_core.policy_export.checkpoints import existing_checkpoint
from leapp_core.policy_export.job import MIN_STEPS, JobResult
from leapp_core.policy_export.origin import LEFT_OUT, policy_only_configs
from leapp_core.policy_export.parts import loaded_alone
from leapp_core.policy_export.privileged import privileged_groups
from leapp_core.policy_export.record import check_writable

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.result import CapturedPipeline

OUTPUT = "actions"
"""What the network puts out: actions as the training library means them, before any scaling."""
WARNING = f"the bundle holds the policy network only: {' and '.join(LEFT_OUT)} are not inside"


@dataclass(frozen=True)
class PolicyOnlyJob(BundleJob):
    """What to export and how; the bundle is called like the checkpoint unless it is given a name.

    Attributes:
        checkpoint: The file.
        agent_file: Agent configuration, or ``None`` to look beside the checkpoint.
        shapes: Shapes of observation groups that the weights do not tell.
        adapter: Policy adapter, or ``None`` for the one that knows the file.
    """

    checkpoint: Path
    agent_file: Path | None = None
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    adapter: str | None = None

    @property
    def name(self) -> str:
        """Name of the bundle and of its node."""
        return self.checkpoint.stem if self.graph is None else self.graph


def export_policy_only(job: PolicyOnlyJob, plugins: PluginManager, progress: Progress | None = None) -> JobResult:
    """Export a network with its normalizer and recurrent state.

    Raises:
        LeappError: any of its kinds; what the weights cannot tell and was not given is said with how to give it.
    """
    stage = ExportLog(progress).stage
    exporter = plan_bundle(job, job.name, plugins)
    checkpoint = existing_checkpoint(job.checkpoint)
    adapter = find_adapter(checkpoint, job.adapter, plugins)
    exporter.require()  # after the adapter's packages, whose extra brings those for exporting too
    save_path = job.save_path or checkpoint.parent
    check_writable(save_path)
    check_device(job.device)
    with stage("load policy"):
        alone = loaded_alone(adapter, StandaloneRequest(checkpoint, job.agent_file, job.shapes, job.device))
    with stage("record control steps"):
        captured = _capture(job, alone)
    report = write_bundle(job, captured, save_path, plugins, progress)
    return JobResult(report, "", alone.policy.summary, checkpoint)


def _capture(job: PolicyOnlyJob, alone: StandalonePolicy) -> CapturedPipeline:
    import torch

    from leapp_core.tracing.session import capture

    node = job.name
    steps = max(job.steps, MIN_STEPS)
    random = torch.Generator().manual_seed(job.seed)
    alone.policy.reset()
    with capture(node, max_cached_io=steps, strict=job.strict) as session:
        for _ in range(steps):
            seen = _observations(alone.shapes, random, job.device)
            session.input_tensors(node, seen)
            with torch.inference_mode():
                session.output_tensors(node, {OUTPUT: alone.policy.act(seen, session, node)})
    captured = session.compile()
    configs = captured.spec.configs
    configs = replace(configs, extra={**configs.extra, **policy_only_configs()})
    spec = replace(captured.spec, configs=configs)
    warnings = (*captured.warnings, WARNING, *privileged_groups(alone.groups or tuple(alone.shapes)))
    return replace(captured, spec=spec, notes=(*captured.notes, *alone.notes), warnings=warnings)


def _observations(
    shapes: Mapping[str, tuple[int, ...]], random: torch.Generator, device: str
) -> dict[str, torch.Tensor]:
    import torch

    return {name: torch.randn(1, *shape, generator=random).to(device) for name, shape in shapes.items()}
