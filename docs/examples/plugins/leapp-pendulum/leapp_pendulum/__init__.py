"""An actuated pendulum for LEAPP: an environment and a policy adapter."""
