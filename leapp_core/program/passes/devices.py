"""Device arguments."""

from __future__ import annotations

import torch

from leapp_core.program.passes.editor import Editor, propagate


def drop_devices(editor: Editor) -> bool:
    """Let every call make its tensor on the CPU. Why: a policy trained on ``cuda`` must run where there is none."""
    changed = False
    for node in editor.graph.nodes:
        device = node.kwargs.get("device") if node.op == "call_function" else None
        if device is not None and torch.device(device).type != "cpu":
            node.kwargs = {**node.kwargs, "device": torch.device("cpu")}
            propagate(node)
            changed = True
    return changed
