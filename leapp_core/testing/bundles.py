"""Bundles of small robot policies, exported as users export them: what consumers are tried on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from leapp_core.bundle import load_document
from leapp_core.export.run import export_pipeline
from leapp_core.plugins.consumers import ConsumedBundle
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.requirements import missing_packages
from leapp_core.spec.pipeline import GraphConfigs
from leapp_core.spec.semantics import InputKind, OutputKind, TensorSemantics
from leapp_core.tracing.session import CaptureSession

JOINTS = ["hip", "knee", "ankle"]
FREQUENCY = 50.0
STEPS = 4
BACKEND = "onnx-dynamo"
"""What bundles are exported with, if it is installed."""
NO_FORMAT = "no-such-format"
"""A format that nothing can run."""

Values = Mapping[str, Tensor]


@dataclass(frozen=True)
class KitBundle:
    """One bundle to try a consumer on.

    Attributes:
        name: What reports call it.
        make: Writes it into a folder and returns it.
        impossible: No runtime can run it.
    """

    name: str
    make: Callable[[Path], ConsumedBundle]
    impossible: bool = False


@dataclass(frozen=True)
class _Policy:
    """What is exported: how readings are drawn, what is computed from them, and what both mean.

    Attributes:
        draw: Returns the readings of one step.
        nodes: Node to what it computes: named tensors from named tensors. The first gets the readings, each further
            one what the one before it gave.
        kinds: Name of a reading or result to its kind; those without are plain tensors.
    """

    draw: Callable[[torch.Generator], Values]
    nodes: Mapping[str, Callable[[Values], Values]]
    kinds: Mapping[str, InputKind | OutputKind]


def kit_bundles(plugins: PluginManager) -> tuple[KitBundle, ...]:
    """Return every bundle of the kit: policies of several kinds, and one policy in every format installed here."""
    installed = [entry.item.name for entry in plugins.exporters if not missing_packages(entry.item.requires)]
    first = BACKEND if BACKEND in installed else installed[0]
    plain = _POLICIES["joint positions"]
    others = [backend for backend in installed if backend != first]
    return (
        *(KitBundle(name, partial(_export, policy, first, plugins)) for name, policy in _POLICIES.items()),
        *(KitBundle(f"joint positions by {other}", partial(_export, plain, other, plugins)) for other in others),
        KitBundle(
            "joint positions in a format that does not exist", partial(_in_no_format, plain, first, plugins), True
        ),
    )


def _in_no_format(policy: Callable[[], _Policy], backend: str, plugins: PluginManager, folder: Path) -> ConsumedBundle:
    made = _export(policy, backend, plugins, folder)
    artifacts = {n: dataclasses.replace(a, format=NO_FORMAT) for n, a in made.document.artifacts.items()}
    return dataclasses.replace(made, document=dataclasses.replace(made.document, artifacts=artifacts))


def _export(policy: Callable[[], _Policy], backend: str, plugins: PluginManager, folder: Path) -> ConsumedBundle:
    torch.manual_seed(3)
    given = policy()
    generator = torch.Generator().manual_seed(7)
    with CaptureSession("policy", save_path=folder) as session, torch.no_grad():
        for _ in range(STEPS):
            values = given.draw(generator)
            for number, (node, compute) in enumerate(given.nodes.items()):
                session.input_tensors(node, _declared(values, given.kinds if number == 0 else {}))
                values = compute(values)
                session.output_tensors(node, _declared(values, given.kinds))
    report = export_pipeline(
        session.compile(plugins),
        save_path=folder,
        plugins=plugins,
        backend=backend,
        configs=GraphConfigs(FREQUENCY),
        validate=False,
        visualize=False,
    )
    loaded = load_document(report.bundle)
    return ConsumedBundle(loaded.document, loaded.folder)


def _declared(values: Values, kinds: Mapping[str, Any]) -> Any:
    if not any(name in kinds for name in values):
        return dict(values)
    return [
        TensorSemantics(n, v, kinds.get(n), JOINTS if n in kinds and v.shape[-1] == len(JOINTS) else None)
        for n, v in values.items()
    ]


def _readings(generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Values:
    return {name: torch.randn(1, len(JOINTS), generator=generator).to(dtype) for name in ("position", "velocity")}


_READ: Mapping[str, InputKind | OutputKind] = {
    "position": InputKind.JOINT_POSITION,
    "velocity": InputKind.JOINT_VELOCITY,
}


def _driven(kind: OutputKind | None, dtype: torch.dtype = torch.float32) -> _Policy:
    network = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)

    def compute(values: Values) -> Values:
        return {"targets": network(torch.cat([values["position"], values["velocity"]], -1))}

    kinds = {} if kind is None else {**_READ, "targets": kind}
    return _Policy(lambda generator: _readings(generator, dtype), {"policy": compute}, kinds)


def _recurrent() -> _Policy:
    cell, head, memory = nn.GRUCell(6, 8), nn.Linear(8, 3), torch.zeros(1, 8)

    def compute(values: Values) -> Values:
        memory.copy_(cell(torch.cat([values["position"], values["velocity"]], -1), memory))
        return {"targets": head(memory)}

    return _Policy(_readings, {"policy": compute}, {**_READ, "targets": OutputKind.JOINT_POSITION})


def _camera() -> _Policy:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))

    def draw(generator: torch.Generator) -> Values:
        return {"image": torch.rand(1, 8, 8, 3, generator=generator)}

    def compute(values: Values) -> Values:
        return {"targets": network(values["image"].permute(0, 3, 1, 2))}

    return _Policy(draw, {"policy": compute}, {"image": InputKind.CAMERA_IMAGE, "targets": OutputKind.JOINT_POSITION})


def _integers() -> _Policy:
    count = torch.zeros(1, 1, dtype=torch.int64)

    def draw(generator: torch.Generator) -> Values:
        return {
            "pressed": torch.rand(1, 2, generator=generator) > 0.5,
            "gear": torch.randint(0, 4, (1, 1), generator=generator),
        }

    def compute(values: Values) -> Values:
        count.add_(values["gear"])
        return {"chosen": torch.where(values["pressed"].any(), count, count % 3)}

    return _Policy(draw, {"policy": compute}, {})


def _two_nodes() -> _Policy:
    encoder, actor = nn.Linear(6, 4), nn.Linear(4, 3)
    nodes = {
        "encoder": lambda values: {"features": encoder(torch.cat([values["position"], values["velocity"]], -1))},
        "actor": lambda values: {"targets": actor(values["features"])},
    }
    return _Policy(_readings, nodes, {**_READ, "targets": OutputKind.JOINT_POSITION})


_POLICIES: Mapping[str, Callable[[], _Policy]] = {
    "joint positions": lambda: _driven(OutputKind.JOINT_POSITION),
    "joint efforts": lambda: _driven(OutputKind.JOINT_EFFORT),
    "without kinds": lambda: _driven(None),
    "float64": lambda: _driven(OutputKind.JOINT_POSITION, torch.float64),
    "recurrent": _recurrent,
    "camera": _camera,
    "integers and flags": _integers,
    "two nodes": _two_nodes,
}
