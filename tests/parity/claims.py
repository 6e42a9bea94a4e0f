"""Run by leapp 0.7.2's own Python: what docs/explanation/compared.md says of it, on three small pipelines."""

import json
import sys
from pathlib import Path

import leapp
import torch
from leapp import InferenceManager, annotate

ONES = torch.ones(1, 3)


class Smoothed:
    """A plain attribute that is computed anew in every step."""

    def __init__(self) -> None:
        self.last = torch.zeros(1, 3)

    def __call__(self) -> None:
        x = annotate.input_tensors("policy", {"x": ONES.clone()})
        self.last = 0.5 * self.last + x
        annotate.output_tensors("policy", {"y": self.last * 1.0}, export_with="onnx-torchscript")


def branch() -> None:
    x = annotate.input_tensors("policy", {"x": ONES.clone()})
    y = x * 2 if x.sum().item() > 0 else x * -1
    annotate.output_tensors("policy", {"y": y}, export_with="onnx-torchscript")


def two_inputs() -> None:
    a, b = annotate.input_tensors("policy", {"x": ONES.clone(), "z": ONES.clone()})
    annotate.output_tensors("policy", {"y": a + 2 * b}, export_with="onnx-torchscript")


def run(name: str, step: object, steps: int, folder: str) -> InferenceManager:
    leapp.start(name, save_path=folder)
    with torch.no_grad():
        for _ in range(steps):
            step()
    leapp.stop()
    leapp.compile_graph(visualize=False)
    return InferenceManager(f"{folder}/{name}/{name}.yaml")


def first(manager: InferenceManager, **inputs: torch.Tensor) -> float:
    answer = manager.run_policy({f"policy/{name}": value for name, value in inputs.items()})
    return float(answer["policy/y"][0, 0])


def main(folder: str) -> None:
    found = {}
    manager = run("smoothed", Smoothed(), 1, folder)
    found["state, one step recorded"] = [first(manager, x=ONES) for _ in range(3)]
    try:
        run("smoothed3", Smoothed(), 3, folder)
    except Exception as error:  # noqa: BLE001 - it raises no narrower class
        found["state, three steps recorded"] = str(error).splitlines()[0]
    found["branch"] = first(run("branch", branch, 3, folder), x=-ONES)
    found["missing input"] = first(run("two", two_inputs, 3, folder), x=ONES)
    (Path(folder) / "claims.json").write_text(json.dumps(found))


main(*sys.argv[1:])
