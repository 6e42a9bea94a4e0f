"""Robots of the built-in environments: small rigid-body simulations in plain torch."""
