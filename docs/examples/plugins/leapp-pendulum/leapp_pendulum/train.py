"""Train a policy by gradients through the physics. Usage: python -m leapp_pendulum.train FILE"""

from __future__ import annotations

import sys

import torch

from leapp_pendulum.task import Physics, Processing, make_network


def train(iterations: int = 150, steps: int = 60) -> torch.nn.Module:
    """Return a network that holds the pendulum upright."""
    torch.manual_seed(0)
    network = make_network()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    physics, processing = Physics(64), Processing(64)
    for iteration in range(iterations):
        physics.reset(iteration)
        processing.reset()
        cost = torch.zeros(())
        for _ in range(steps):
            physics.drive(processing.torque(network(processing.observe(physics.angle, physics.velocity))))
            cost = cost + physics.angle.square().mean() + 0.01 * physics.velocity.square().mean()
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    return network


if __name__ == "__main__":
    torch.save({"trainer": "leapp_pendulum", "network": train().state_dict()}, sys.argv[1])
