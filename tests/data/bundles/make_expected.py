"""Write what a bundle answers, for bundles kept as test data: ``python make_expected.py FOLDER``.

Run once, by the version of the project that exported the bundles; later versions are held against the file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

STEPS = 50


def inputs(ports: dict[str, tuple[int, ...]], step: int) -> dict[str, np.ndarray]:
    """Return smooth, varied readings; plain arithmetic, so that every version makes the same ones."""
    made = {}
    for number, (name, shape) in enumerate(ports.items()):
        elements = np.arange(int(np.prod(shape)), dtype=np.float64)
        made[name] = np.sin(0.1 * step * (1 + elements) + number).reshape(shape).astype(np.float32)
    return made


def answers(bundle: Path) -> dict[str, np.ndarray]:
    """Return outputs and final state of :data:`STEPS` steps, steps along axis 0."""
    from leapp_core.runtime import load

    runtime = load(bundle)
    ports = {name: tuple(int(size) for size in port.shape) for name, port in runtime.inputs.items()}
    steps = [runtime.step(inputs(ports, step)) for step in range(STEPS)]
    outputs = {f"outputs/{name}": np.stack([step[name] for step in steps]) for name in runtime.outputs}
    return outputs | {f"state/{name}": value for name, value in runtime.state.items()}


if __name__ == "__main__":
    for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        np.savez_compressed(folder.with_suffix(folder.suffix + ".expected.npz"), **answers(folder))
