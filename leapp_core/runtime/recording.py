"""Record what a running policy was fed and what it answered.

A recording is an ``.npz`` file that NumPy alone can read. Members are ``inputs/<port>/<chunk>``,
``outputs/<port>/<chunk>`` and ``state/<port>/<chunk>``, the steps of a chunk along the first axis; ``about`` is JSON
text. ``state`` is what the policy held before each step listed in ``state_steps``: the first, and each after a reset.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from leapp_core.errors import BundleError, UsageError
from leapp_core.runtime.arrays import Array, as_stored
from leapp_core.runtime.policy import PolicyRuntime
from leapp_core.words import counted

_CHUNK = 256
"""Steps held in memory before they are written."""
_VERSION = 1
DAMAGE = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error),
    *(ValueError, TypeError, LookupError, ArithmeticError, AttributeError),
    # of zipfile for what is encrypted or packed in another way, of json for what is nested without end
    RuntimeError,
    MemoryError,
)
"""What reading a damaged or forged file raises; sizes in it are of its own choice."""


class RecordingRuntime:
    """Steps a policy and writes every step to a file; memory use does not grow with the length.

    Use as a context manager: the file is complete when it is left.

    Args:
        runtime: The policy; its outputs are unchanged by recording.
        path: The ``.npz`` file.

    Raises:
        BundleError: the file cannot be written.
    """

    def __init__(self, runtime: PolicyRuntime, path: str | Path) -> None:
        self.runtime = runtime
        self._path = Path(path)
        try:
            self._file = zipfile.ZipFile(self._path, "w")
        except (OSError, ValueError) as error:
            raise BundleError(f"cannot write the recording: {error}", where=str(path), code="U006") from error
        self._steps = self._chunk = 0
        self._restarts = -1
        self._state_steps: list[int] = []
        self._sizes = runtime.sizes
        self._pending: dict[str, list[Array]] = {}

    def step(
        self, inputs: Mapping[str, Any] | None = None, *, inputs_by_name: Mapping[str, Any] | None = None
    ) -> dict[str, Array]:
        """Make one step and record it; see :meth:`~leapp_core.runtime.policy.PolicyRuntime.step`.

        Raises:
            UsageError: the recording is closed.
        """
        if self._file.fp is None:
            raise UsageError(
                "the recording is closed, so this step would be lost", fix="make a new RecordingRuntime", code="R012"
            )
        restarted = self.runtime.restarts != self._restarts
        before, rows = (self.runtime.state if restarted else {}), self.runtime.sizes
        outputs = self.runtime.step(inputs, inputs_by_name=inputs_by_name)
        if restarted and self.runtime.sizes != rows:  # the inputs brought another batch, and with it its initial state
            before = self.runtime.initial_state
        if self.runtime.sizes != self._sizes:  # shapes are those of a chunk
            self._flush()
            self._sizes = self.runtime.sizes
        if restarted:
            self._state_steps.append(self._steps)
        for group, values in (("inputs", self.runtime.last_inputs()), ("outputs", outputs), ("state", before)):
            for key, value in values.items():
                self._pending.setdefault(f"{group}/{key}", []).append(value.copy())
        self._restarts = self.runtime.restarts
        self._steps += 1
        if self._steps % _CHUNK == 0:
            self._flush()
        return outputs

    def reset(self, mask: Array | None = None) -> None:
        """Reset the policy; a reset of the policy itself is seen too."""
        self.runtime.reset(mask)

    def close(self) -> None:
        """Complete the file."""
        if self._file.fp is None:
            return
        self._flush()
        about = {"version": _VERSION, "graph": self.runtime.name, "steps": self._steps}
        self._write("about", np.array(json.dumps(about)))
        self._write("state_steps", np.array(self._state_steps, np.int64))
        self._file.close()

    def __enter__(self) -> RecordingRuntime:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        for member, values in self._pending.items():
            self._write(f"{member}/{self._chunk:08d}", np.stack(values))
        self._pending.clear()
        self._chunk += 1

    def _write(self, member: str, value: Array) -> None:
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(value, order="C"), allow_pickle=False)
        try:
            self._file.writestr(f"{member}.npy", buffer.getvalue())
        except OSError as error:
            raise BundleError(f"cannot write the recording: {error}", where=str(self._path), code="U006") from error


@dataclass(frozen=True)
class RecordedStep:
    """One step of a recording.

    Attributes:
        inputs: What the policy was fed, by input name.
        outputs: What it answered.
        state: What it held before, if it had just been started or reset; else ``None``.
    """

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    state: Mapping[str, Array] | None


class Recording:
    """Reads a recording; one chunk is in memory at a time.

    Args:
        path: The ``.npz`` file.

    Raises:
        BundleError: it is missing, damaged or no recording.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        try:
            with zipfile.ZipFile(self._path) as file:
                about = json.loads(str(_member(file, "about")))
                self._state_steps = {int(step) for step in _member(file, "state_steps")}
            self.steps, self.graph, version = int(about["steps"]), str(about["graph"]), about["version"]
            if self.steps and (min(self._state_steps, default=-1) != 0 or max(self._state_steps) >= self.steps):
                raise ValueError("the steps that begin with a state are wrong")
        except KeyError as error:  # such as any other .npz file
            raise self._damaged("it lacks the entries that `leapp run --record` writes") from error
        except DAMAGE as error:
            raise self._damaged(error) from error
        if version != _VERSION:
            raise BundleError(
                f"the recording has version {version}", where=str(path), expected=str(_VERSION), code="R012"
            )

    def __iter__(self) -> Iterator[RecordedStep]:
        step = 0
        with zipfile.ZipFile(self._path) as file:
            for chunk in self._chunks([name.removesuffix(".npy") for name in file.namelist()]):
                try:
                    recorded = list(self._split({member: _member(file, name) for member, name in chunk.items()}, step))
                except DAMAGE as error:
                    raise self._damaged(error) from error
                yield from recorded
                step += len(recorded)
        if step != self.steps:
            raise self._damaged(f"{step} of {counted(self.steps, 'step')} are there")

    def _split(self, values: Mapping[str, Array], first: int) -> Iterator[RecordedStep]:
        states = 0
        length = min((len(v) for member, v in values.items() if not member.startswith("state/")), default=0)
        for row in range(length):
            state = None
            if first + row in self._state_steps:
                state, states = _group(values, "state/", states), states + 1
            yield RecordedStep(_group(values, "inputs/", row), _group(values, "outputs/", row), state)

    def _chunks(self, members: list[str]) -> Iterator[dict[str, str]]:
        """Yield the members of each chunk without their number, in order."""
        chunks: dict[str, dict[str, str]] = {}
        for name in members:
            member, _, number = name.rpartition("/")
            if member:
                chunks.setdefault(number, {})[member] = name
        for number in sorted(chunks):
            yield chunks[number]

    def _damaged(self, error: object) -> BundleError:
        return BundleError(
            f"{self._path.name} is not a complete recording: {error}",
            where=str(self._path),
            fix="record again with `leapp run BUNDLE --record FILE`",
            code="R012",
        )


def _group(values: Mapping[str, Array], prefix: str, row: int) -> dict[str, Array]:
    return {member.removeprefix(prefix): v[row] for member, v in values.items() if member.startswith(prefix)}


def _member(file: zipfile.ZipFile, name: str) -> Array:
    """Read one array; nothing pickled is ever loaded."""
    with file.open(f"{name}.npy") as stream:
        array: Array = np.lib.format.read_array(stream, allow_pickle=False)
        return as_stored(array)
