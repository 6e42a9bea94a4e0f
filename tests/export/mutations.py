"""Ways in which a bundle can be wrong while it loads and runs: each is a fault that someone has shipped."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from leapp_core.bundle.files import hash_file
from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes
from leapp_core.plugins.exporters import NodeProgram
from tests.export.faulty import with_module

Change = Callable[[NodeProgram], NodeProgram]
Damage = Callable[[Path], None]


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Attributes:
        name: What went wrong.
        pipeline: Which of the test pipelines it is done to.
        node: Which node's program is changed.
        change: The changed program, or ``None``.
        damage: What is done to the bundle afterwards, or ``None``.
        refused: The bundle does not even load.
        with_facts: Its model says what it was exported with, by which a changed document is known at once.
    """

    name: str
    pipeline: str
    node: str = "policy"
    change: Change | None = None
    damage: Damage | None = None
    refused: bool = False
    with_facts: bool = True


def weights(edit: Callable[[dict[str, torch.Tensor]], None]) -> Change:
    """Change parameters and constants of a copy of the program; keys are the program's names for them."""

    def change(program: NodeProgram) -> NodeProgram:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = copy.deepcopy(program.exported)
        tensors = {**exported.state_dict, **exported.constants}
        with torch.no_grad():
            edit(tensors)
        return replace(program, exported=exported)

    return change


def around(wrap: Callable[..., tuple[torch.Tensor, ...]]) -> Change:
    """Put another computation around the program: ``wrap(program, *inputs)``."""
    return lambda program: with_module(program, wrap)


def floats(tensors: dict[str, torch.Tensor], *, ndim: int) -> list[torch.Tensor]:
    return [t for t in tensors.values() if isinstance(t, torch.Tensor) and t.is_floating_point() and t.ndim == ndim]


def perturb(tensors: dict[str, torch.Tensor]) -> None:
    random = torch.Generator().manual_seed(0)
    for tensor in floats(tensors, ndim=2):
        tensor.add_(1e-3 * torch.randn(tensor.shape, generator=random))


def first(edit: Callable[[torch.Tensor], object], ndim: int) -> Change:
    return weights(lambda tensors: edit(max(floats(tensors, ndim=ndim), key=torch.Tensor.numel)))


def output(number: int, edit: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    def wrap(program, *inputs):
        results = list(program(*inputs))
        results[number] = edit(results[number])
        return tuple(results)

    return around(wrap)


def given(number: int, edit: Callable[[torch.Tensor], torch.Tensor]) -> Change:
    def wrap(program, *inputs):
        changed = list(inputs)
        changed[number] = edit(changed[number])
        return program(*changed)

    return around(wrap)


def baked(number: int) -> Change:
    """An input replaced by what was captured of it first."""

    def change(program: NodeProgram) -> NodeProgram:
        constant = program.sample_inputs()[number].clone()
        return given(number, lambda value: constant + 0.0 * value)(program)

    return change


def swap_outputs(one: int, other: int) -> Change:
    def wrap(program, *inputs):
        results = list(program(*inputs))
        results[one], results[other] = results[other].clone(), results[one].clone()
        return tuple(results)

    return around(wrap)


def swap_inputs(one: int, other: int) -> Change:
    def wrap(program, *inputs):
        changed = list(inputs)
        changed[one], changed[other] = changed[other], changed[one]
        return program(*changed)

    return around(wrap)


def half(program, *inputs):
    """Everything that crosses the border goes through float16, which overflows at 65504."""
    results = program(*(x.half().float() if x.is_floating_point() else x for x in inputs))
    return tuple(x.half().float() if x.is_floating_point() else x.clone() for x in results)


def initial_values(edit: Callable[[dict[str, np.ndarray]], None]) -> Damage:
    def damage(bundle: Path) -> None:
        path, yaml = bundle / "policy_initial_values.safetensors", bundle / "policy.yaml"
        before, values = hash_file(path), read_tensors(path)
        edit(values)
        path.write_bytes(tensors_to_bytes(values))
        yaml.write_text(yaml.read_text().replace(before, hash_file(path)))

    return damage


def document(old: str, new: str) -> Damage:
    def damage(bundle: Path) -> None:
        yaml = bundle / "policy.yaml"
        assert old in yaml.read_text()
        yaml.write_text(yaml.read_text().replace(old, new, 1))

    return damage


def exchange(values: dict[str, np.ndarray]) -> None:
    one, other = sorted(values)
    values[one], values[other] = values[other] + 0.25, values[one]


def roll_gates(shift: int) -> Change:
    """Gates of a GRU in another order: PyTorch has reset, update, new; ONNX update, reset, new."""
    return weights(
        lambda tensors: [t.copy_(t.roll(shift * (len(t) // 3), 0)) for t in floats(tensors, ndim=2) if len(t) == 48]
    )


def dead_reset(tensors: dict[str, torch.Tensor]) -> None:
    for tensor in tensors.values():
        if isinstance(tensor, torch.Tensor) and len(tensor) == 48:
            tensor[:16] = 0.0


def late(program, *inputs):
    """The newest observation enters the history one step late: it is written where the one before belongs."""
    pos, vel, buffer = inputs
    return program(buffer[:, -1, :3] + 0.0 * pos, vel, buffer)


def kept(program, *inputs):
    """The new hidden state is computed, but the old one is handed on."""
    _, targets, gains = program(*inputs)
    return inputs[2] * 1.0, targets, gains


def ones(tensors: dict[str, torch.Tensor]) -> None:
    for tensor in floats(tensors, ndim=1):
        if len(tensor) == 9:
            tensor.fill_(1.0)


def transpose_part(weight: torch.Tensor) -> None:
    weight[:9, :9] = weight[:9, :9].T.clone()


FEEDBACK = "    policy/action_out: [policy/action_in]\n"
PREPARED = "    decide/action_out: [decide/action_in]\n"
CROSSED = ("policy/state_0_out: [policy/state_0_in]", "policy/state_0_out: [policy/state_1_in]")

MUTATIONS = (
    Mutation("weights perturbed by 1e-3", "mlp", change=weights(perturb)),
    Mutation("recurrent weights perturbed by 1e-3", "gru", change=weights(perturb)),
    Mutation("a matrix flipped", "mlp", change=first(lambda w: w.copy_(w.flip(0)), 2)),
    Mutation("a square part of a matrix transposed", "mlp", change=first(transpose_part, 2)),
    Mutation("a bias zeroed", "mlp", change=first(lambda b: b.zero_(), 1)),
    Mutation("one weight zeroed", "mlp", change=first(lambda w: w[0, 0].zero_(), 2)),
    Mutation("a weight negated", "mlp", change=first(lambda w: w[3, 2].neg_(), 2)),
    Mutation("normalizer missing", "mlp", change=weights(ones)),
    Mutation("observation scale wrong by 1 %", "mlp", change=given(1, lambda x: 1.01 * x)),
    Mutation("observation scale applied twice", "mlp", change=given(1, lambda x: 0.05 * x)),
    Mutation("observation offset lost", "mlp", change=given(0, lambda x: x + torch.tensor([[0.1, -0.4, 0.8]]))),
    Mutation("observation clip too tight", "mlp", change=given(0, lambda x: x.clamp(-2.0, 2.0))),
    Mutation("observation clip too wide", "three_nodes", "observe", given(0, lambda x: x.clamp(-50.0, 50.0))),
    Mutation("action clip too tight", "mlp", change=output(0, lambda y: y.clamp(-0.3, 0.9))),
    Mutation("action clip beyond what recording reached", "history", change=output(0, lambda y: y.clamp(-8.0, 8.0))),
    Mutation("action scale missing", "three_nodes", "act", given(0, lambda x: 4.0 * x)),
    Mutation("action scale wrong by 0.1 %", "mlp", change=output(0, lambda y: 1.001 * y)),
    Mutation("action offset missing", "three_nodes", "act", output(0, lambda y: y - 0.1)),
    Mutation("actions rounded to 3 decimals", "gru", change=output(1, lambda y: torch.round(1000 * y) / 1000)),
    Mutation("two outputs swapped", "mlp", change=swap_outputs(0, 1)),
    Mutation("two inputs swapped", "mlp", change=swap_inputs(0, 1)),
    Mutation("joint order of an input", "mlp", change=given(0, lambda x: x[:, [1, 0, 2]])),
    Mutation("joint order of an output", "lstm", change=output(0, lambda y: y[:, [0, 2, 1]])),
    Mutation("sign of a joint", "history", change=output(0, lambda y: y * torch.tensor([[1.0, -1.0, 1.0]]))),
    Mutation("an input ignored", "mlp", change=given(1, lambda x: 0.0 * x)),
    Mutation("the first observation baked in", "mlp", change=baked(0)),
    Mutation("the first observation baked in, recurrent", "gru", change=baked(1)),
    Mutation("gains baked wrongly", "mlp", change=output(1, lambda y: y + torch.tensor([[0.0, 0.0, 1e-3]]))),
    Mutation("state never updated", "mlp", change=around(lambda f, *x: (*f(*x)[:-1], x[-1] * 1.0))),
    Mutation("recurrent state never updated", "gru", change=around(kept)),
    Mutation("recurrent state reset each step", "gru", change=given(2, lambda h: 0.0 * h)),
    Mutation("history off by one", "history", change=around(late)),
    Mutation("history in reverse", "history", change=given(2, lambda b: b.flip(1))),
    Mutation("history scaled", "history", change=output(2, lambda b: 0.99 * b)),
    Mutation("reset gate dead", "gru", change=weights(dead_reset)),
    Mutation("gates in another order", "gru", change=roll_gates(1)),
    Mutation("float16 inside", "mlp", change=around(half)),
    Mutation("float16 overflow", "three_nodes", "observe", around(half)),
    Mutation("an overflow to infinity", "history", change=output(0, lambda y: torch.where(y.abs() > 20.0, y / 0.0, y))),
    Mutation("NaN on zeros", "mlp", change=around(lambda f, *x: (f(*x)[0] + 0.0 / x[0].abs().sum(), *f(*x)[1:]))),
    Mutation("counter off by one", "counters", change=output(1, lambda n: n + 1)),
    Mutation("boolean inverted", "counters", change=output(2, lambda b: ~b)),
    Mutation("boolean input ignored", "counters", change=given(1, lambda b: b | True)),
    Mutation(
        "wrong initial state",
        "history",
        damage=initial_values(lambda v: v["policy/buffer_in"].fill(0.0)),
        with_facts=False,
    ),
    Mutation(
        "initial state of one element",
        "mlp",
        damage=initial_values(lambda v: v["policy/action_in"].put(1, 0.26)),
        with_facts=False,
    ),
    Mutation("initial states exchanged", "lstm", damage=initial_values(exchange), with_facts=False),
    Mutation("feedback edge dropped", "three_nodes", damage=document(PREPARED, ""), refused=True),
    Mutation(
        "feedback made an outside input",
        "mlp",
        damage=document(FEEDBACK, ""),
        refused=True,
    ),
    Mutation("feedback edges crossed", "lstm", damage=document(*CROSSED), refused=True),
    Mutation("a port renamed", "mlp", damage=document("name: joint_vel", "name: joint_velocity"), refused=True),
)
