"""Forms that other writers of config version 1.x use or used, turned into the one that is checked."""

from __future__ import annotations

import json

from leapp_core.spec.yaml_nodes import Node


def modernise(root: Node) -> None:
    """Rewrite a document in place: shapes given as JSON text become lists."""
    models = root.value.get("models") if isinstance(root.value, dict) else None
    if models is None or not isinstance(models.value, dict):
        return
    for model in models.value.values():
        for side in ("inputs", "outputs"):
            ports = model.value.get(side) if isinstance(model.value, dict) else None
            for port in ports.value if ports is not None and isinstance(ports.value, list) else ():
                _modernise_shape(port)


def _modernise_shape(port: Node) -> None:
    shape = port.value.get("shape") if isinstance(port.value, dict) else None
    if shape is None or not isinstance(shape.value, str) or not shape.value.startswith("[") or len(shape.value) > 200:
        return
    try:
        sizes = json.loads(shape.value)
    except ValueError:
        return  # The structure check says what is wrong with it.
    if all(type(size) is int for size in sizes):
        shape.value = [Node(size, shape.line, str(size)) for size in sizes]
        shape.text = None
