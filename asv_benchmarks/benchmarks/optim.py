"""Steps of optimisers, and what goes with them: clipping, averages of weights."""
import numbacnn
from numbacnn import nn, optim
from numbacnn.nn import utils
from numbacnn.optim.swa_utils import AveragedModel

from . import common

OPTIMIZERS = {
    "SGD": (optim.SGD, {"lr": 0.1}), "SGD, momentum": (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "Adam": (optim.Adam, {}), "AdamW, amsgrad": (optim.AdamW, {"amsgrad": True}), "RAdam": (optim.RAdam, {}),
    "RMSprop": (optim.RMSprop, {"momentum": 0.9}), "Lion": (optim.Lion, {}),
}


def model():
    """A model of 2.4 million parameters, in eight tensors, with gradients."""
    made = nn.Sequential(nn.Conv2d(3, 64, 3), nn.Conv2d(64, 256, 3), nn.Linear(1024, 2048), nn.Linear(2048, 10))
    for parameter in made.parameters():
        parameter.grad = common.normal(*parameter.shape)
    return made


class Optimizer:
    param_names = ("optimizer",)
    params = (list(OPTIMIZERS),)
    timeout = 120

    def setup(self, name):
        common.skip_without_backend()
        kind, options = OPTIMIZERS[name]
        self.parameters = list(model().parameters())
        self.optimizer = kind(self.parameters, **options)
        for _ in range(3):
            self.time_step(name)

    def time_step(self, name):
        """Change all parameters."""
        self.optimizer.step()
        numbacnn.evaluate(*self.parameters)


class AfterBackward:
    timeout = 120

    def setup(self):
        common.skip_without_backend()
        self.model = model()
        self.parameters = list(self.model.parameters())
        self.average = AveragedModel(self.model)
        for _ in range(3):
            self.time_clip_norm()
            self.time_clip_value()
            self.time_average()

    def time_clip_norm(self):
        """Clip gradients by the norm of all."""
        norm = utils.clip_grad_norm_(self.parameters, 1.0)
        numbacnn.evaluate(norm, *[parameter.grad for parameter in self.parameters])

    def time_clip_value(self):
        """Clip each number of all gradients."""
        utils.clip_grad_value_(self.parameters, 0.5)
        numbacnn.evaluate(*[parameter.grad for parameter in self.parameters])

    def time_average(self):
        """Move the averages of all parameters."""
        self.average.update_parameters(self.model)
        numbacnn.evaluate(*self.average.parameters())
