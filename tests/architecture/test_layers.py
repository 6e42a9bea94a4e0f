"""The direction of dependencies, checked against the source."""

from __future__ import annotations

import pytest

from tests.architecture.imports import PACKAGES, Import, imports, modules

BASE = {
    "leapp_core.errors",
    "leapp_core.suggest",
    "leapp_core.words",
    "leapp_core.markup",
    "leapp_core.spec",
    "leapp_core.plugins",
}
SHARED = BASE | {"leapp_core.places", "leapp_core.compare", "leapp_core.trust", "leapp_core.bundle"}
EXPORT = SHARED | {"leapp_core.validation", "leapp_core.runtime", "leapp_core.visualize", "leapp_core.tracing"}
TOP = EXPORT | {"leapp_core.export", "leapp_core.policy_export", "leapp_core.compat", "leapp_core.program"}
TOP |= {"leapp_core.deploy", "leapp_core.checkpoints", "leapp_core.report"}
MAY_IMPORT = {
    "leapp_core": TOP,  # lazily: its names are resolved when they are used
    "leapp_core.errors": set(),
    "leapp_core.suggest": set(),
    "leapp_core.words": set(),
    "leapp_core.markup": set(),
    "leapp_core.explain": {"leapp_core.errors"},
    "leapp_core.places": {"leapp_core.errors"},
    "leapp_core.__main__": {"leapp_core.cli"},
    "leapp_core.spec": {"leapp_core.errors", "leapp_core.suggest", "leapp_core.markup"},
    "leapp_core.plugins": {"leapp_core.errors", "leapp_core.suggest", "leapp_core.spec"},
    "leapp_core.compare": {"leapp_core.errors", "leapp_core.spec"},
    "leapp_core.trust": {"leapp_core.errors"},
    "leapp_core.checkpoints": {"leapp_core.errors"},
    "leapp_core.bundle": {"leapp_core.errors", "leapp_core.suggest", "leapp_core.spec"},
    "leapp_core.visualize": BASE,
    "leapp_core.tracing": BASE | {"leapp_core.program", "leapp_core.export", "leapp_core.rewrites"},
    "leapp_core.program": BASE | {"leapp_core.tracing"},
    "leapp_core.rewrites": BASE | {"leapp_core.tracing", "leapp_core.program"},
    "leapp_core.runtime": SHARED,
    "leapp_core.validation": SHARED | {"leapp_core.runtime"},
    "leapp_core.report": SHARED | {"leapp_core.validation", "leapp_core.runtime", "leapp_core.visualize"},
    "leapp_core.export": EXPORT | {"leapp_core.program", "leapp_core.report"},
    "leapp_core.policy_export": EXPORT | {"leapp_core.checkpoints", "leapp_core.export", "leapp_core.report"},
    "leapp_core.deploy": EXPORT | {"leapp_core.export", "leapp_core.policy_export"},
    "leapp_core.compat": EXPORT | {"leapp_core.export"},
    "leapp_core.testing": TOP,
    "leapp_core.scaffold": {"leapp_core.errors", "leapp_core.suggest", "leapp_core.plugins"},
    "leapp_core.cli": TOP | {"leapp_core.testing", "leapp_core.scaffold", "leapp_core.explain"},
}
BACKENDS_MAY_IMPORT = BASE | {"leapp_core.compare"}
ONLY_LATER = {
    ("leapp_core.tracing", "leapp_core.program"),
    ("leapp_core.tracing", "leapp_core.export"),
    ("leapp_core.tracing", "leapp_core.rewrites"),
    ("leapp_core.rewrites", "leapp_core.program"),
    ("leapp_core.validation", "leapp_core.runtime"),
}
"""Allowed within functions only: conveniences of a lower layer that hand over to a higher one."""

CAPTURE = ("source", "objects", "record", "numpy_calls", "provenance", "find", "values", "checks", "session")
"""The parts of capture, lowest first: each imports itself and those before it when it is loaded."""


def part(module: str) -> str:
    """Return the subpackage (or top-level module) of a module."""
    return ".".join(module.split(".")[:2])


def ours() -> list[Import]:
    return [found for found in imports() if found.target.split(".")[0] in PACKAGES]


def test_core_imports_neither_of_the_other_packages() -> None:
    wrong = [f for f in ours() if f.source.startswith("leapp_core") and not f.target.startswith("leapp_core")]
    assert [str(found) for found in wrong] == []


def test_every_part_of_the_core_has_a_layer() -> None:
    parts = {part(name) for name in modules() if name.startswith("leapp_core")}
    assert parts <= set(MAY_IMPORT)


def test_core_imports_lower_layers_only() -> None:
    wrong = []
    for found in ours():
        source, target = part(found.source), part(found.target)
        if not source.startswith("leapp_core") or source == target or target == "leapp_core":
            continue
        if target not in MAY_IMPORT[source] or (found.at_load and (source, target) in ONLY_LATER):
            wrong.append(str(found))
    assert wrong == []


def capture_part(module: str) -> int:
    """Return which part of capture a module is of; the modules of no folder make up the session."""
    name = module.split(".")[2]
    return CAPTURE.index(name if name in CAPTURE else "session")


def test_parts_of_capture_import_lower_parts_only() -> None:
    inside = [f for f in ours() if f.source.startswith("leapp_core.tracing.")]
    inside = [f for f in inside if f.target.startswith("leapp_core.tracing.") and f.at_load]
    assert len(inside) > 100
    assert [str(found) for found in inside if capture_part(found.target) > capture_part(found.source)] == []


def test_backends_know_the_contracts_only() -> None:
    outside = [f for f in ours() if f.source.startswith("leapp_backends") and not f.target.startswith("leapp_backends")]
    assert [str(found) for found in outside if part(found.target) not in BACKENDS_MAY_IMPORT] == []


ENVIRONMENTS = ("builtin", "mjlab", "mujoco", "isaaclab")


def test_adapter_and_environments_are_plugins_of_their_own() -> None:
    """Each has an entry point; none imports another, nor the adapter, so that each can be left out alone."""
    package = "leapp_rsl_rl.environments"
    inside = [f for f in ours() if f.source.startswith(package) and f.target.startswith("leapp_rsl_rl")]
    for name in ENVIRONMENTS:
        own = [f for f in inside if f.source.startswith(f"{package}.{name}.")]
        assert own
        outside = [f for f in own if not f.target.startswith(f"{package}.{name}")]
        shared = [
            f"{package}.{helper}"
            for helper in ("clipping", "facts", "offscreen", "random_stream", "task_listing", "terms")
        ]
        assert [str(f) for f in outside if f.target not in shared] == []
    adapter = [f for f in ours() if f.source.startswith("leapp_rsl_rl.") and not f.source.startswith(package)]
    assert [str(f) for f in adapter if f.target.startswith(package)] == []


def test_built_in_tasks_need_no_trainer() -> None:
    """Only what trains them does: an agent of any trainer can be exported on them."""
    trains = ("train", "training_env", "curves")
    inside = [f for f in imports() if f.source.startswith("leapp_rsl_rl.environments.builtin")]
    found = {f.source.rpartition(".")[2] for f in inside if f.target.split(".")[0] in ("rsl_rl", "tensordict")}
    assert found == set(trains)
    users = [f for f in inside if f.target.rpartition(".")[2] in trains]
    assert {f.source.rpartition(".")[2] for f in users} <= set(trains)


def test_rsl_rl_never_imports_backends() -> None:
    wrong = [f for f in ours() if f.source.startswith("leapp_rsl_rl") and f.target.startswith("leapp_backends")]
    assert [str(found) for found in wrong] == []


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("onnx", ("leapp_backends.onnx",)),
        ("onnxruntime", ("leapp_backends.onnx",)),
        ("onnxscript", ("leapp_backends.onnx",)),
        ("rsl_rl", ("leapp_rsl_rl",)),
        ("pydot", ("leapp_core.visualize",)),
        ("typer", ("leapp_core.cli",)),
        ("rich", ("leapp_core.cli",)),
        ("pluggy", ("leapp_core.plugins",)),
    ],
)
def test_a_library_is_used_in_its_place_only(library: str, places: tuple[str, ...]) -> None:
    users = [f for f in imports() if f.target.split(".")[0] == library]
    assert users
    assert [str(found) for found in users if not found.source.startswith(places)] == []


def test_no_module_is_part_of_an_import_cycle() -> None:
    edges: dict[str, set[str]] = {name: set() for name in modules()}
    for found in ours():
        if found.at_load and found.target in edges and found.target != found.source:
            edges[found.source].add(found.target)
    # Whoever cannot be peeled off as importing only peeled-off modules sits on a cycle or leads to one.
    left = dict(edges)
    while peeled := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in peeled:
            del left[name]
    assert sorted(left) == []
