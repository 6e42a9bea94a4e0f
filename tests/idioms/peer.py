"""Run by leapp 0.7.2's own Python: how it takes the same programs, of which inputs and outputs are annotated.

``PYTHONPATH=. <its python> -m tests.idioms.peer tests/idioms/peer.json`` adds the rows that are not there yet. Its
``state_tensors`` are not used: the programs are taken as people wrote them.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import sys
import tempfile
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import leapp
import numpy as np
import torch
from leapp import InferenceManager, annotate

from tests.idioms.values import Robot, Values, all_inputs, by_itself, controller_of, copies, first_difference
from tests.idioms.variant import Variant, all_variants

NAME = "walker"
SECONDS = 120


class Annotated:
    """Takes the place of a session in a script."""

    def __init__(self, folder: str, *, arrays: bool) -> None:
        self._folder, self._arrays = folder, arrays

    def __enter__(self) -> Annotated:
        leapp.start(NAME, save_path=self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        leapp.stop()

    def input_tensors(self, node: str, values: Values) -> Values:
        """Annotate inputs; a script goes on with what it put in."""
        traced = annotate.input_tensors(node, {name: torch.as_tensor(value) for name, value in values.items()})
        traced = traced if isinstance(traced, (tuple, list)) else (traced,)
        values.update(zip(list(values), (np.asarray(t) if self._arrays else t for t in traced), strict=True))
        return values

    def output_tensors(self, node: str, values: Values) -> Values:
        """Annotate outputs."""
        tensors = {name: torch.as_tensor(value) for name, value in values.items()}
        annotate.output_tensors(node, tensors, export_with="onnx-dynamo")
        return values


def outcome(variant: Variant, folder: str) -> tuple[str, str]:
    """Return ``exact``, ``refused`` or ``WRONG``, and what was said."""
    inputs = all_inputs(variant)
    wanted = by_itself(variant, inputs)
    try:
        _record(variant, inputs[: variant.steps], folder)
        leapp.compile_graph(visualize=False)
        manager = InferenceManager(f"{folder}/{NAME}/{NAME}.yaml")
    except Exception as error:  # noqa: BLE001 - it raises no narrower class
        return "refused", f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"

    def answer(given: Values) -> Values:
        # An input that the program does not use is none of the bundle's.
        known = {f"policy/{name}": torch.as_tensor(value) for name, value in given.items()}
        got = manager.run_policy({name: value for name, value in known.items() if name in manager.inputs})
        return {name.removeprefix("policy/"): value.detach().numpy() for name, value in got.items()}

    wrong = first_difference(inputs, wanted, answer)
    return ("WRONG", wrong) if wrong else ("exact", "")


def _record(variant: Variant, inputs: list[Values], folder: str) -> None:
    torch.manual_seed(0)
    session = Annotated(folder, arrays=variant.arrays)
    if variant.script:
        variant.make(lambda name: session, Robot(inputs, len(inputs)))
        return
    controller = controller_of(variant)
    with session:
        for given in inputs:
            now = session.input_tensors("policy", copies(given))
            session.output_tensors("policy", {"action": controller(**now)})


def _in_child(at: int, sender: Any) -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        sender.send(outcome(all_variants()[at], folder))


def all_rows(known: Collection[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield how each other variant comes out, each in a process of its own: what it patches stays patched."""
    forked = multiprocessing.get_context("fork")
    for at, variant in enumerate(all_variants()):
        if variant.row in known:
            continue
        receiver, sender = forked.Pipe(duplex=False)
        child = forked.Process(target=_in_child, args=(at, sender))
        child.start()
        sender.close()
        found = ("crash", f"no answer in {SECONDS} s")
        if receiver.poll(SECONDS):
            with contextlib.suppress(EOFError):
                found = receiver.recv()
        child.kill()
        child.join()
        yield variant.row, found


def main(path: str) -> None:
    """Add the rows."""
    file = Path(path)
    rows = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for row, (kind, says) in all_rows(set(rows)):
        rows[row] = {"outcome": kind, "says": says}
        print(row, kind, says, flush=True)
        file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
