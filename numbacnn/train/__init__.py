"""Training a network on a data set by name, and what comes of it: the commands `numbacnn train` and `predict`."""
from numbacnn.train.config import Config
from numbacnn.train.errors import CommandError
from numbacnn.train.loop import Epoch, evaluate, fit
from numbacnn.train.predict import predict
from numbacnn.train.run import load_run, save_run
from numbacnn.train.tasks import TASKS, Task
from numbacnn.train.training import train
from numbacnn.train.warmup import NETWORKS, warmup

__all__ = ["CommandError", "Config", "Epoch", "NETWORKS", "TASKS", "Task", "evaluate", "fit", "load_run", "predict",
           "save_run", "train", "warmup"]
