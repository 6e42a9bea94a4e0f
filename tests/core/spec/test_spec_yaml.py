from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from spec_documents import documents, edge, walker

from leapp_core.errors import BundleError, UsageError
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.problems import BundleProblemsError
from leapp_core.spec.schema import bundle_schema
from leapp_core.spec.yaml_io import read_document, write_document

SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "reference" / "bundle.schema.json"


def read(text: str, name: str = "walker") -> BundleDocument:
    return read_document(text.encode(), name)


def parse(text: str, version: str) -> object:
    """What another reader sees: YAML 1.1 is what PyYAML speaks."""
    parser = YAML(typ="safe", pure=True)
    parser.version = version
    return parser.load(io.StringIO(text))


def refused(text: str) -> BundleProblemsError:
    with pytest.raises(BundleProblemsError, match="problem") as caught:
        read(text)
    return caught.value


def test_a_document_reads_back_as_written() -> None:
    document = walker()
    text = write_document(document)
    assert read(text) == document
    assert write_document(read(text)) == text


def test_the_text_is_laid_out_for_people_and_existing_readers() -> None:
    text = write_document(walker())
    assert text.startswith("models:\n  observe:\n    inputs:\n    - name: joint_pos\n      dtype: float32\n")
    assert "      shape: [1, 4, 2]\n      type: tensor\n      kind: state/joint/position\n" in text
    assert "      element_names: [__temporal_axis__, [left_knee, right_knee]]\n      temporal_period_ms: 20.0\n" in text
    assert "      isaaclab_connection: state:robot:joint_pos\n" in text
    assert "    decide/memory_out: [decide/memory_in]\n" in text
    assert "  leapp config version: '1.3'\n" in text
    assert list(parse(text, "1.2")["pipeline"])[:5] == ["configs", "data_flow", "feedback_flow", "inputs", "outputs"]


@given(documents())
@settings(max_examples=60, deadline=None)
def test_any_document_reads_back_as_written(document: BundleDocument) -> None:
    text = write_document(document)
    assert read(text, "graph") == document
    # Readers of either YAML version see the same values; ours sees what they see.
    assert parse(text, "1.1") == parse(text, "1.2")


@given(documents())
@settings(max_examples=20, deadline=None)
def test_what_is_written_fits_the_published_schema(document: BundleDocument) -> None:
    Draft202012Validator(bundle_schema()).validate(parse(write_document(document), "1.2"))


def test_the_published_schema_is_the_one_enforced() -> None:
    Draft202012Validator.check_schema(bundle_schema())
    assert json.loads(SCHEMA_FILE.read_text()) == bundle_schema(), "write bundle_schema() to docs/reference again"


def test_execution_order_comes_from_the_edges_not_from_the_file() -> None:
    text = write_document(walker())
    start, middle, end = text.index("  observe:"), text.index("  decide:"), text.index("\npipeline:")
    swapped = text[:start] + text[middle:end] + text[start:middle] + text[end:]
    assert [node.name for node in read(swapped).pipeline.nodes] == ["observe", "decide"]


def test_every_problem_is_listed_with_its_line() -> None:
    text = write_document(walker())
    text = text.replace("shape: [1, 8]", "shape: [1, 9]", 1).replace("dtype: float64", "dtype: float46", 1)
    text = text.replace("decide: [targets]", "decide: [target]").replace("model_path: observe.onnx", "model_path: ../x")
    problems = refused(text).problems
    lines = text.splitlines()
    assert len(problems) == 5
    messages = "\n".join(map(str, problems))
    assert "observe/obs is float32[1, 9], decide/obs is float32[1, 8]" in messages
    assert "did you mean 'float64'?" in messages
    assert "decide/target is not among the outputs; did you mean 'decide/targets'?" in messages
    assert "is '../x', expected a path inside the bundle's folder" in messages
    for problem in problems:
        assert problem.line is not None
        assert lines[problem.line - 1].strip()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("decide/memory_out: [decide/memory_in]", "decide/nothing: [decide/memory_in]", "decide/nothing is not an out"),
        ("    decide/memory_out: [decide/memory_in]\n", "", "input decide/memory_in is fed by nothing"),
        ("    decide/memory_out: [decide/memory_in]\n", "", "output decide/memory_out goes nowhere"),
        ("observe: [joint_pos]", "observe: [joint_pos, joint_pos]", "observe/joint_pos is listed twice"),
        ("observe: [joint_pos]", "observe: [joint_pos]\n    decide: [obs]", "input decide/obs is fed 2 times"),
        ("observe/obs: [decide/obs]", "decide/targets: [decide/obs]", "cycle within one step: decide -> decide"),
        ("- name: memory_in", "- name: obs", "have the name 'obs' more than once"),
        ("[left_knee, right_knee]", "[left_knee]", "1 name for axis 2, which has size 2"),
        ("temporal_period_ms: 20.0", "other: 1", "temporal axis without a period"),
        ("temporal_period_ms: 20.0", "temporal_period_ms: -1", "is -1, which is too small"),
        ("shape: [1, 8]", "shape: [1, -8]", "is -8, which is too small"),
        ("shape: [1, 8]", "shape: [1, 8.5]", "is 8.5, expected integer or string|is '8.5'"),
        ("shape: [1, 4, 2]", "shape: [100000, 100000, 2]", "takes 80000000000 bytes"),
        ("shape: [1, 8]", "shape: big", "is 'big', expected array"),
        ("type: tensor", "type: list", "is 'list'"),
        ("frequency: 50.0", "frequency: 0", "is 0, which is too small"),
        ("frequency: 50.0", "frequency: fast", "is 'fast', expected number or null"),
        ("  initial_values: walker_initial_values.safetensors\n", "", "has feedback_flow but no initial_values"),
        ("models:", "model:", "has no key 'models'"),
        ("  leapp config version: '1.3'\n", "", "has no key 'leapp config version'"),
        ("sha256sum: '0123", "sha256sum: 'z123", "is 'z123"),
        ("model_path: decide.pt2", "model_path: /etc/passwd", "is '/etc/passwd', expected a path inside"),
        ("model_path: decide.pt2", "model_path: 'C:/x.pt2'", "expected a path inside"),
        ("  decide:", "  de/cide:", "holds '/'"),
        ("models:", "models: &a\n  x: *a", "refers to nothing before it"),
        ("dtype: float32", "dtype: float32\n      dtype: float32", "key 'dtype' is given twice"),
        ("dtype: float32", "dtype: !!python/name:os.system float32", "tag .* is not allowed"),
        ("models:", "- models:", "not YAML|is a list"),
    ],
)
def test_what_a_document_cannot_say(old: str, new: str, says: str) -> None:
    text = write_document(walker())
    assert old in text
    with pytest.raises(BundleProblemsError, match=says):
        read(text.replace(old, new, 1))


def test_a_newer_major_version_is_refused_whatever_else_it_says() -> None:
    text = write_document(walker()).replace("'1.3'", "'2.0'").replace("models:", "things:")
    with pytest.raises(BundleError, match=r"config version 2\.0, which is newer"):
        read(text)
    assert read(write_document(walker()).replace("'1.3'", "'1.9'")).system_information["leapp config version"] == "1.9"


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"a: [1", b"- " * 3000, b"[" * 3000, b"--- a\n--- b", b"x: *y"])
def test_what_is_not_a_document_is_refused_briefly(data: bytes) -> None:
    with pytest.raises(BundleProblemsError, match="problem"):
        read_document(data, "g")


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(BundleProblemsError, match="aliases counted as often as used"):
        read_document("\n".join(lines).encode(), "g")


def test_too_large_a_text_is_refused_unread() -> None:
    with pytest.raises(BundleProblemsError, match="more than 1048576"):
        read_document(b"a" * 2_000_000, "g")


def test_names_that_look_like_numbers_and_old_shapes_are_read() -> None:
    text = write_document(walker()).replace("'1.3'", "1.3").replace("shape: [1, 8]", "shape: '[1, 8]'")
    text = text.replace("[left_knee, right_knee]", "[1, 2.5]")
    document = read(text)
    assert document.pipeline.node("observe").output("obs").shape == (1, 8)
    assert document.pipeline.node("observe").input("joint_pos").element_names[1] == ("1", "2.5")


def test_a_contradictory_document_is_not_written() -> None:
    document = walker()
    pipeline = replace(document.pipeline, data_flow=(edge("observe/obs", "decide/memory_in"),))
    with pytest.raises(BundleProblemsError, match="is fed 2 times"):
        write_document(replace(document, pipeline=pipeline))


def test_values_yaml_cannot_hold_are_not_written() -> None:
    with pytest.raises(UsageError, match="is inf"):
        write_document(replace(walker(), system_information={"x": float("inf")}))
