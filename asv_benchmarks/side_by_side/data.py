"""The same weights, images and targets for every side."""
import numpy as np


def images(network, batch):
    """Return normally distributed images, the same at each call."""
    return np.random.default_rng(0).standard_normal((batch, *network.image), dtype=np.float32)


def targets(network):
    """Return a class for each image of a training batch."""
    return np.random.default_rng(1).integers(0, network.classes, network.training_batch)


def state_of(model):
    """Return a copy of the weights of a PyTorch model, for numbacnn."""
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}


def with_statistics(model):
    """Give the batch norms of a PyTorch model statistics that are not the initial ones; returns the model."""
    for name, value in model.named_buffers():
        if name.endswith("running_mean"):
            value.normal_(0, 0.1)
        elif name.endswith("running_var"):
            value.uniform_(0.8, 1.5)
    return model
