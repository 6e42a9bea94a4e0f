"""Bundles on disk, read without trusting them and without PyTorch."""

from __future__ import annotations

from leapp_core.bundle.load import LoadedBundle, find_document, load_document
from leapp_core.bundle.report_file import read_report

__all__ = ["LoadedBundle", "find_document", "load_document", "read_report"]
