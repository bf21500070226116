"""Labels become models: samples, fitting, evaluation, the ONNX form of the encoder."""
