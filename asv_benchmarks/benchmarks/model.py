"""Whole networks: a training step, and inference. Batches are an eighth of those of peers.py: this takes seconds."""
import numpy as np

import numbacnn
from numbacnn import nn, optim

from . import common
from .networks import NETWORKS


class Training:
    """One step of Adam: forward, backward, update."""

    param_names = ("network",)
    params = (list(NETWORKS),)
    timeout = 120

    def setup(self, name):
        common.skip_without_backend()
        network = NETWORKS[name]
        batch = network.training_batch // 8
        numbacnn.manual_seed(0)
        self.model = network.build(nn)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.001)
        self.x = common.normal(batch, *network.image)
        self.targets = numbacnn.tensor(np.arange(batch) % network.classes)
        for _ in range(3):
            self.time_step(name)

    def time_step(self, name):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(self.x), self.targets)
        loss.backward()
        self.optimizer.step()
        numbacnn.evaluate(loss)


class Inference:
    """The logits of one image and of a batch, in evaluation mode; as users write it, and captured."""

    param_names = ("network", "batch")
    params = (list(NETWORKS), ["one", "eighth"])
    timeout = 120

    def setup(self, name, batch):
        common.skip_without_backend()
        network = NETWORKS[name]
        if batch == "eighth" and network.inference_batch == 8:
            raise NotImplementedError("an eighth is one image")
        self.model = network.build(nn).eval()
        self.captured = numbacnn.capture(self.model)
        self.x = common.normal(1 if batch == "one" else network.inference_batch // 8, *network.image)
        self.time_forward(name, batch)
        self.time_captured(name, batch)

    def time_forward(self, name, batch):
        with numbacnn.no_grad():
            numbacnn.evaluate(self.model(self.x))

    def time_captured(self, name, batch):
        with numbacnn.no_grad():
            self.captured(self.x)
