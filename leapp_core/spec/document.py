"""The whole YAML document of a bundle as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leapp_core.spec.pipeline import PipelineSpec

CONFIG_VERSION = "1.3"
"""Version of the bundle format that existing readers know."""


@dataclass(frozen=True)
class FileRef:
    """Another file of the bundle.

    Attributes:
        path: Relative to the YAML file, never outside its folder.
        sha256: Hash of its bytes, in hexadecimal.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class ArtifactRef:
    """Where a node's model is and how to load it.

    Attributes:
        path: Relative to the YAML file, never outside its folder.
        format: How to load it, ``backend`` in the YAML: ``onnx``, ``jit``, ``pt2`` or a plugin's own name.
        sha256: Hash of the file.
        md5: Hash older readers ask for; never relied on here.
        parameters: Further facts such as ``opset_version``.
        data: Further files that belong to the model, such as weights kept outside it; other writers state none.
    """

    path: str
    format: str
    sha256: str
    md5: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    data: tuple[FileRef, ...] = ()


@dataclass(frozen=True)
class BundleDocument:
    """What ``<graph>.yaml`` says.

    Attributes:
        name: Graph name, also the stem of the YAML file.
        pipeline: Nodes in execution order and wiring.
        artifacts: Node name to artifact.
        initial_values: File name of the safetensors file, only when there is feedback.
        initial_values_sha256: Hash of that file; other writers leave it out.
        validation: Recorded inputs and outputs with which the bundle can be checked anywhere; other writers have none.
        system_information: Versions of what made the bundle.
    """

    name: str
    pipeline: PipelineSpec
    artifacts: Mapping[str, ArtifactRef]
    initial_values: str | None = None
    initial_values_sha256: str | None = None
    validation: FileRef | None = None
    system_information: Mapping[str, Any] = field(default_factory=dict)
