"""The module API that other software expects under the name ``leapp``, on top of this framework.

Isaac Lab annotates its environments for a module called ``leapp``. Nothing here is importable under that name until
:func:`activate` is called, or a program is run with ``python -m leapp_core.compat PROGRAM [ARGS…]``.
"""

from __future__ import annotations

from leapp_core.compat.engine import Engine
from leapp_core.compat.modules import activate, deactivate, engine_of

__all__ = ["Engine", "activate", "deactivate", "engine_of"]
