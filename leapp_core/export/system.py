"""What made a bundle, for ``system information``."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from leapp_core.plugins.requirements import DISTRIBUTION
from leapp_core.spec.document import CONFIG_VERSION


def system_information() -> dict[str, Any]:
    """Return versions by the keys existing readers show."""
    import torch

    return {
        "leapp version": f"{DISTRIBUTION} {_own_version()}",
        "leapp config version": CONFIG_VERSION,
        "torch version": str(torch.__version__),
        "python version": platform.python_version(),
        "cuda version": str(torch.version.cuda),
        "os": _system(),
    }


def _own_version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def _system() -> str:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return f"{platform.system()} {platform.release()}"
    return f"{release.get('NAME', platform.system())} {release.get('VERSION_ID', '')}".strip()
