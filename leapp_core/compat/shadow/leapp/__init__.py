"""Found as ``leapp`` only by programs started with ``python -m leapp_core.compat``: activates the real thing."""

from __future__ import annotations

import sys

from leapp_core.compat.modules import activate

del sys.modules[__name__]
activate(force=True)
