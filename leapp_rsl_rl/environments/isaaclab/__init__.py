"""The ``isaaclab`` environment provider: Isaac Lab 3 tasks, annotated by Isaac Lab itself, also without Isaac Sim."""
