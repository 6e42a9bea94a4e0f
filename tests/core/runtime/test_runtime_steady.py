"""A loop that runs for long: constant memory, no tensors made, threads side by side, the same results for ever."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import runtime_pipelines as pipelines

from leapp_core.errors import LeappError
from leapp_core.runtime import measure_bundle, mock_inputs

CASES = {"mlp": pipelines.mlp, "recurrent": pipelines.recurrent, "three_nodes": pipelines.three_nodes}


def arrays(runtime, count=8):
    return [mock_inputs(runtime.inputs, seed, runtime.sizes) for seed in range(count)]


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_a_step_allocates_nothing_but_what_it_returns(tmp_path, name, merge):
    runtime = CASES[name](tmp_path).open(merge=merge)
    inputs = arrays(runtime)
    for step in inputs:
        runtime.step(step)
    taken = []
    tracemalloc.start()
    try:
        for step in inputs:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            outputs = runtime.step(step)
            taken.append([value - before for value in tracemalloc.get_traced_memory()])
            returned = sum(sys.getsizeof(value) for value in outputs.values()) + sys.getsizeof(outputs)
            del outputs
    finally:
        tracemalloc.stop()
    # Of most steps: pools of Python's own (integers, tuples) grow now and then. Each step's outputs are let go of.
    held, peak = map(statistics.median, zip(*taken, strict=True))
    assert held <= returned + 200
    assert peak <= returned + 700


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux' account of memory")
@pytest.mark.parametrize(
    "steps", [20_000, pytest.param(1_000_000, marks=pytest.mark.slow)], ids=["short", "a million steps"]
)
@pytest.mark.parametrize("name", CASES)
def test_soak(tmp_path, name, steps):
    """Equal episodes give equal results for ever, and memory does not grow."""
    runtime = CASES[name](tmp_path).open()
    inputs = arrays(runtime)
    episode = 1_000

    def run() -> list[bytes]:
        runtime.reset()
        for i in range(episode):
            outputs = runtime.step(inputs[i % 8])
        return [value.tobytes() for value in outputs.values()]

    first = run()
    for _ in range(4):
        run()
    before = _resident()
    for _ in range(steps // episode):
        assert run() == first
    assert _resident() - before < 1_000_000


def test_several_runtimes_in_several_threads(tmp_path):
    runtimes = [CASES[name](tmp_path).open() for name in CASES for _ in range(2)]
    expected = []
    for runtime in runtimes:
        expected.append([runtime.step(step) for step in arrays(runtime) * 25])
        runtime.reset()
    failures = []

    def work(runtime, results):
        for step, result in zip(arrays(runtime) * 25, results, strict=True):
            found = runtime.step(step)
            failures.extend(key for key in result if found[key].tobytes() != result[key].tobytes())

    threads = [threading.Thread(target=work, args=pair) for pair in zip(runtimes, expected, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_one_runtime_in_several_threads(tmp_path):
    """Steps happen one after the other: no update of the state is lost, and no result mixes two steps."""
    runtime = pipelines.recurrent(tmp_path).open()
    seen, failures = [], []

    def work(seed):
        x = np.full((1, 3), seed, np.float32)
        try:
            for _ in range(200):
                seen.append(int(runtime.step({"x": x})["count_out"][0]))
                runtime.state  # noqa: B018 - reading meanwhile must not disturb
        except LeappError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(seen) == list(range(8, 808))


def test_measuring_leaves_the_policy_as_after_a_reset(tmp_path):
    runtime = pipelines.recurrent(tmp_path).open()
    report = measure_bundle(runtime, 200)
    assert runtime.state["count_in"].tolist() == [7]
    assert 0 < report.median_us <= report.p90_us <= report.p99_us <= report.worst_us
    assert report.as_dict()["max_frequency"] == pytest.approx(1e6 / report.wall_p99_us)


PROGRAM = """
import sys
sys.modules["torch"] = sys.modules["onnx"] = None
import leapp_core.runtime
assert "numpy" not in sys.modules, "the package alone is to be cheap"
import numpy as np
runtime = leapp_core.runtime.load(sys.argv[1])
x = {name: np.zeros(port.shape, port.dtype) for name, port in runtime.inputs.items()}
runtime.step(x)
assert runtime.merged
assert not [name for name in sys.modules if name.split(".")[0] in {"onnxscript", "onnx_ir", "ml_dtypes"}]
print("ran", *runtime.outputs)
"""


@pytest.mark.parametrize("name", CASES)
def test_neither_torch_nor_onnx_is_imported(tmp_path, name):
    yaml = CASES[name](tmp_path).write()
    line = [sys.executable, "-W", "error", "-c", PROGRAM, str(yaml)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ran ")
