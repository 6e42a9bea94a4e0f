"""LEAPP for Stable-Baselines3: its checkpoints, and tasks of gymnasium."""
