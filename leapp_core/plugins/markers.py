"""The pluggy markers of the project: plugins decorate with ``hookimpl``."""

from __future__ import annotations

import pluggy

PROJECT = "leapp"
"""Entry-point group and pluggy project name."""

hookspec = pluggy.HookspecMarker(PROJECT)
"""Marks the functions of :mod:`leapp_core.plugins.hookspecs`."""

hookimpl = pluggy.HookimplMarker(PROJECT)
"""Decorates a plugin's implementation of a hook; takes ``tryfirst``, ``trylast``, ``wrapper`` and ``optionalhook``."""
