"""Bundles on disk, read without trusting them and without PyTorch."""

from __future__ import annotations

from leapp_core.bundle.load import LoadedBundle, find_document, load_document

__all__ = ["LoadedBundle", "find_document", "load_document"]
