"""The loaders under test: each takes damaged bytes and either gives something or raises a :class:`LeappError`."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from leapp_backends.onnx import plugin as onnx_plugin
from leapp_core.bundle import load_document
from leapp_core.bundle.files import hash_file
from leapp_core.bundle.tensors import read_tensors
from leapp_core.errors import LeappError
from leapp_core.plugins.manager import PluginManager
from leapp_core.runtime import load
from leapp_core.validation.episodes import read_episodes
from tests.fuzz.mutate import damage_binary, damage_text


class Loaders:
    """Damages one healthy bundle again and again.

    Args:
        bundle: A healthy bundle.
        folder: Where damaged copies go.
    """

    def __init__(self, bundle: Path, folder: Path) -> None:
        self._bundle = Path(shutil.copytree(bundle, folder / bundle.name))
        self._name = bundle.name
        # Registered by hand, so that a run needs no installed distribution.
        self._plugins = PluginManager(load_entry_points=False)
        self._plugins.register(onnx_plugin, "onnx")
        self._healthy = {entry.name: entry.read_bytes() for entry in bundle.iterdir() if entry.is_file()}
        self._models = sorted(name for name in self._healthy if name.endswith(".onnx"))

    @property
    def loaders(self) -> dict[str, Callable[[random.Random], None]]:
        """Loaders by name."""
        return {
            "document": self.document,
            "tensors": self.tensors,
            "recorded values": self.recorded,
            "changed file": self.changed_file,
            "model": self.model,
        }

    def run(self, name: str, seed: int) -> bool:
        """Load something damaged; return whether it was refused.

        Everything but a :class:`LeappError` comes through.
        """
        try:
            self.loaders[name](random.Random(f"{name}:{seed}"))
        except LeappError as error:
            return bool(str(error)) and error.exit_code > 0
        return False

    def document(self, chance: random.Random) -> None:
        """A damaged YAML file beside healthy files."""
        self._with(f"{self._name}.yaml", damage_text, chance, lambda: load_document(self._bundle))

    def tensors(self, chance: random.Random) -> None:
        """Damaged initial values."""
        name = f"{self._name}_initial_values.safetensors"
        self._with(name, damage_binary, chance, lambda: read_tensors(self._bundle / name))

    def recorded(self, chance: random.Random) -> None:
        """Damaged recorded values."""
        name = f"{self._name}_validation.safetensors"
        self._with(name, damage_binary, chance, lambda: read_episodes(self._bundle / name))

    def changed_file(self, chance: random.Random) -> None:
        """Any file damaged, its hash as before."""
        name = chance.choice([*self._models, f"{self._name}_initial_values.safetensors"])
        self._with(name, damage_binary, chance, lambda: load_document(self._bundle))

    def model(self, chance: random.Random) -> None:
        """A damaged model with a hash that fits, as someone who forges a bundle would make it."""
        name = chance.choice(self._models)
        path, yaml = self._bundle / name, self._bundle / f"{self._name}.yaml"
        before = hash_file(path)

        def forge() -> None:
            text = self._healthy[yaml.name].replace(before.encode(), hash_file(path).encode())
            yaml.write_bytes(text)
            load(self._bundle, plugins=self._plugins)

        try:
            self._with(name, damage_binary, chance, forge)
        finally:
            yaml.write_bytes(self._healthy[yaml.name])

    def _with(
        self,
        name: str,
        damage: Callable[[bytes, random.Random], bytes],
        chance: random.Random,
        then: Callable[[], object],
    ) -> None:
        path = self._bundle / name
        path.write_bytes(damage(self._healthy[name], chance))
        try:
            then()
        finally:
            path.write_bytes(self._healthy[name])
