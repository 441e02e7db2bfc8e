"""numbacnn beside PyTorch and ONNX Runtime: the parts of peers.py."""
