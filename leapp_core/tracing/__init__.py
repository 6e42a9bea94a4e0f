"""Record what really ran, at the ATen level, and find the program in it."""
