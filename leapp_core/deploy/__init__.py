"""Run a bundle in the scene and physics of its task, as it would run on a robot, and look at what it does."""
