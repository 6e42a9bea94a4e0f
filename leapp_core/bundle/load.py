"""Load a bundle: find its document, check everything it says against what is there, read its initial values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.bundle.files import check_files, contained_file
from leapp_core.bundle.report_file import edited_since
from leapp_core.bundle.tensors import MAX_BYTES, read_tensors
from leapp_core.errors import BundleError
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.dtypes import canonical
from leapp_core.spec.markup import pipeline_html
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.problems import BundleProblemsError, Problem, raise_problems
from leapp_core.spec.yaml_io import examine, located
from leapp_core.spec.yaml_nodes import MAX_BYTES as MAX_TEXT_BYTES

if TYPE_CHECKING:
    import numpy as np

_DOCUMENTS = {".yaml", ".yml", ".json", ""}
"""Endings of a document's name; JSON is YAML too."""
_MAKE_ONE = "`leapp export` makes a bundle from a checkpoint, `leapp demo` one to look at"
_WHOLE_AGAIN = "export the bundle again, or copy it again from where it is whole"
_PLACE = ("pipeline", "initial_values")


@dataclass(frozen=True)
class LoadedBundle:
    """A bundle whose document and files were found to fit each other.

    Attributes:
        document: What the YAML file says, nodes in execution order.
        folder: Where it is.
        yaml_path: The YAML file.
        artifact_paths: Node name to the file to load, inside ``folder``.
        initial_values: Initial value of every fed-back input, with that port's dtype and shape.
        notes: What is worth knowing though nothing is wrong: the YAML file was edited after the export.
    """

    document: BundleDocument
    folder: Path
    yaml_path: Path
    artifact_paths: Mapping[str, Path]
    initial_values: Mapping[PortRef, np.ndarray[Any, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """Return the ports as a notebook shows them."""
        return pipeline_html(self.document.name, self.document.pipeline)


def find_document(path: str | Path) -> Path:
    """Return the YAML file of a bundle given as that file or as its folder.

    Raises:
        BundleError: there is none, or a folder holds several and none is named after it.
    """
    given = Path(path)
    try:
        if given.is_file():
            return _document(given)
        folder = given.is_dir()
    except OSError as error:  # a name too long, a folder that may not be entered
        raise BundleError(f"there is no bundle to read at {str(given)[:200]}: {error.strerror}", code="B001") from error
    if not folder:
        raise BundleError(
            f"there is no bundle at {given}",
            expected="the folder of a bundle, or its YAML file",
            fix=_nearest(given) or _MAKE_ONE,
            code="B001",
        )
    own = given / f"{Path(given).resolve().name}.yaml"
    if own.is_file():
        return own
    found = sorted(given.glob("*.yaml"))
    if len(found) == 1:
        return found[0]
    names = ", ".join(entry.name for entry in found[:10]) or "none"
    raise BundleError(
        f"folder {given} is not a bundle",
        expected=f"one YAML file, found {names}",
        fix="name the YAML file itself" if found else _nearest(given / "bundle") or _nearest(given) or _MAKE_ONE,
        code="B002",
    )


def _document(given: Path) -> Path:
    """Return a file that may be a bundle's document.

    Raises:
        BundleError: its name says that it is something else: a checkpoint, a model, a file of arrays.
    """
    if given.suffix.lower() in _DOCUMENTS:
        return given
    folder = given.absolute().parent
    own = folder / f"{folder.name}.yaml"
    raise BundleError(
        f"{given} is a file, not a bundle",
        expected="the folder of a bundle, or its YAML file",
        fix=f"the bundle it belongs to: {given.parent if str(given.parent) != '.' else own.name}"
        if own.is_file()
        else _MAKE_ONE,
        code="B002",
    )


def _nearest(given: Path) -> str | None:
    """Return the bundles in the folder where one was looked for, the likeliest first."""
    if not given.parent.is_dir():
        return None
    there = [entry.name for entry in given.parent.iterdir() if (entry / f"{entry.name}.yaml").is_file()]
    likely = [*dict.fromkeys((*get_close_matches(given.name, there), *sorted(there)))][:5]
    return "bundles there: " + ", ".join(str(given.parent / name) for name in likely) if likely else None


def load_document(path: str | Path) -> LoadedBundle:
    """Load a bundle without running anything in it.

    Args:
        path: Its folder or its YAML file.

    Raises:
        BundleError: there is no bundle, or it is of a newer major version.
        BundleProblemsError: listing everything that is wrong with it.
    """
    yaml_path = find_document(path)
    folder = yaml_path.parent
    text = _read_text(yaml_path)
    try:
        found = examine(text, yaml_path.stem, yaml_path.name)
    except BundleProblemsError as error:  # no YAML at all
        raise BundleProblemsError(yaml_path.name, error.problems, fix=_WHOLE_AGAIN, code=error.code) from error
    document = found.document
    problems = list(check_files(folder, document))
    values: dict[PortRef, np.ndarray[Any, Any]] = {}
    if not found.problems and not any(problem.path == _PLACE for problem in problems):
        values = _initial_values(folder, document, problems)
    problems = [*found.problems, *(located(problem, found.root) for problem in problems)]
    raise_problems(yaml_path.name, problems, fix=_WHOLE_AGAIN)
    paths = {node: contained_file(folder, artifact.path)[0] for node, artifact in document.artifacts.items()}
    edited = edited_since(folder, yaml_path.name, hashlib.sha256(text).hexdigest())
    return LoadedBundle(
        document,
        folder,
        yaml_path,
        {node: path for node, path in paths.items() if path},
        values,
        () if edited is None else (edited,),
    )


def _read_text(path: Path) -> bytes:
    if not path.is_file():  # a pipe would be waited for without end
        raise BundleError(f"{path.name} is not a regular file", where=str(path), code="B002")
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise BundleError(f"{path.name} cannot be read: {error.strerror}", where=str(path), code="B002") from error


def _initial_values(
    folder: Path, document: BundleDocument, problems: list[Problem]
) -> dict[PortRef, np.ndarray[Any, Any]]:
    if document.initial_values is None:
        return {}
    path = contained_file(folder, document.initial_values)[0]
    if path is None:
        return {}
    try:
        tensors = read_tensors(path, MAX_BYTES)
    except BundleError as error:
        problems.append(Problem(error.message, _PLACE))
        return {}
    problems.extend(_check_values(document.pipeline, tensors))
    targets = {str(edge.target): edge.target for edge in document.pipeline.feedback}
    return {targets[name]: value for name, value in tensors.items() if name in targets}


def _check_values(pipeline: PipelineSpec, tensors: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[Problem]:
    wanted = {str(edge.target): pipeline.input_spec(edge.target) for edge in pipeline.feedback}
    for name in sorted(set(tensors) - set(wanted)):
        yield Problem(f"initial value {name!r} is for no fed-back input", _PLACE)
    for name, port in wanted.items():
        value = tensors.get(name)
        if value is None:
            yield Problem(f"input {name} is fed back but has no initial value", _PLACE)
        elif not _fits(value, port):
            was = f"{canonical(value.dtype)}{list(value.shape)}"
            yield Problem(f"initial value of {name} is {was}, expected {port.dtype}{list(port.shape)}", _PLACE)


def _fits(value: np.ndarray[Any, Any], port: PortSpec) -> bool:
    sizes = zip(value.shape, port.shape, strict=False)
    same = all(isinstance(size, str) or extent == size for extent, size in sizes)
    return canonical(value.dtype) == port.dtype and value.ndim == len(port.shape) and same


__all__ = ["BundleProblemsError", "LoadedBundle", "find_document", "load_document"]
