"""RSL-RL policy adapter and environments, registered with LEAPP as a plugin."""
