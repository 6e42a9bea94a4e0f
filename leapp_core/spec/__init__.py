"""What a bundle says: ports, nodes, pipeline, document. Plain values, no torch, no onnx."""
