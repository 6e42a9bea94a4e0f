"""Environments that policies are exported from: built-in ones, mjlab and Isaac Lab."""
