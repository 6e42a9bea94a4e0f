"""Python objects of the user's program: what they hold, and the NumPy values handed to it."""
