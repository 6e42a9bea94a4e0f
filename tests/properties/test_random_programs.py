"""Random programs: what capture accepts computes what the program computes, over steps it has never seen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leapp_core.program.passes import clean_program
from tests.capture.generator.check import check
from tests.capture.generator.draw import SeededChooser, draw_program
from tests.capture.generator.functional import NodeFunction
from tests.capture.generator.many import BACKENDS, check_seed, prepare, run_many
from tests.tiers import few

T = TypeVar("T")

CHUNK = 100


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessPoolExecutor]:
    """A process of its own: a compile looks at all objects, of which this one has gathered many."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=prepare) as pool:
        yield pool


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(20))
def test_two_thousand_programs(chunk: int, process: ProcessPoolExecutor) -> None:
    kinds, failures = process.submit(run_many, chunk * CHUNK, CHUNK).result()
    assert not failures
    assert kinds["exact"] >= 0.7 * CHUNK


def test_an_input_wired_in_all_but_the_first_step_is_refused() -> None:
    """The first wrong result found among many programs."""
    verdict = check_seed(700080)
    assert verdict.kind == "refused"
    assert "comes from an output in some steps and from elsewhere in others" in verdict.detail


class DrawnChooser:
    """Lets hypothesis choose, so that it can shrink a failure."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def pick(self, options: Sequence[T]) -> T:
        return self._data.draw(st.sampled_from(options))

    def number(self) -> float:
        return self._data.draw(st.integers(0, 100)) / 100

    def count(self, least: int, most: int) -> int:
        return self._data.draw(st.integers(least, most))


SETTINGS = settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@SETTINGS
@given(st.data(), st.integers(3, 5))
def test_programs_that_can_be_shrunk(data: st.DataObject, steps: int) -> None:
    check_shrinkable(data, steps)


@pytest.mark.slow
@settings(SETTINGS, max_examples=40)
@given(st.data(), st.integers(3, 5))
def test_more_programs_that_can_be_shrunk(data: st.DataObject, steps: int) -> None:
    check_shrinkable(data, steps)


def check_shrinkable(data: st.DataObject, steps: int) -> None:
    program = draw_program(DrawnChooser(data), most_nodes=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = check(program, steps)
    assert verdict.kind in ("exact", "refused", "rewired"), f"{verdict}\n{program}"


@pytest.mark.parametrize("seed", few(range(30000, 30048), 5))
def test_every_backend(seed: int, tmp_path: Path) -> None:
    program = draw_program(SeededChooser(seed), most_nodes=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdict = check(program, 4, BACKENDS, tmp_path)
    assert verdict.kind in ("exact", "refused", "rewired"), f"{verdict}\n{program}"


@pytest.mark.parametrize("seed", few(range(40000, 40040), 8))
def test_clean_up_changes_no_bit(seed: int) -> None:
    node = draw_program(SeededChooser(seed), most_nodes=1).nodes[0]
    function = NodeFunction(node)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(function, function.arguments(0), strict=False).run_decompositions({})
        cleaned = clean_program(exported)
        cleaned.validate()
        before, after = exported.module(), cleaned.module()
    assert len(cleaned.graph.nodes) <= len(exported.graph.nodes) + len(cleaned.graph_signature.input_specs)
    for step in range(1, 4):
        tensors = function.arguments(step)
        copies = tuple(tensor.clone() for tensor in tensors)
        results = after(*copies)
        assert all(torch.equal(a, b) for a, b in zip(before(*tensors), results, strict=True))
        assert all(torch.equal(a, b) for a, b in zip(tensors, copies, strict=True))
        places = [value.untyped_storage().data_ptr() for value in (*results, *copies)]
        assert len(set(places)) == len(places)
