"""What an expression is, by where it stands: ``self``, within a method, a method that tensors have."""

from __future__ import annotations

import ast

import torch

from leapp_core.tracing.source.book import FUNCTIONS, SourceFile


def is_self(node: ast.expr) -> bool:
    """Return whether an expression is the object whose method this is, or ``super()``."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def is_in_method(file: SourceFile, node: ast.AST, cls: ast.ClassDef) -> bool:
    """Return whether a node is, or lies in, a function of a class that is run on an object of it."""
    method = next((n for n in (node, *file.above(node)) if file.parents.get(n) is cls), None)
    return isinstance(method, FUNCTIONS) and [a.arg for a in method.args.args][:1] == ["self"]


def is_method_of_tensors(file: SourceFile, load: ast.Attribute) -> bool:
    """Return whether ``x.mean`` is called as tensors have it."""
    return file.calls_it(load) and hasattr(torch.Tensor, load.attr)
