"""Find the policy adapter that reads a checkpoint: the file tells, or the user says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leapp_core.checkpoints.peek import peek
from leapp_core.errors import CheckpointError, UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import PolicyAdapter, Recognition


@dataclass(frozen=True)
class Candidate:
    """An adapter that knows a file."""

    adapter: PolicyAdapter
    recognition: Recognition

    def __str__(self) -> str:
        certainty = f"{self.recognition.certainty:.0%} sure"
        return f"{self.adapter.name} ({certainty}: {self.recognition.reason})"


def find_adapter(checkpoint: Path, asked: str | None, plugins: PluginManager) -> PolicyAdapter:
    """Return the adapter to read a checkpoint with; its packages are installed.

    Args:
        checkpoint: The file.
        asked: Name of the adapter, or ``None`` to ask all of them whether they know the file.
        plugins: Where adapters come from.

    Raises:
        UsageError: there is no adapter of that name, or two are equally sure.
        CheckpointError: no adapter knows the file.
        MissingExtraError: the adapter needs packages that are not installed.
    """
    adapter = plugins.adapters.get(asked) if asked is not None else _surest(checkpoint, plugins)
    adapter.require()
    return adapter


def candidates(checkpoint: Path, plugins: PluginManager) -> tuple[Candidate, ...]:
    """Return the adapters that know a file, the surest first."""
    found = []
    for entry in plugins.adapters:
        recognition = _recognition(entry.item, checkpoint)
        if recognition is not None and recognition.certainty > 0:
            found.append(Candidate(entry.item, recognition))
    return tuple(sorted(found, key=lambda candidate: -candidate.recognition.certainty))


def _recognition(adapter: PolicyAdapter, checkpoint: Path) -> Recognition | None:
    try:
        found = adapter.recognizes(checkpoint)
    except Exception:  # noqa: BLE001 - a plugin that fails on a file of another library does not know it
        return None
    return found if isinstance(found, Recognition) else None  # ``True`` tells neither how surely nor why


def _surest(checkpoint: Path, plugins: PluginManager) -> PolicyAdapter:
    found = candidates(checkpoint, plugins)
    if not found:
        raise _unknown(checkpoint, plugins)
    if len(found) > 1 and found[0].recognition.certainty == found[1].recognition.certainty:
        raise UsageError(
            f"several policy adapters know the file {checkpoint.name}: {'; '.join(map(str, found))}",
            where=str(checkpoint),
            fix="say which trainer wrote it with --adapter NAME",
            code="K009",
        )
    return found[0].adapter


def _unknown(checkpoint: Path, plugins: PluginManager) -> CheckpointError:
    facts = peek(checkpoint)
    if facts.kind == "other" and _begins_as_archive(checkpoint):
        return CheckpointError(
            f"the checkpoint is damaged: it begins as an archive and has no end ({checkpoint.stat().st_size} bytes)",
            where=str(checkpoint),
            expected="a whole file",
            fix="copy it again from where it is whole, or take an earlier checkpoint",
            code="K002",
        )
    what = {
        "torch": "a file of torch.save",
        "torchscript": "a TorchScript program, which was exported before",
        "zip": f"an archive with {', '.join(facts.members[:4]) or 'nothing'}",
        "pickle": "a pickle",
        "other": f"neither an archive nor a pickle, or damaged ({checkpoint.stat().st_size} bytes)",
    }[facts.kind]
    names = ", ".join(entry.item.name for entry in plugins.adapters)
    return CheckpointError(
        f"no policy adapter knows the checkpoint; it is {what}",
        where=str(checkpoint),
        expected=f"a file that one of these reads: {names}" if names else "a plugin with a policy adapter",
        fix="; ".join(
            (
                *_failed(checkpoint, plugins),
                "say which trainer wrote it with --adapter NAME; a plugin can bring another",
            )
        ),
        code="K004",
    )


def _failed(checkpoint: Path, plugins: PluginManager) -> Iterator[str]:
    """Name the adapters that fail when they are asked whether they know a file: it may be theirs."""
    for entry in plugins.adapters:
        try:
            entry.item.recognizes(checkpoint)
        except Exception as error:  # noqa: BLE001 - whatever a plugin does
            owner = plugins.info(entry.owner)
            yield f"if {entry.item.name} wrote it: {owner} failed to look at it ({type(error).__name__}: {error})"


def _begins_as_archive(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PK\x03\x04"
