"""Modules built from a program and saved as the same bytes every time.

``torch.jit.script`` and ``torch.jit.trace`` name classes with a counter that grows within a process, and their files
hold the paths of the sources on the machine that exported. Here the module is made in a compilation unit of its own
and saved without source locations.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

METADATA = "leapp.json"
"""Extra file of the archive with the facts an export embeds."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_ALIGNMENT = 64
"""Tensors start at multiples of this in PyTorch's own archives, which lets readers map them."""


def build_module(
    function: Callable[..., Any],
    inputs: Sequence[torch.Tensor],
    input_names: Sequence[str],
    weights: Mapping[str, torch.Tensor],
) -> Any:
    """Return a TorchScript module whose ``forward`` is what ``function`` does with the inputs and ``weights``.

    Args:
        function: Called once with ``inputs``; reads the very tensors in ``weights``.
        inputs: Example inputs.
        input_names: Argument names of ``forward``.
        weights: Attributes by name.

    Returns:
        The C++ module (``torch._C.ScriptModule``).
    """
    import torch

    compiled: Any = torch._C.ScriptModule  # its constructor and methods are missing in PyTorch's stubs
    module = compiled("__torch__.Node", torch._C.CompilationUnit(), False)
    for name, tensor in weights.items():
        module._register_attribute(name, torch._C.TensorType.get(), tensor)
    module._create_method_from_trace(
        "forward", function, tuple(inputs), lambda _: "", True, False, list(input_names), False
    )
    # A scripted function called while tracing stays a call; written out it needs no second definition.
    torch._C._jit_pass_inline(module._get_method("forward").graph)
    return module


def save_module(module: Any, destination: Path, metadata: Mapping[str, str]) -> None:
    """Write a module with embedded facts; equal programs give equal files."""
    buffer = io.BytesIO(module.save_to_buffer({METADATA: json.dumps(dict(metadata), ensure_ascii=False)}))
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(destination, "w", zipfile.ZIP_STORED) as target:
        for item in source.infolist():
            # Left out: source locations, and an identifier made from the checksums of the other records.
            if not item.filename.endswith((".debug_pkl", "/.data/serialization_id")):
                _write(target, item.filename, source.read(item))


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    header = archive.fp.tell() + 30 + len(name.encode()) + 4  # type: ignore[union-attr]
    padding = -header % _ALIGNMENT
    # An extra field of a private kind; its four bytes of header are in the sum above.
    info.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
    archive.writestr(info, content)


def read_metadata(path: Path) -> dict[str, str]:
    """Return the facts embedded in a saved module (empty if there are none)."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(f"/extra/{METADATA}")]
        return dict(json.loads(archive.read(names[0]))) if names else {}
