"""Managers of the built-in environments: observations, actions, commands, events and scoring."""
