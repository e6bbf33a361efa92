"""Reading a listing with a small language model: its words, the encoder on ONNX Runtime, and how both are trained."""
