"""The main job: a task and a checkpoint become a validated bundle."""
