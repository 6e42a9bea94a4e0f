"""What a picture says, in words of the SVG, which a person and a test can both read."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import TEMPORAL_AXIS, AxisNames, PortSpec
from leapp_core.visualize import render
from leapp_core.visualize.labels import names_text, size_text
from leapp_core.visualize.render import find_graphviz

LEGS = tuple(f"{side}_{joint}" for side in ("FL", "FR", "RL", "RR") for joint in ("hip", "thigh", "calf"))


def port(name: str, *shape: int, kind: str | None = None, names: tuple[AxisNames, ...] | None = None) -> PortSpec:
    return PortSpec(name, "float32", shape, kind, names)


def two_nodes() -> BundleDocument:
    encoder = NodeSpec("encoder", (port("image", 1, 3, 8, 8),), (port("latent", 1, 32),))
    policy = NodeSpec(
        "policy <main> & co",
        (
            port("latent", 1, 32),
            port("joint_pos", 1, 12, kind="state/joint/position", names=(LEGS,)),
            port("h_in", 1, 64),
        ),
        (port("action", 1, 12, kind="target/joint/position", names=(LEGS,)), port("h_out", 1, 64)),
    )
    name = policy.name
    pipeline = PipelineSpec(
        (encoder, policy),
        (Edge(PortRef("encoder", "latent"), PortRef(name, "latent")),),
        (Edge(PortRef(name, "h_out"), PortRef(name, "h_in")),),
        (PortRef("encoder", "image"), PortRef(name, "joint_pos")),
        (PortRef(name, "action"),),
        GraphConfigs(50.0),
    )
    refs = {
        node.name: ArtifactRef(f"{node.name}.onnx", "onnx", "0", None, {"opset_version": 20}) for node in pipeline.nodes
    }
    return BundleDocument("walker", pipeline, refs)


def words(svg: Path) -> list[str]:
    found = re.findall(r"<text[^>]*>([^<]*)</text>", svg.read_text(encoding="utf-8"))
    return [html.unescape(text).replace("\xa0", " ").strip() for text in found]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    values = {PortRef("policy <main> & co", "h_in"): np.zeros((1, 64), np.float32)}
    png, svg = render(two_nodes(), tmp_path, "walker", initial_values=values)
    assert png.read_bytes().startswith(b"\x89PNG")
    return svg


def test_it_says_nodes_ports_kinds_sizes_state_and_frequency(picture: Path) -> None:
    text = "\n".join(words(picture))
    for expected in (
        "walker  (50 Hz)",
        "policy <main> & co",
        "joint_pos",
        "state/joint/position",
        "FL_hip, FL_thigh, FL_calf … RR_calf (12)",
        "float32 1×12",  # noqa: RUF001 - the sign a picture shows
        "state, kept for the next step",
        "starts at 0",
        "opset 20",
        "INPUTS",
        "OUTPUTS",
    ):
        assert expected in text


def test_state_is_one_dashed_loop_and_no_port_of_its_own(picture: Path) -> None:
    svg = picture.read_text(encoding="utf-8")
    assert svg.count("stroke-dasharray") == 1
    assert "h" in words(picture)
    assert not {"h_in", "h_out"} & set(words(picture))


def test_the_same_document_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first = render(two_nodes(), tmp_path, "walker")
    second = render(two_nodes(), tmp_path / "again", "walker")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_graphviz_is_found_without_an_activated_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Path(find_graphviz()).name == "graphviz-pure"


def test_a_system_dot_is_preferred(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dot").write_text("#!/bin/sh\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_graphviz() == shutil.which("dot")


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (None, ""),
        ((("a", "b"),), "a, b"),
        ((LEGS,), "FL_hip, FL_thigh, FL_calf … RR_calf (12)"),
        ((TEMPORAL_AXIS, ("x", "y")), "time, every 20 ms × x, y"),  # noqa: RUF001
        ((None, ("x",)), "x"),
        ((("n" * 60,),), f"{'n' * 17}… (1)"),
    ],
)
def test_element_names_are_shortened(names: tuple[AxisNames, ...] | None, text: str) -> None:
    assert names_text(PortSpec("p", "float32", (1,), None, names, 20.0)) == text


def test_sizes_are_short() -> None:
    assert size_text(PortSpec("p", "bool", ())) == "bool scalar"
    assert size_text(PortSpec("p", "float32", ("batch", 3))) == "float32 batch×3"  # noqa: RUF001
