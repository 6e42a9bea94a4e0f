"""Packages that ``leapp plugins new`` writes."""

from __future__ import annotations

from leapp_core.scaffold.package import KINDS, NewPackage, plan_package, write_package

__all__ = ["KINDS", "NewPackage", "plan_package", "write_package"]
