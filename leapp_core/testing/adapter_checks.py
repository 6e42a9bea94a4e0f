"""What every policy adapter has to do: one function per promise, each raising ``ContractBrokenError``."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.policies import LoadedPolicy, PolicyAdapter, PolicyRequest, StandaloneRequest
from leapp_core.testing.programs import draw_like
from leapp_core.testing.results import check_result
from leapp_core.testing.subject import ContractBrokenError


@dataclass(frozen=True)
class AdapterSubject:
    """An adapter with a checkpoint of its library.

    Attributes:
        adapter: The adapter.
        checkpoint: A checkpoint that it loads.
        request: What it is loaded with; ``None`` loads it without its environment.
    """

    adapter: PolicyAdapter
    checkpoint: Path
    request: PolicyRequest | None = None

    def load(self, checkpoint: Path | None = None) -> LoadedPolicy:
        """Return the policy of the checkpoint, or of another file in its place."""
        path = checkpoint or self.checkpoint
        if self.request is None:
            return self.adapter.load_alone(StandaloneRequest(path)).policy
        given = {name: getattr(self.request, name) for name in self.request.__dataclass_fields__}
        return self.adapter.load(PolicyRequest(**{**given, "checkpoint": path}))

    def observations(self, rows: int, seed: int = 0) -> dict[str, torch.Tensor]:
        """Return random observations of the element types of the examples, integers in their range."""
        generator = torch.Generator().manual_seed(seed)
        if self.request is None:
            shapes = self.adapter.load_alone(StandaloneRequest(self.checkpoint)).shapes
            examples = {name: torch.zeros(1, *shape) for name, shape in shapes.items()}
        else:
            examples = {name: value[:1] for name, value in self.request.observations.items()}
        return {name: draw_like(value.expand(rows, *value.shape[1:]), generator) for name, value in examples.items()}


AdapterCheck = Callable[[AdapterSubject, Path], None]


class _RunsCode:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.marker),))


def keeps_its_contract(subject: AdapterSubject, folder: Path) -> None:
    """Attributes and methods, of the adapter and of the policy it loads, are those of the contracts."""
    check_contract(subject.adapter, PolicyAdapter, "policy adapter")
    check_contract(subject.load(), LoadedPolicy, "policy")


def returns_what_it_says(subject: AdapterSubject, folder: Path) -> None:
    """What its methods return, and those of the policy, is of the types that the contracts say."""
    check_result(subject.adapter.recognizes(subject.checkpoint), PolicyAdapter, "recognizes")
    if subject.request is None:
        alone = subject.adapter.load_alone(StandaloneRequest(subject.checkpoint))
        check_result(alone, PolicyAdapter, "load_alone")
    policy = subject.load()
    check_result(policy, PolicyAdapter, "load")
    check_result(policy.reset(), LoadedPolicy, "reset")
    action = policy.act(subject.observations(1))
    check_result(action, LoadedPolicy, "act")
    if not action.is_floating_point() and action.dtype is not torch.int64:
        raise ContractBrokenError(
            f"act() gave {action.dtype}, expected floating point, or int64 of a policy that chooses"
        )


def knows_its_files_only(subject: AdapterSubject, folder: Path) -> None:
    """It recognizes its checkpoint, and no file of another kind with certainty."""
    own = subject.adapter.recognizes(subject.checkpoint)
    if own is None or not 0 < own.certainty <= 1 or not own.reason:
        raise ContractBrokenError(f"recognizes() says {own} of its checkpoint, expected a certainty and a reason")
    for name, path in _foreign(folder):
        other = subject.adapter.recognizes(path)
        if other is not None and other.certainty >= own.certainty:
            raise ContractBrokenError(f"recognizes() is as sure of {name} as of its checkpoint")


def _foreign(folder: Path) -> Iterator[tuple[str, Path]]:
    for name, content in (
        ("an empty file", b""),
        ("a text", b"epoch,reward\n1,2\n"),
        ("a pickle", pickle.dumps({}, protocol=2)),
    ):
        path = folder / f"{name.split()[-1]}.pt"
        path.write_bytes(content)
        yield name, path
    path = folder / "other.pt"
    torch.save({"somebody_elses_weights": torch.zeros(2)}, path)
    yield "a file of torch.save with other content", path


def refuses_other_files(subject: AdapterSubject, folder: Path) -> None:
    """Files that are missing, truncated or of another kind are checkpoint errors that name the file."""
    content = subject.checkpoint.read_bytes()
    half = folder / "half.pt"
    half.write_bytes(content[: len(content) // 2])
    for name, path in (("a missing file", folder / "missing.pt"), ("half of the file", half), *_foreign(folder)):
        try:
            subject.load(path)
        except CheckpointError as error:
            if path.name not in str(error):
                raise ContractBrokenError(f"the error for {name} does not name the file: {error}") from error
            continue
        except UsageError:
            continue
        raise ContractBrokenError(f"{name} was loaded")


def runs_no_code(subject: AdapterSubject, folder: Path) -> None:
    """Nothing that a file names is run."""
    marker = folder / "it_ran"
    for number, write in enumerate((_save_pickle, _save_torch)):
        path = folder / f"code{number}.pt"
        write(path, marker)
        raised: Exception | None = None
        try:
            subject.load(path)
        except Exception as error:  # noqa: BLE001 - what counts first is whether code ran on the way
            raised = error
        if marker.exists():
            raise ContractBrokenError("loading ran code from the file") from raised
        if not isinstance(raised, (CheckpointError, UsageError)):
            said = "it was loaded" if raised is None else f"{type(raised).__name__}: {raised}"
            raise ContractBrokenError(
                f"a file that runs code when unpickled does not raise CheckpointError: {said}"
            ) from raised


def _save_pickle(path: Path, marker: Path) -> None:
    path.write_bytes(pickle.dumps(_RunsCode(marker), protocol=2))


def _save_torch(path: Path, marker: Path) -> None:
    torch.save({"state_dict": {}, "infos": _RunsCode(marker)}, path)


def acts_the_same_each_time(subject: AdapterSubject, folder: Path) -> None:
    """Actions are deterministic; after ``reset`` an episode is as the first."""
    policy = subject.load()
    first, second = (_episode(policy, subject) for _ in range(2))
    again = _episode(subject.load(), subject)
    for name, other in (("after reset()", second), ("loaded again", again)):
        if not all(torch.equal(a, b) for a, b in zip(first, other, strict=True)):
            raise ContractBrokenError(f"the policy acts otherwise {name}")


def _episode(policy: LoadedPolicy, subject: AdapterSubject) -> list[torch.Tensor]:
    policy.reset()
    return [policy.act(subject.observations(1, step)).clone() for step in range(4)]


def acts_row_by_row(subject: AdapterSubject, folder: Path) -> None:
    """Actions are finite, one row for each environment; rows do not see each other; observations stay as they are."""
    policy = subject.load()
    seen = subject.observations(2)
    before = {name: value.clone() for name, value in seen.items()}
    policy.reset()
    both = policy.act(seen)
    if any(not torch.equal(seen[name], before[name]) for name in seen):
        raise ContractBrokenError("act() changed the observations")
    if both.ndim != 2 or both.shape[0] != 2 or not bool(torch.isfinite(both).all()):
        raise ContractBrokenError(f"act() gave shape {tuple(both.shape)}, expected finite values (2, actions)")
    for row in range(2):
        policy.reset()
        alone = policy.act(_row(seen, row))
        if not torch.allclose(alone[0], both[row], atol=1e-5, rtol=1e-5):
            raise ContractBrokenError(f"row {row} acts otherwise beside another row than alone")


def _row(observations: Mapping[str, torch.Tensor], row: int) -> dict[str, torch.Tensor]:
    return {name: value[row : row + 1] for name, value in observations.items()}


ADAPTER_CHECKS: tuple[AdapterCheck, ...] = (
    keeps_its_contract,
    returns_what_it_says,
    knows_its_files_only,
    refuses_other_files,
    runs_no_code,
    acts_the_same_each_time,
    acts_row_by_row,
)
