"""Which artifacts were made on this machine by this user.

Some artifact formats can hold code. Such an artifact is loaded only if its exact content was exported here: each
export notes the hashes of what it wrote in a folder of the user's own, and a bundle from elsewhere, whoever owns its
files now, is not among them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from leapp_core.errors import BundleError

_HASH = re.compile(r"[0-9a-f]{64}")


def made_here_folder() -> Path:
    """Return the folder of notes: ``leapp/made-here`` in ``XDG_STATE_HOME`` (by default ``~/.local/state``)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base else Path.home() / ".local" / "state") / "leapp" / "made-here"


def remember_made_here(hashes: Iterable[str]) -> bool:
    """Note the sha256 of artifacts this user just exported.

    Returns:
        Whether they could be noted; a read-only home is no reason to fail an export.
    """
    folder = made_here_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for sha256 in hashes:
            (folder / sha256).touch(mode=0o600)
    except OSError:
        return False
    return True


def was_made_here(sha256: str) -> bool:
    """Return whether an artifact of that hash was exported by this user on this machine."""
    folder = made_here_folder()
    try:
        # Somebody else's folder, or one that others may write to, proves nothing.
        status = folder.stat()
        own = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
        return own and bool(_HASH.fullmatch(sha256)) and (folder / sha256).is_file()
    except OSError:
        return False


def check_trusted(path: Path, sha256: str, artifact_format: str) -> None:
    """Refuse an artifact that may run code unless it was made here.

    Args:
        path: The artifact.
        sha256: Its hash as the bundle states it.
        artifact_format: For the message.

    Raises:
        BundleError: it was not made here, or is not the file the hash stands for.
    """
    if was_made_here(sha256) and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        return
    raise BundleError(
        f"the {artifact_format} artifact {path.name} can run code when loaded and was not exported here by you",
        where=str(path),
        expected="an artifact of your own, or one whose origin you vouch for",
        fix="if you trust where it came from, load it with trust=True (--trust)",
        code="B009",
    )
