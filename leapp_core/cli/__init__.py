"""The command line: one file per verb, each registered by the hook that plugins use. Imports no torch and no onnx."""
