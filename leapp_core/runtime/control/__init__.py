"""A control loop around a loaded policy: readings in, commands out, at a fixed rate, with an end that is safe."""
