"""Training configurations of the built-in tasks, in the layout that rsl_rl reads.

Each is written beside its checkpoint as ``params/agent.yaml``, and read from there when the policy is loaded.
"""

from __future__ import annotations

from typing import Any


def _model(class_name: str, hidden_dims: list[int], normalize: bool, **extra: Any) -> dict[str, Any]:
    return {
        "class_name": class_name,
        "hidden_dims": hidden_dims,
        "activation": "elu",
        "obs_normalization": normalize,
        **extra,
    }


def _agent(actor: dict[str, Any], critic: dict[str, Any], iterations: int, steps: int, **ppo: Any) -> dict[str, Any]:
    distribution = {"class_name": "GaussianDistribution", "init_std": 1.0, "std_type": "scalar"}
    return {
        "class_name": "OnPolicyRunner",
        "seed": 1,
        "num_steps_per_env": steps,
        "max_iterations": iterations,
        "save_interval": iterations,
        "obs_groups": {"actor": ["policy"], "critic": ["critic"]},
        "actor": {**actor, "distribution_cfg": distribution},
        "critic": critic,
        "algorithm": {
            "class_name": "PPO",
            "num_learning_epochs": 4,
            "num_mini_batches": 4,
            "clip_param": 0.2,
            "gamma": 0.99,
            "lam": 0.95,
            "value_loss_coef": 1.0,
            "entropy_coef": 0.003,
            "learning_rate": 1.0e-3,
            "max_grad_norm": 1.0,
            "schedule": "adaptive",
            "desired_kl": 0.01,
            **ppo,
        },
    }


def reach_arm() -> dict[str, Any]:
    """Return the configuration of a multi-layer perceptron with normalized observations."""
    model = _model("MLPModel", [64, 64], normalize=True)
    return _agent(model, dict(model), iterations=500, steps=24)


def balance() -> dict[str, Any]:
    """Return the configuration of a GRU policy."""
    actor = _model("RNNModel", [32], normalize=False, rnn_type="gru", rnn_hidden_dim=32, rnn_num_layers=1)
    return _agent(actor, _model("MLPModel", [64, 64], normalize=False), iterations=150, steps=32)


def hopper() -> dict[str, Any]:
    """Return the configuration of a multi-layer perceptron that sees a history."""
    model = _model("MLPModel", [96, 64], normalize=True)
    return _agent(model, dict(model), iterations=300, steps=24)


def hopper_lstm() -> dict[str, Any]:
    """Return the configuration of an LSTM policy with normalized observations."""
    actor = _model("RNNModel", [48], normalize=True, rnn_type="lstm", rnn_hidden_dim=48, rnn_num_layers=1)
    return _agent(actor, _model("MLPModel", [96, 64], normalize=True), iterations=250, steps=32)
