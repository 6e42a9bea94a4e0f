"""Policy adapters for the other trainers of Isaac Lab: skrl, rl_games and Stable-Baselines3."""
