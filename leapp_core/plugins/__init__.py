"""The seams of LEAPP: what a plugin may provide and how it is found. Imports no torch and no onnx."""
