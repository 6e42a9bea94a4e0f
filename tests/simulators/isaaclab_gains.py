"""Export an Isaac Lab task, then print gains and limits in its bundle by joint, and the export's notes."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.simulators.cases import Case
from tests.simulators.run_case import MARK, recorded

LIMITS = ("effort_limit", "velocity_limit")


def main(task: str) -> None:
    """Record, export, run one step."""
    from leapp_core.plugins.manager import PluginManager
    from leapp_core.runtime import load

    case = Case("isaaclab", task, "MLP")
    with tempfile.TemporaryDirectory() as folder, recorded(case, Path(folder)) as recording:
        report = recording.export(case.backend, PluginManager())
        runtime = load(report.yaml_path, trust=True)
        ports = runtime.pipeline.nodes[0].outputs
        kinds = {port.kind: port for port in ports if port.kind in ("kp", "kd")}
        sample = runtime.step(_zeros(runtime))
        gains = {
            kind: dict(zip(port.element_names[-1], sample[port.name].ravel().tolist(), strict=True))
            for kind, port in kinds.items()
        }
        for port in (port for port in ports if "effort_limit" in port.extra):
            gains |= {key: dict(zip(port.element_names[-1], port.extra[key], strict=True)) for key in LIMITS}
    sys.stdout.write(f"{MARK}{json.dumps([gains, list(report.warnings)])}\n")


def _zeros(runtime: Any) -> dict[str, Any]:
    import numpy as np

    pipeline = runtime.pipeline
    return {ref.port: np.zeros(pipeline.input_spec(ref).shape, np.float32) for ref in pipeline.inputs}


if __name__ == "__main__":
    main(sys.argv[1])
