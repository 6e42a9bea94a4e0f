"""An SB3 checkpoint: a zip archive of JSON, whose entries may be pickles, and of weights. All of it is read as data."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path
from typing import Any

from leapp_core.checkpoints.pickles import read_pickle
from leapp_core.checkpoints.torch_files import read_torch_file
from leapp_core.errors import CheckpointError

DATA, WEIGHTS, VERSION = "data", "policy.pth", "_stable_baselines3_version"


class Archive:
    """A checkpoint's archive.

    Args:
        path: The file.

    Raises:
        CheckpointError: it is missing, damaged, or no archive of SB3.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        if not path.is_file():
            raise CheckpointError("there is no checkpoint file", where=self.where)
        try:
            with zipfile.ZipFile(path) as archive:
                self._entries = json.loads(archive.read(DATA))
                self._weights = archive.read(WEIGHTS)
                self.version = archive.read(VERSION).decode("utf-8", "replace").strip()
            if not isinstance(self._entries, dict):
                raise ValueError(f"'{DATA}' is no dictionary")
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
            raise CheckpointError(
                f"the file is not a checkpoint of Stable-Baselines3, or it is damaged: {error}",
                where=self.where,
                expected=f"an archive with {DATA!r}, {WEIGHTS!r} and {VERSION!r}, as model.save() writes it",
                fix="copy it again from where it was trained",
            ) from error

    def has(self, key: str) -> bool:
        """Return whether an entry is there and is not None."""
        return self._entries.get(key) is not None

    def value(self, key: str, *classes: str) -> Any:
        """Return an entry; one that is a pickle may use the named classes only, and comes as a record of them.

        Raises:
            CheckpointError: it uses something else, which is named, or is damaged.
        """
        entry = self._entries.get(key)
        if not isinstance(entry, dict) or ":serialized:" not in entry:
            return entry
        try:
            content = base64.b64decode(entry[":serialized:"], validate=True)
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"the checkpoint's {key} is damaged", where=self.where) from error
        return read_pickle(content, classes, where=self.where, what=f"checkpoint's {key}")

    def weights(self, device: str) -> Any:
        """Return the policy's state dict, read with ``weights_only=True``."""
        return read_torch_file(self.path, device=device, what=f"checkpoint's {WEIGHTS}", content=self._weights)
