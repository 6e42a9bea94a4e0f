"""Bundles to run: those of an earlier version that are kept as test data, and documents without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leapp_core.bundle import load_document
from leapp_core.plugins.environments import ModelScene
from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_rsl_rl.environments.mujoco.deployment import MujocoDeployment

STORED = Path(__file__).parents[1] / "data" / "bundles" / "v0.1.0"
ARM, CARTPOLE, HOPPER = (STORED / f"Builtin-{name}" for name in ("Reach-Arm", "Balance-Partial", "Velocity-Hopper"))


def deployment(bundle: Path | BundleDocument, folder: Path, model: str, **more: Any) -> MujocoDeployment:
    """Connect a bundle to a model, which is written into the folder; ``more`` is of :class:`ModelScene`."""
    (folder / "scene.xml").write_text(model)
    if "mapping" in more:
        (folder / "map.yaml").write_text(more.pop("mapping"))
        more["connections"] = folder / "map.yaml"
    document = bundle if isinstance(bundle, BundleDocument) else load_document(bundle).document
    return MujocoDeployment(ModelScene(folder / "scene.xml", **more), document)


def port(name: str, kind: str | None, elements: Sequence[Any] = (), size: int | None = None, **extra: Any) -> PortSpec:
    """Return a port ``[1, elements]``; elements may be lists, one for each axis."""
    axes = (
        tuple(tuple(axis) for axis in elements) if elements and not isinstance(elements[0], str) else (tuple(elements),)
    )
    shape = (1, *(len(axis) for axis in axes)) if size is None else (1, size)
    return PortSpec(name, "float32", shape, kind, axes if elements else None, None, extra)


def document(
    inputs: Sequence[PortSpec],
    outputs: Sequence[PortSpec] = (),
    frequency: float | None = 50.0,
    configs: Mapping[str, Any] | None = None,
) -> BundleDocument:
    """Return what a bundle with these ports says; without outputs it drives one hip."""
    outputs = outputs or (port("effort", "target/joint/effort", ["left_hip"]),)
    node = NodeSpec("policy", tuple(inputs), tuple(outputs))
    refs = [[PortRef("policy", p.name) for p in side] for side in (inputs, outputs)]
    pipeline = PipelineSpec(
        (node,), inputs=tuple(refs[0]), outputs=tuple(refs[1]), configs=GraphConfigs(frequency, configs or {})
    )
    return BundleDocument("walker", pipeline, {"policy": ArtifactRef("policy.onnx", "onnx", "0" * 64)})
