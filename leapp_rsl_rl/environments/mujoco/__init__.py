"""Bundles on robot models of MuJoCo (MJCF), without PyTorch."""
