"""Run by leapp 0.7.2's own Python: step bundles in its InferenceManager, twice with a reset in between."""

import sys

import numpy as np
import torch
from leapp import InferenceManager


def run(bundle: str, inputs_file: str, outputs_file: str) -> None:
    manager = InferenceManager(bundle)
    with np.load(inputs_file) as stored:
        inputs = {key: torch.from_numpy(stored[key]) for key in stored.files}
    keys = {key.split(":")[1] for key in inputs}
    steps = len(inputs) // len(keys)
    results = {}
    with torch.inference_mode():
        for episode in range(2):
            for step in range(steps):
                outputs = manager.run_policy({key: inputs[f"{step}:{key}"].clone() for key in keys})
                results |= {f"{episode}:{step}:{key}": np.array(value.numpy()) for key, value in outputs.items()}
            manager.reset()
    np.savez(outputs_file, **results)


for triple in zip(*[iter(sys.argv[1:])] * 3, strict=True):
    run(*triple)
