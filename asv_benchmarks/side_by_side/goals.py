"""How many times faster than the best of the others we want to be: (at least, aim)."""
NONE = (None, None)
TRAINING = {"SimpleCNN": (10, 16), "LeNet-5": (4, 7), "ResNet-20": (1.8, 2.5), "VGG": (1.6, 2.3),
            "separable": (1.6, 2.5), "ResNet-18": (1.5, 2.3)}
WINOGRAD = {"forward": (1.6, 2.1), "backward data": (1.5, 2.0), "backward weight": (1.25, 1.8)}
LAYER = (0.9, 1.1)
MEMORY = (1.0, 1.67)
FIRST_STEP = {"SimpleCNN": (6.0, 1.0), "ResNet-18": (12.0, 1.5)}    # seconds: empty compile cache, filled one


def inference(name, batch):
    """The goals of an inference, against PyTorch and against ONNX Runtime."""
    goal = (1.0 if batch == 1 else 1.3), (8 if name == "SimpleCNN" else 2)
    return goal, goal if batch == 1 else NONE


def layer(layer, which):
    """The goal of one pass of a convolution."""
    return WINOGRAD[which] if (layer.size, layer.stride) == (3, 1) else LAYER
