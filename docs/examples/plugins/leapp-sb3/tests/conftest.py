"""What tests share: policies trained once for all."""

import pytest
import rover  # noqa: F401 - registers its task
import torch
from training import WAYS, train

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Return a function from the name of a way of training to its checkpoint."""
    made = {}

    def checkpoint(name):
        if name not in made:
            (way,) = [way for way in WAYS if way.name == name]
            made[name] = train(way, tmp_path_factory.mktemp(name))
        return made[name]

    return checkpoint
