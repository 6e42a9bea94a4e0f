"""An export that is killed at any moment leaves the previous bundle or the complete new one, and every user file."""

from __future__ import annotations

import errno
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from leapp_core.bundle import load_document
from leapp_core.errors import ExportError
from leapp_core.export.contents import carry, discard, foreign_files
from leapp_core.export.exchange import exchange, put_in_place, recover
from leapp_core.export.run import export_pipeline
from leapp_core.export.staging import UNFINISHED, staging
from leapp_core.plugins.manager import PluginManager

MARK = "models: {{}}  # bundle {}\n"


def killed_after(work: Callable[[], None], delay: float) -> None:
    """Do work in a process of its own and kill it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def write_small(folder: Path, version: str) -> None:
    """What the writer does, with files that are written at once, so that most of the time goes to the swap."""
    with staging(folder, "policy") as place:
        (place.folder / "policy.yaml").write_text(MARK.format(version))
        for number in range(3):
            (place.folder / f"{number}.onnx").write_text(version)
        place.commit()


def read_small(bundle: Path) -> set[str]:
    """The versions that the parts of a bundle are of: one, if it is whole."""
    versions = {(bundle / f"{number}.onnx").read_text() for number in range(3)}
    assert (bundle / "policy.yaml").read_text() in {MARK.format(version) for version in versions}
    return versions


@pytest.mark.slow
def test_killed_while_swapping_two_hundred_times(tmp_path: Path) -> None:
    moments = random.Random(0)
    write_small(tmp_path, "first")
    bundle = tmp_path / "policy"
    (bundle / "notes.md").write_text("mine")
    (bundle / "plots").mkdir()
    (bundle / "plots" / "a.png").write_text("mine")

    def work() -> None:
        for number in range(1000):
            write_small(tmp_path, str(number))

    for _ in range(200):
        killed_after(work, moments.uniform(0.0, 0.03))
        assert len(read_small(bundle)) == 1
        assert (bundle / "notes.md").read_text() == "mine"
        assert (bundle / "plots" / "a.png").read_text() == "mine"
    write_small(tmp_path, "last")
    assert read_small(bundle) == {"last"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"policy"}
    assert {entry.name for entry in bundle.iterdir()} == {
        "0.onnx",
        "1.onnx",
        "2.onnx",
        "policy.yaml",
        "notes.md",
        "plots",
    }


def killed_at(work: Callable[[], None], number: int) -> bool:
    """Do work in a process of its own that dies before its file operation of a number; returns whether it did."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            if event == "open" or event.startswith(("os.", "shutil.", "fcntl.")):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def write_named(folder: Path, version: str) -> None:
    """A bundle whose artifacts have names of their own, so that the next one replaces none of them."""
    names = [f"{version}{number}" for number in range(5)]
    models = "".join(f"  {name}:\n    parameters:\n      model_path: {name}.onnx\n" for name in names)
    with staging(folder, "policy") as place:
        (place.folder / "policy.yaml").write_text("models:\n" + models)
        for name in names:
            (place.folder / f"{name}.onnx").write_text(version)
        place.commit()


def test_killed_at_every_file_operation(tmp_path: Path) -> None:
    """Whatever order the file system lists files in: some of the five names come after the document's in any."""
    number, died = 0, True
    while died:
        number += 1
        folder = tmp_path / str(number)
        write_named(folder, "old")
        (folder / "policy" / "notes.md").write_text("mine")
        died = killed_at(partial(write_named, folder, "new"), number)
        names = {entry.name for entry in (folder / "policy").iterdir()}
        assert names in [bundle_of("old"), bundle_of("new")]
        write_named(folder, "last")
        assert {entry.name for entry in (folder / "policy").iterdir()} == bundle_of("last")
        assert {entry.name for entry in folder.iterdir()} == {"policy"}
    assert number > 30


def bundle_of(version: str) -> set[str]:
    return {"policy.yaml", "notes.md"} | {f"{version}{number}.onnx" for number in range(5)}


@pytest.mark.slow
def test_a_real_export_killed_two_hundred_times(tmp_path: Path, captured: dict, plugins: PluginManager) -> None:
    backends = ["jit-trace", "onnx-torchscript"]

    def export(folder: str, backend: str) -> None:
        export_pipeline(captured["mlp"], save_path=tmp_path / folder, plugins=plugins, backend=backend, visualize=False)

    for backend in backends:  # also loads all that a forked process would load first
        export(backend, backend)
    whole = {backend: contents(tmp_path / backend / "policy") for backend in backends}
    started = time.perf_counter()
    export("out", backends[0])
    takes = time.perf_counter() - started
    bundle = tmp_path / "out" / "policy"
    seen = dict.fromkeys(backends, 0)
    moments = random.Random(0)
    for number in range(200):
        killed_after(partial(export, "out", backends[(number + 1) % 2]), moments.uniform(0.0, 1.6 * takes))
        load_document(bundle)
        now = contents(bundle)
        found = [backend for backend in backends if whole[backend] == now]
        differing = {backend: differences(whole[backend], now) for backend in backends}
        assert found, f"neither the one bundle nor the other; files that differ: {differing}"
        seen[found[0]] += 1
    assert all(seen.values()), seen
    export("out", backends[0])
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {"policy"}


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def contents(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}


def _run_out_of_space(folder: Path) -> None:
    (folder / "0.onnx").write_text("half")
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    write_small(tmp_path, "first")
    with pytest.raises(ExportError, match="No space left"), staging(tmp_path, "policy") as place:
        _run_out_of_space(place.folder)
    assert read_small(tmp_path / "policy") == {"first"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"policy"}


def test_an_export_under_way_is_not_cleaned_up_by_another(tmp_path: Path) -> None:
    with staging(tmp_path, "policy") as place:
        (place.folder / "policy.yaml").write_text(MARK.format("slow"))
        for number in range(3):
            (place.folder / f"{number}.onnx").write_text("slow")
        write_small(tmp_path, "quick")
        assert place.folder.exists()
        place.commit()
    assert read_small(tmp_path / "policy") == {"slow"}


def test_the_target_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    write_small(tmp_path / "disk", "first")
    (tmp_path / "policy").symlink_to(tmp_path / "disk" / "policy")
    write_small(tmp_path, "second")
    assert (tmp_path / "policy").is_symlink()
    assert read_small(tmp_path / "disk" / "policy") == {"second"}


def test_folders_can_be_swapped_in_two_steps_and_recovered_in_between(tmp_path: Path) -> None:
    new, target, aside = (tmp_path / name for name in ("new", "target", "aside"))
    for folder in (new, target):
        folder.mkdir()
        (folder / "x").write_text(folder.name)
    assert exchange(new, target)
    assert (target / "x").read_text() == "new"
    assert not exchange(tmp_path / "missing", target)
    target.rename(aside)  # as far as a killed process may come where folders cannot be swapped in one step
    recover(target, aside)
    assert (target / "x").read_text() == "new"
    assert put_in_place(new, target, aside)
    assert (target / "x").read_text() == "target"


def test_what_a_replaced_folder_gained_meanwhile_is_moved_not_deleted(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "policy.yaml").write_text("models: {}\n")
    (old / "kept.txt").write_text("1")
    carry(old, new, foreign_files(old, "policy"))
    (old / "late.txt").write_text("2")
    discard(old, new, "policy")
    assert contents(new) == {"policy.yaml": b"models: {}\n", "kept.txt": b"1", "late.txt": b"2"}
    assert not old.exists()


def test_left_overs_of_every_kind_are_removed(tmp_path: Path) -> None:
    write_small(tmp_path, "first")
    unfinished, swapped = tmp_path / ".policy.leapp-0123", tmp_path / ".policy.leapp-4567"
    for folder in (unfinished, swapped):
        folder.mkdir()
        (folder / "0.onnx").write_text("x")
        (folder / "policy.yaml").write_text("models: {}\n")
    (unfinished / UNFINISHED).touch()
    write_small(tmp_path, "second")
    assert {entry.name for entry in tmp_path.iterdir()} == {"policy"}
