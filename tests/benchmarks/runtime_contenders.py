"""Ways to step one pipeline. Each takes the same readings and returns results that the caller owns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from leapp_core.runtime import load
from tests.benchmarks.runtime_models import Case

Step = Callable[[int], Any]


def options() -> onnxruntime.SessionOptions:
    """Return the thread settings every contender runs with."""
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = 1
    made.inter_op_num_threads = 1
    return made


def open_session(path: Path | bytes) -> onnxruntime.InferenceSession:
    """Return a session as a careful user would open it."""
    model = path if isinstance(path, bytes) else str(path)
    return onnxruntime.InferenceSession(model, options(), providers=["CPUExecutionProvider"])


def readings(case: Case) -> list[np.ndarray]:
    """Return different inputs to take in turn."""
    shape = next(iter(case.nodes[0].inputs.values()))
    random = np.random.default_rng(0)
    return [random.standard_normal(shape).astype(np.float32) for _ in range(16)]


def ours(case: Case, yaml: Path, *, merge: bool = True) -> Step:
    """Step through this project's runtime."""
    runtime = load(yaml, merge=merge)
    name = next(iter(runtime.inputs))
    inputs = [{name: x} for x in readings(case)]
    return lambda i: runtime.step(inputs[i % 16])


def hand_written(case: Case, yaml: Path) -> Step:
    """Step as somebody who knows ONNX Runtime well: bound buffers, state swapped, inputs copied in, outputs out.

    Several nodes are joined with ``onnx.compose`` first.
    """
    session = open_session(_joined(case, yaml))
    arg, result = session.get_inputs()[0], next(iter(case.nodes[-1].outputs))
    node = case.nodes[-1]
    x = np.zeros(arg.shape, np.float32)
    y = np.zeros(node.outputs[result], np.float32)
    # Two sets of buffers: one is read while the other is written.
    state = [{t: np.zeros(node.inputs[t], np.float32) for t in node.feedback.values()} for _ in range(2)]
    bindings = []
    for read, write in ((0, 1), (1, 0)):
        binding = session.io_binding()
        binding.bind_ortvalue_input(arg.name, onnxruntime.OrtValue.ortvalue_from_numpy(x))
        binding.bind_ortvalue_output(session.get_outputs()[0].name, onnxruntime.OrtValue.ortvalue_from_numpy(y))
        for source, target in node.feedback.items():
            binding.bind_ortvalue_input(target, onnxruntime.OrtValue.ortvalue_from_numpy(state[read][target]))
            binding.bind_ortvalue_output(source, onnxruntime.OrtValue.ortvalue_from_numpy(state[write][target]))
        bindings.append(binding)
    inputs = readings(case)

    def step(i: int) -> dict[str, np.ndarray]:
        np.copyto(x, inputs[i % 16])
        session.run_with_iobinding(bindings[i & 1])
        return {result: y.copy()}

    return step


def _joined(case: Case, yaml: Path) -> bytes:
    import onnx
    from onnx import compose

    models = [onnx.load(yaml.parent / f"{node.name}.onnx") for node in case.nodes]
    whole = compose.add_prefix(models[0], f"{case.nodes[0].name}/") if len(models) > 1 else models[0]
    for before, node, model in zip(case.nodes, case.nodes[1:], models[1:], strict=False):
        edge = (f"{before.name}/{next(iter(before.outputs))}", f"{node.name}/{next(iter(node.inputs))}")
        whole = compose.merge_models(whole, compose.add_prefix(model, f"{node.name}/"), io_map=[edge])
    return whole.SerializeToString()


def session_run(case: Case, yaml: Path) -> Step:
    """Step with plain ``session.run`` calls, one per node."""
    sessions = [open_session(yaml.parent / f"{node.name}.onnx") for node in case.nodes]
    state = [{t: np.zeros(node.inputs[t], np.float32) for t in node.feedback.values()} for node in case.nodes]
    inputs = readings(case)

    def step(i: int) -> np.ndarray:
        x = inputs[i % 16]
        for node, session, held in zip(case.nodes, sessions, state, strict=True):
            x, *new = session.run(None, {next(iter(node.inputs)): x, **held})
            held.update(zip(node.feedback.values(), new, strict=True))
        return x

    return step


def peer(case: Case, yaml: Path) -> Step:
    """Step through the ``InferenceManager`` of the published ``leapp`` package."""
    with _one_thread():
        from leapp import InferenceManager

        manager = InferenceManager(str(yaml))
        name = manager.inputs[0]
        inputs = [{name: torch.from_numpy(x)} for x in readings(case)]
        manager.run_policy(inputs[0])  # opens its sessions
        manager.reset()
    return lambda i: manager.run_policy(inputs[i % 16])


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Let sessions opened meanwhile have the thread settings of all others."""
    original = onnxruntime.SessionOptions

    def with_settings() -> onnxruntime.SessionOptions:
        made = original()
        made.intra_op_num_threads = made.inter_op_num_threads = 1
        return made

    onnxruntime.SessionOptions = with_settings
    try:
        yield
    finally:
        onnxruntime.SessionOptions = original


def eager(case: Case, yaml: Path) -> Step:
    """Step in PyTorch."""
    step = case.eager()
    inputs = [torch.from_numpy(x) for x in readings(case)]

    def run(i: int) -> torch.Tensor:
        with torch.inference_mode():
            return step(inputs[i % 16])

    return run
