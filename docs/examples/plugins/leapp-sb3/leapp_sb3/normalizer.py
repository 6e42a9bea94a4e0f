"""``VecNormalize``, which training keeps in a pickle beside the checkpoint: read as data, and as tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from leapp_core.checkpoints.pickles import read_pickle
from leapp_core.checkpoints.records import PickledObject
from leapp_core.errors import CheckpointError
from leapp_sb3.archive import Archive
from leapp_sb3.spaces import SPACE_CLASSES

_CLASSES = (
    "stable_baselines3.common.vec_env.vec_normalize.VecNormalize",
    "stable_baselines3.common.running_mean_std.RunningMeanStd",
    *SPACE_CLASSES,
)
PLAIN = ""
"""Key of an observation that is no dictionary."""


class Normalizer:
    """Mean and variance of one observation, applied in the precision in which the observation comes.

    Args:
        statistics: Record of a ``RunningMeanStd``.
        epsilon: Added to the variance.
        clip: Limit of what comes out.
        device: Torch device string.
    """

    def __init__(self, statistics: Any, epsilon: float, clip: float, device: str) -> None:
        mean, variance = (np.asarray(statistics.get(name), np.float64) for name in ("mean", "var"))
        self._mean = torch.as_tensor(mean, device=device)
        self._deviation = torch.as_tensor(np.sqrt(variance + epsilon), device=device)
        self._single = (self._mean.float(), self._deviation.float())
        self._clip = clip

    def __call__(self, value: torch.Tensor) -> torch.Tensor:
        """Return the normalized observation, ``float32``."""
        value = value if value.is_floating_point() else value.float()
        mean, deviation = (self._mean, self._deviation) if value.dtype == torch.float64 else self._single
        return ((value - mean) / deviation).clamp(-self._clip, self._clip).float()


def candidates(checkpoint: Path) -> Iterator[Path]:
    """Yield where training scripts put the file: SB3's callbacks, rl_zoo3, Isaac Lab, and people.

    ``rl_model_800_steps.zip`` has ``rl_model_vecnormalize_800_steps.pkl`` beside it.
    """
    stem = checkpoint.stem
    parts = stem.split("_")
    for place in range(len(parts), 0, -1):
        yield checkpoint.with_name("_".join([*parts[:place], "vecnormalize", *parts[place:]]) + ".pkl")
    yield checkpoint.with_name("vecnormalize.pkl")
    yield checkpoint.with_name("vec_normalize.pkl")
    for folder in sorted(path for path in checkpoint.parent.iterdir() if path.is_dir()):
        if (folder / "config.yml").is_file():  # rl_zoo3: a folder named after the task
            yield folder / "vecnormalize.pkl"


def read(archive: Archive, device: str) -> tuple[dict[str, Normalizer], Path | None]:
    """Return the normalizers by observation key, and the file they are from.

    Raises:
        CheckpointError: the policy was trained with normalized observations and the file is not there, or it is none.
    """
    path = next((path for path in candidates(archive.path) if path.is_file()), None)
    if path is None:
        # On-policy algorithms keep an observation before normalization only if there is one; the others always do.
        if archive.has("_last_original_obs") and not archive.has("learning_starts"):
            raise CheckpointError(
                "the policy was trained with VecNormalize, and its file is not there",
                where=archive.where,
                expected=f"{next(candidates(archive.path)).name} or vecnormalize.pkl beside the checkpoint",
                fix="copy it from the training run, or write it there with env.save(...)",
            )
        return {}, None
    saved = read_pickle(path.read_bytes(), _CLASSES, where=str(path), what="VecNormalize file")
    if not isinstance(saved, PickledObject) or saved.class_name != _CLASSES[0]:
        raise CheckpointError("the file holds no VecNormalize", where=str(path), expected="what env.save(...) writes")
    if not saved.get("norm_obs"):
        return {}, path
    statistics = saved.get("obs_rms")
    by_key = statistics if isinstance(statistics, Mapping) else {PLAIN: statistics}
    keys = saved.get("norm_obs_keys") or tuple(by_key)
    missing = [key for key in keys if by_key.get(key) is None]
    if missing:
        raise CheckpointError(f"the VecNormalize file has no statistics of {missing}", where=str(path))
    limits = (float(saved.get("epsilon")), float(saved.get("clip_obs")), device)
    return {key: Normalizer(by_key[key], *limits) for key in keys}, path
