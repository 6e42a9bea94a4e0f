"""Checkpoint files as people really have them: how each is made, and what has to become of it."""

from __future__ import annotations

import copy
import io
import os
import pickle
import sys
import types
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import PolicyRequest, Terms
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import find_task

TASK = find_task("Builtin-Reach-Arm")
WIDTH, ACTIONS = 11, 3
EXACT = "the same actions as the original, to the bit"
Content = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """One file.

    Attributes:
        name: What it is.
        write: Writes it to the path given.
        says: Regular expression of the refusal, or ``None`` if it loads and acts like the original.
        agent: Settings of the acting model that differ from those of the run, by name.
        width: Observations that the task gives.
        actions: Values of an action that the task takes.
    """

    name: str
    write: Callable[[Path], None]
    says: str | None = None
    agent: Mapping[str, Any] = field(default_factory=dict)
    width: int = WIDTH
    actions: int = ACTIONS


class RunsCode:
    """Unpickling this makes a folder, which shows that code ran."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


class Settings:
    """A class that no other process knows."""


def original() -> Content:
    """Return what the shipped checkpoint holds."""
    content: Content = torch.load(TASK.checkpoint, weights_only=True)
    return copy.deepcopy(content)


def edited(change: Callable[[Content], object], **how: Any) -> Callable[[Path], None]:
    """Return a writer of the original with something changed."""

    def write(path: Path) -> None:
        content = original()
        change(content)
        torch.save(content, path, **how)

    return write


def renamed(name: Callable[[str], str]) -> Callable[[Path], None]:
    """Return a writer of the original with the keys of the actor renamed."""

    def change(content: Content) -> None:
        content["actor_state_dict"] = {name(key): value for key, value in content["actor_state_dict"].items()}

    return edited(change)


def joint(rename: Mapping[str, str], prefix: str = "") -> Content:
    """Return the original in the layout of rsl-rl-lib 2.x and 3.x."""
    actor = original()["actor_state_dict"]
    state = {"critic.0.weight": torch.zeros(2, 2)}
    for key, value in actor.items():
        start = next((old for old in rename if key.startswith(old)), None)
        if start is not None:
            state[prefix + rename[start] + key[len(start) :]] = value
    return {"model_state_dict": state, "optimizer_state_dict": {}, "iter": 1, "infos": None}


IN_3 = {"mlp.": "actor.", "obs_normalizer.": "actor_obs_normalizer."}


def version_2(path: Path, prefix: str = "", kept: bool = True) -> None:
    """Write the layout of 2.x, whose normalizer is kept apart."""
    actor = original()["actor_state_dict"]
    name = "obs_normalizer."
    apart = {prefix + k.removeprefix(name): v for k, v in actor.items() if k.startswith(name)}
    torch.save(joint({"mlp.": "actor."}, prefix) | ({"obs_norm_state_dict": apart} if kept else {}), path)


def drop(*endings: str) -> Callable[[Content], None]:
    """Return a change that loses keys of the actor."""

    def change(content: Content) -> None:
        actor = content["actor_state_dict"]
        content["actor_state_dict"] = {key: value for key, value in actor.items() if not key.endswith(endings)}

    return change


def put(key: str, value: Callable[[torch.Tensor], Any]) -> Callable[[Content], None]:
    """Return a change of one weight."""

    def change(content: Content) -> None:
        content["actor_state_dict"][key] = value(content["actor_state_dict"][key])

    return change


def cut(share: float) -> Callable[[Path], None]:
    """Return a writer of the first part of the file."""

    def write(path: Path) -> None:
        whole = TASK.checkpoint.read_bytes()
        path.write_bytes(whole[: int(len(whole) * share)])

    return write


def runs_code(path: Path, **how: Any) -> None:
    """Write a checkpoint whose ``infos`` run code when unpickled."""
    torch.save(original() | {"infos": RunsCode(path.with_name("it_ran"))}, path, **how)


def bare_pickle(path: Path) -> None:
    """Write a plain pickle that runs code."""
    path.write_bytes(pickle.dumps(RunsCode(path.with_name("it_ran")), protocol=2))


def archive(path: Path) -> None:
    """Write a zip archive as Stable-Baselines3 does."""
    weights = io.BytesIO()
    torch.save({"mlp_extractor.policy_net.0.weight": torch.zeros(2, 2)}, weights)
    with zipfile.ZipFile(path, "w") as written:
        written.writestr("data", "{}")
        written.writestr("policy.pth", weights.getvalue())


def torchscript(path: Path) -> None:
    """Write a program as Isaac Lab's ``exported/policy.pt`` is."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that it will go
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), str(path))


def double(content: Content) -> None:
    """Keep each weight under its own name and under that of a wrapper, with other values."""
    actor = content["actor_state_dict"]
    actor.update({f"module.{key}": value + 1 for key, value in list(actor.items())})


def with_object(module: str, base: type = object, **how: Any) -> Callable[[Path], None]:
    """Return a writer of the original in the layout of 3.x with a normalizer saved as an object of a module."""

    def write(path: Path) -> None:
        kind = type("Normalizer", (base,), {"__module__": module})
        made = kind()
        made.mean, made.var, made.count = np.zeros(4), torch.ones(4), np.float64(1e-4)
        made.epsilon, made.clip_obs, made.device = 1e-4, 10.0, torch.device("cpu")
        home = types.ModuleType(module)
        home.Normalizer = kind  # type: ignore[attr-defined]
        missing = {module: home, **{m: types.ModuleType(m) for m in [module.partition(".")[0]] if m not in sys.modules}}
        with patch.dict(sys.modules, missing):  # pickling asks whether the class is where it says
            torch.save(joint(IN_3) | {"discriminator_state_dict": {}, "amp_normalizer": made}, path, **how)

    return write


def nested(key: str) -> str:
    """Put wrappers before, and within, a key."""
    return "_orig_mod.module." + key.replace("mlp.", "mlp._orig_mod.", 1)


NUMBERS = {"reward": np.float64(1.5), "step": np.int64(3), "solved": np.bool_(True), "returns": np.arange(3.0)}
LEGACY = {"_use_new_zipfile_serialization": False}
LOST = r"lacks the normalizer of observations, in whole or in part: obs_normalizer\._"
CODE = r"could run code when loaded"
DAMAGED = r"truncated, damaged or not a PyTorch file"

VARIANTS = (
    Variant("rsl-rl-lib 4.x, 5.x: actor_state_dict", edited(lambda c: None)),
    Variant("the same, in the file format before PyTorch 1.6", edited(lambda c: None, **LEGACY)),
    Variant("rsl-rl-lib 3.x: model_state_dict", lambda path: torch.save(joint(IN_3), path)),
    Variant("rsl-rl-lib 2.x: normalizer in obs_norm_state_dict", version_2),
    Variant("distilled: student_state_dict", edited(lambda c: c.update(student_state_dict=c.pop("actor_state_dict")))),
    Variant("amp-rsl-rl: a discriminator beside the actor", edited(lambda c: c.update(discriminator_state_dict={}))),
    Variant("amp-rsl-rl: the discriminator's normalizer as an object", with_object("amp_rsl_rl.utils.utils")),
    Variant("the same as a module of PyTorch's", with_object("amp_rsl_rl.utils.utils", torch.nn.Module)),
    Variant("the same, of forks of rsl_rl, old file format", with_object("rsl_rl.utils.utils", **LEGACY)),
    Variant(
        "an object of that name from elsewhere",
        with_object("rsl_rl.utils.other"),
        r"uses rsl_rl\.utils\.other\.Normalizer, which .* could run code",
    ),
    Variant("prefix module. (DataParallel)", renamed(lambda key: f"module.{key}")),
    Variant("prefix _orig_mod. (torch.compile)", renamed(lambda key: f"_orig_mod.{key}")),
    Variant("prefix module._orig_mod.", renamed(lambda key: f"module._orig_mod.{key}")),
    Variant("prefix _orig_mod.module., and mlp._orig_mod.", renamed(nested)),
    Variant("prefix module. in the layout of 3.x", lambda path: torch.save(joint(IN_3, "module."), path)),
    Variant("prefix _orig_mod. in the layout of 2.x", lambda path: version_2(path, "_orig_mod.")),
    Variant("weights with and without module.", edited(double), r"holds 'mlp\.\S+' twice|holds '\S+' twice"),
    Variant("normalizer lost, 5.x", edited(drop("_mean", "_var", "_std", "count")), LOST + "mean"),
    Variant("normalizer lost in part", edited(drop("_std")), LOST + r"std \(1, 11\)"),
    Variant("normalizer lost, 2.x", lambda path: version_2(path, kept=False), LOST + "mean"),
    Variant("prefix module. and normalizer lost", lambda path: version_2(path, "module.", kept=False), LOST + "mean"),
    Variant(
        "normalizer trained, not configured",
        edited(lambda c: None),
        "set 'obs_normalization: true'",
        agent={"obs_normalization": False},
    ),
    Variant("NumPy numbers and arrays in infos", edited(lambda c: c.update(infos=NUMBERS))),
    Variant("NumPy numbers, old file format", edited(lambda c: c.update(infos=NUMBERS), **LEGACY)),
    Variant(
        "an array of Python objects", edited(lambda c: c.update(infos=np.array([None]))), r"uses numpy\.dtype\(.O8.\)"
    ),
    Variant(
        "an object of a class of the trainer's",
        edited(lambda c: c.update(infos=Settings())),
        r"uses tests\.checkpoints\.variants\.Settings, which .* could run code",
    ),
    Variant("infos that run code", runs_code, rf"uses (posix|nt)\.mkdir, which .*{CODE}"),
    Variant("the same, old file format", lambda path: runs_code(path, **LEGACY), CODE),
    Variant("a bare pickle that runs code", bare_pickle, CODE),
    Variant(
        "wrong task: other observations",
        edited(lambda c: None),
        r"observations: 11 in the checkpoint, 8 in the task",
        width=8,
    ),
    Variant(
        "wrong task: other actions",
        edited(lambda c: None),
        r"actions: 3 in the checkpoint, 2 \(joints 2\) in the task",
        actions=2,
    ),
    Variant(
        "other hidden layers in agent.yaml",
        edited(lambda c: None),
        "hidden layers: 64-64 in the checkpoint, 32-32 in the agent configuration",
        agent={"hidden_dims": [32, 32]},
    ),
    Variant("a layer lost", edited(drop("mlp.2.weight")), r"mlp\.2\.weight \(64, 64\) is missing"),
    Variant(
        "weights that are no numbers", edited(put("mlp.0.weight", lambda w: w * torch.nan)), "training had diverged"
    ),
    Variant(
        "quantized weights",
        edited(put("mlp.0.weight", lambda w: w.to(torch.int8))),
        r"int8 values under 'mlp\.0\.weight'",
    ),
    Variant("weights without values", edited(put("mlp.0.bias", lambda w: w.to("meta"))), "no values for 'mlp.0.bias'"),
    Variant(
        "the weights alone",
        lambda path: torch.save(original()["actor_state_dict"], path),
        "these are the weights alone",
    ),
    Variant("truncated at a half", cut(0.5), DAMAGED),
    Variant("truncated at 99 %", cut(0.99), DAMAGED),
    Variant("empty", cut(0), rf"{DAMAGED} \(0 bytes\)"),
    Variant(
        "an archive of Stable-Baselines3",
        archive,
        "zip archive without a checkpoint of PyTorch; it holds data, policy.pth",
    ),
    Variant("exported/policy.pt (TorchScript)", torchscript, "a TorchScript program"),
)


def outcome(variant: Variant, folder: Path) -> tuple[bool, str]:
    """Write a variant and load it.

    Returns:
        Whether it loads and acts exactly like the original; what is said about it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model_1.pt"
    variant.write(path)
    said = "loads"
    agent = copy.deepcopy(TASK.agent_config())
    agent["actor"].update(variant.agent)
    if "student" in variant.name:
        agent["student"], agent["obs_groups"]["student"] = agent["actor"], ["policy"]
    observations = {"policy": torch.zeros(1, variant.width)}
    seen = {"joint_pos": 3, "joint_vel": 3, "target": 2, **({"last_action": 3} if variant.width == WIDTH else {})}
    terms = Terms({"policy": seen}, {"joints": variant.actions})
    request = PolicyRequest(path, agent, observations, variant.actions, terms=terms)
    try:
        policy = RslRlAdapter().load(request)
    except CheckpointError as error:
        said = str(error).replace(str(path), "model_1.pt")
    ran = path.with_name("it_ran")
    if ran.exists():
        raise AssertionError(f"{variant.name}: code ran")
    if said != "loads":
        return False, said
    whole = RslRlAdapter().load(PolicyRequest(TASK.checkpoint, TASK.agent_config(), observations, ACTIONS))
    given = {"policy": torch.randn(7, WIDTH, generator=torch.Generator().manual_seed(1))}
    same = torch.equal(policy.act(given), whole.act(given))
    return same, EXACT if same else "OTHER ACTIONS"
