"""Where a bundle's actions come to differ from the policy's: ``python -m tests.simulators.rounding [CASE NAME]``.

Without a case: one layer computed by PyTorch and, written in several ways, by ONNX Runtime, each held against float64.
With one, in its simulator's environment: the first step and the number of roundings by which targets differ where the
bundle is shown what the policy was shown, at each of ONNX Runtime's optimization levels.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.simulators.cases import CASES

Array = np.ndarray[Any, Any]
INPUTS, OUTPUTS, TRIALS = 512, 256, 40
LEVELS = ("none", "basic", "extended", "all")
FORMS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "Gemm": (("Gemm", ["x", "weight", "bias"], ["y"], {"transB": 1}),),
    "MatMul, Add": (("MatMul", ["x", "turned"], ["p"], {}), ("Add", ["p", "bias"], ["y"], {})),
    "MatMul from the left, Add": (
        ("Transpose", ["x"], ["column"], {"perm": [1, 0]}),
        ("MatMul", ["weight", "column"], ["p"], {}),
        ("Transpose", ["p"], ["row"], {"perm": [1, 0]}),
        ("Add", ["row", "bias"], ["y"], {}),
    ),
    "Einsum, Add": (
        ("Einsum", ["x", "weight"], ["p"], {"equation": "bk,nk->bn"}),
        ("Add", ["p", "bias"], ["y"], {}),
    ),
    "Mul, ReduceSum, Add": (
        ("Mul", ["x", "weight"], ["p"], {}),
        ("ReduceSum", ["p", "axis"], ["column"], {}),
        ("Transpose", ["column"], ["row"], {"perm": [1, 0]}),
        ("Add", ["row", "bias"], ["y"], {}),
    ),
}
"""Ways of writing a layer as ONNX operators."""


@dataclass(frozen=True)
class Layer:
    """A linear layer with inputs, its exact outputs, and what PyTorch makes of them."""

    weight: Array
    bias: Array
    inputs: list[Array]
    exact: Array
    by_torch: Array

    @classmethod
    def drawn(cls) -> Layer:
        """Draw one as PyTorch draws the layers of a policy."""
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(0)
        layer = torch.nn.Linear(INPUTS, OUTPUTS)
        inputs = [torch.randn(1, INPUTS) for _ in range(TRIALS)]
        with torch.no_grad():
            by_torch = np.concatenate([layer(x).numpy() for x in inputs])
            exact = np.concatenate([layer.double()(x.double()).numpy() for x in inputs])
            weight, bias = (p.float().numpy() for p in (layer.weight, layer.bias))
        return cls(weight, bias, [x.numpy() for x in inputs], exact, by_torch)

    def by_onnxruntime(self, form: str, level: str) -> Array:
        """Compute it with ONNX Runtime, written in one of :data:`FORMS`."""
        import onnx
        import onnxruntime

        given = {"weight": self.weight, "turned": self.weight.T, "bias": self.bias, "axis": np.array([1])}
        nodes = [onnx.helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in FORMS[form]]
        used = {name for node in nodes for name in node.input} & set(given)
        ends = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, w]) for n, w in _ENDS]
        weights = [onnx.numpy_helper.from_array(np.ascontiguousarray(given[name]), name) for name in sorted(used)]
        graph = onnx.helper.make_graph(nodes, form, ends[:1], ends[1:], weights)
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        return np.concatenate([session.run(None, {"x": x})[0] for x in self.inputs])


_ENDS = (("x", INPUTS), ("y", OUTPUTS))


def layer_table() -> str:
    """Return how each way of computing a layer compares."""
    layer = Layer.drawn()
    rows = [("PyTorch", layer.by_torch)]
    ways = itertools.product(FORMS, ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"))
    rows += [(f"{form} ({level})", layer.by_onnxruntime(form, level)) for form, level in ways]
    lines = [f"{'a layer of ' + str(INPUTS):44} equal to PyTorch  largest error  mean error"]
    for name, found in rows:
        error = np.abs(found - layer.exact)
        lines.append(f"{name:44} {(found == layer.by_torch).mean():16.0%}  {error.max():13.2e}  {error.mean():.2e}")
    return "\n".join(lines)


def first_differences(name: str) -> str:
    """Return, for each optimization level, when and by how much targets of a case differ first."""
    from leapp_core.plugins.runners import RunnerSettings
    from leapp_core.runtime import load
    from tests.simulators.loops import Episode, relative_difference, run_shown, run_trained
    from tests.simulators.run_case import sides

    case = next(c for c in CASES if c.name == name)
    lines = [name]
    with tempfile.TemporaryDirectory() as folder, sides(case, Path(folder)) as s:
        trained: Episode = run_trained(s.env, s.policy, case.seed, case.steps)
        for level in LEVELS:
            settings = RunnerSettings(optimization=level)
            runtime = load(s.report.yaml_path, settings=settings, full_names=True, trust=True)
            shown, _ = run_shown(s.scene, runtime, case.seed, trained)
            lines.append(f"{level:9} {_first(trained, shown)}, open {relative_difference(trained, shown):.1e}")
    return "\n".join(lines)


def _first(trained: Any, shown: Any) -> str:
    for step, (expected, found) in enumerate(zip(trained.targets, shown.targets, strict=True)):
        pairs = [(expected[name].ravel(), found[name].ravel()) for name in expected]
        roundings = max(float((np.abs(a.astype(np.float64) - b) / np.spacing(np.abs(a).max())).max()) for a, b in pairs)
        if roundings > 0:
            largest = max(float(np.abs(a - b).max()) for a, b in pairs)
            return f"first at step {step}: {largest:.1e}, {roundings:.2g} roundings of the largest target"
    return "no difference"


if __name__ == "__main__":
    sys.stdout.write((first_differences(sys.argv[1]) if len(sys.argv) > 1 else layer_table()) + "\n")
