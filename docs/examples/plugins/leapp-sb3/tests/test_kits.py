"""LEAPP's conformance kits on both plugins."""

import pytest
from leapp_sb3.adapter import Sb3ZipAdapter
from leapp_sb3.provider import GymnasiumProvider
from training import WAYS

from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.testing.contracts import AdapterContract, AdapterSubject, EnvironmentContract, EnvSubject


class Provider(GymnasiumProvider):
    """Knows the task of these tests, as with ``--import rover``."""

    def __init__(self):
        self._imported = ("Rover-v0",)


@pytest.mark.parametrize("way", ["PPO-Pendulum-v1", "PPO-Rover-v0", "RecurrentPPO-Reacher-v5"], scope="class")
class TestAdapter(AdapterContract):
    @pytest.fixture
    def subject(self, way, trained):
        (task,) = [each.task for each in WAYS if each.name == way]
        env = Provider().make(EnvRequest(task))
        request = PolicyRequest.within(env, trained(way))
        env.close()
        return AdapterSubject(Sb3ZipAdapter(), trained(way), request)


class TestAdapterAlone(AdapterContract):
    @pytest.fixture
    def subject(self, trained):
        return AdapterSubject(Sb3ZipAdapter(), trained("PPO-Pendulum-v1"))


@pytest.mark.parametrize("task", ["CartPole-v1", "InvertedPendulum-v5", "Rover-v0"], scope="class")
class TestEnvironment(EnvironmentContract):
    @pytest.fixture
    def subject(self, task):
        return EnvSubject(Provider(), task)
