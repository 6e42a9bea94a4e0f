"""What a notebook shows of a bundle, of a validation and of a refusal: small, whole, and nothing of it is run."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

import leapp_core
from leapp_core.bundle import load_document
from leapp_core.errors import LeappError
from leapp_core.export.report import ExportReport
from leapp_core.runtime import load
from leapp_core.tracing.result import CapturedPipeline

SLY = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """Reads tags and texts; a tag that is not closed, or closed twice, is an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> leapp_core.CaptureSession:
    """A policy with a name that would be a script."""
    folder = tmp_path_factory.mktemp("notebook")
    previous = torch.zeros(1, 2)
    with leapp_core.capture("walker", save_path=folder) as session:
        for _ in range(3):
            x = torch.randn(1, 2)
            joints = leapp_core.TensorSemantics("joint_pos", x, "state/joint/position", ["hip", SLY])
            session.input_tensors("policy", joints)
            previous = x * 0.5 + previous * 0.25
            session.output_tensors("policy", {"targets": previous})
    return session


@pytest.fixture(scope="module")
def captured(session: leapp_core.CaptureSession) -> CapturedPipeline:
    return session.compile()


@pytest.fixture(scope="module")
def report(session: leapp_core.CaptureSession) -> ExportReport:
    return session.export(configs=leapp_core.GraphConfigs(frequency=50.0))


def shown(thing: Any) -> Reader:
    html = thing._repr_html_()
    assert len(html) < 20_000
    reader = Reader(html)
    assert "script" not in reader.tags
    return reader


def test_a_bundle_shows_its_ports(report: ExportReport) -> None:
    for thing in (load(report.bundle), load_document(report.bundle)):
        reader = shown(thing)
        text = " ".join(reader.texts)
        assert "walker" in text
        assert "1 node, 50 Hz" in text
        assert f"hip, {SLY}" in reader.texts
        assert reader.texts.count("state") == 1
        assert {"policy/joint_pos", "policy/targets", "policy/previous_in", "[1, 2]", "float32"} <= {*reader.texts}


def test_a_captured_pipeline_shows_its_ports(captured: CapturedPipeline) -> None:
    assert {"policy/joint_pos", f"hip, {SLY}"} <= {*shown(captured).texts}


def test_a_validation_shows_its_levels(report: ExportReport) -> None:
    assert report.validation is not None
    reader = shown(report.validation)
    assert {"replay", "fresh inputs", "ok"} <= {*reader.texts}
    assert {"replay", str(report.bundle)} <= {text.strip() for text in shown(report).texts}


def test_a_refusal_shows_its_parts_and_its_page() -> None:
    error = LeappError(f"{SLY} is refused", where="a.py:3: x < y", fix="write\nit otherwise", code="C012")
    reader = shown(error)
    assert f"{SLY} is refused" in " ".join(reader.texts)
    assert {"where", "a.py:3: x < y", "fix", "code", "LEAPP-C012 (leapp explain C012)"} <= {*reader.texts}
    assert "expected" not in reader.texts


def test_a_bundle_of_many_ports_stays_small(tmp_path: Path) -> None:
    with leapp_core.capture("many") as session:
        for _ in range(3):
            given = {f"input_{number:03d}": torch.randn(1) for number in range(200)}
            session.input_tensors("policy", given)
            session.output_tensors("policy", {"y": torch.stack(list(given.values())).sum(0)})
    reader = shown(session.compile())
    assert "the first 60 of 201 ports" in " ".join(reader.texts)
