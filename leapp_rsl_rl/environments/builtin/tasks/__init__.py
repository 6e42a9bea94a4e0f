"""The built-in tasks, one module for each robot."""
