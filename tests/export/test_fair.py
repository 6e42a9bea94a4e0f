"""Validation blames no one for ties, says what it allowed beside the tolerance, and what a recording cannot show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

import leapp_core
from leapp_core.export.report import ExportReport
from leapp_core.plugins.manager import PluginManager
from leapp_core.spec.names import PortRef
from leapp_core.validation.bundle import validate_bundle

Policy = Callable[[torch.Tensor], object]


def exported(policy: Policy, folder: Path, inputs: Iterator[torch.Tensor]) -> ExportReport:
    with torch.no_grad(), leapp_core.capture("policy", save_path=folder) as session:
        for x in inputs:
            session.input_tensors("policy", {"x": x})
            result = policy(x)
            session.output_tensors("policy", result if isinstance(result, dict) else {"action": result})
    return session.export("onnx-dynamo", visualize=False)


def drawn(count: int = 5) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return iter([torch.randn(1, 12, generator=generator) for _ in range(count)])


def largest(x: torch.Tensor) -> dict[str, torch.Tensor]:
    values, indices = torch.topk(x, 4)
    return {"values": values, "indices": indices, "chosen": torch.gather(x.roll(1, -1), 1, indices)}


def ordered(x: torch.Tensor) -> dict[str, torch.Tensor]:
    values, indices = torch.sort(x, descending=True)
    return {"values": values, "indices": indices}


@pytest.mark.parametrize("policy", [largest, ordered, lambda x: x.argmax(-1)], ids=["topk", "sort", "argmax"])
def test_ties_of_inputs_that_are_all_zero_are_noted_and_no_error(policy: Policy, tmp_path: Path) -> None:
    report = exported(policy, tmp_path, drawn())
    assert report.ok
    assert report.validation is not None
    assert any("equal values leave open which index comes first" in note for note in report.validation.notes)


def test_an_index_that_no_tie_leaves_open_is_still_compared(tmp_path: Path) -> None:
    report = exported(ordered, tmp_path, drawn())
    assert report.validation is not None
    replay = next(level for level in report.validation.levels if level.level == "replay")
    assert replay.slack.get(PortRef("policy", "indices"), 0.0) == 0.0


def test_what_was_allowed_beside_the_tolerance_is_in_the_report(tmp_path: Path) -> None:
    report = exported(lambda x: torch.sin(x * 50.0), tmp_path, drawn())
    stored = json.loads((report.bundle / "report.json").read_text())
    replay = next(level for level in stored["validation"]["levels"] if level["level"] == "replay")
    assert 0.0 < replay["slack"]["policy/action"] < 1e-2
    assert report.validation is not None
    assert float(report.validation.rows()[0]["slack"]) > 0.0


def test_inputs_that_never_change_are_said_to_show_one_point_only(tmp_path: Path) -> None:
    report = exported(torch.sin, tmp_path, iter([torch.full((1, 12), 0.5) for _ in range(5)]))
    assert report.validation is not None
    assert any("every input is the same in all 5 recorded steps" in note for note in report.validation.notes)
    again = validate_bundle(report.bundle, PluginManager())
    assert any("every input is the same in all 5 recorded steps" in note for note in again.notes)


def test_an_output_that_is_never_a_number_is_said_to_prove_nothing(tmp_path: Path) -> None:
    report = exported(lambda x: torch.sqrt(-x.abs() - 1.0), tmp_path, drawn())
    assert report.validation is not None
    assert any("output policy/action is NaN in every recorded step" in note for note in report.validation.notes)


def test_elements_that_are_never_a_number_and_inputs_with_gaps_are_told(tmp_path: Path) -> None:
    gap = torch.zeros(1, 12)
    gap[0, 3] = torch.nan
    values = [value if step == 1 else value + gap for step, value in enumerate(drawn())]
    report = exported(
        lambda x: torch.cat([torch.sin(x[:, 4:]), torch.sqrt(-x[:, :2].abs() - 1.0)], 1), tmp_path, iter(values)
    )
    assert report.validation is not None
    assert report.validation.notes == (
        "of output policy/action, elements 8, 9 are NaN in every recorded step: to reproduce that proves nothing",
        "input policy/x holds NaN in 4 of 5 recorded steps: what the program makes of numbers there was not seen",
    )


def test_an_ordinary_recording_gets_no_such_note(tmp_path: Path) -> None:
    report = exported(torch.sin, tmp_path, drawn())
    assert report.validation is not None
    assert report.validation.notes == ()


def test_level_0_says_how_long_the_program_held_beside_the_code(tmp_path: Path) -> None:
    report = exported(torch.sin, tmp_path, drawn(30))
    assert report.validation is not None
    level = report.validation.levels[0]
    assert (level.level, level.steps) == ("beside your code", 25)
    assert level.about == "held for 25 steps, 0 of them shaken"
    stored = json.loads((report.bundle / "report.json").read_text())
    assert stored["validation"]["levels"][0]["about"] == level.about
