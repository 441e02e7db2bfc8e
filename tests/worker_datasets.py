"""Datasets that workers import: a light module, since each worker is a new process."""
import os
import random
import signal
import sys
import threading
import time

import numpy as np

from numbacnn import transforms
from numbacnn.data import Dataset, IterableDataset, default_collate, get_worker_info, random_generator
from numbacnn.datasets import ImageDataset
from numbacnn.transforms import Compose, MixUp, RandomCrop, ToTensor


class Numbers(Dataset):
    """The numbers 0 to n - 1."""

    def __init__(self, n=12):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return index


class Augmented(Numbers):
    """What depends on random numbers of every kind that this package gives."""

    def __init__(self, n=12):
        super().__init__(n)
        self.images = np.arange(n * 64, dtype=np.uint8).reshape(n, 8, 8)
        self.crop = Compose([ToTensor(), RandomCrop(6), RandomCrop(5, generator=0)])

    def __getitem__(self, index):
        time.sleep(0.002 * (index % 3))                  # who is ready first changes from run to run
        return {"image": self.crop(self.images[index]), "noise": random_generator().normal(), "name": f"n{index}"}


def pictures():
    """Images under a chain of transforms that draw."""
    images = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3)).astype(np.uint8)
    chain = Compose([transforms.RandomResizedCrop(12), transforms.RandomHorizontalFlip(), transforms.ColorJitter(0.2),
                     ToTensor(), transforms.RandomErasing(value="random"), transforms.RandomRotation(20, generator=5)])
    return ImageDataset(images, np.arange(20) % 10, transform=chain)


class StrangeIndex:
    """An index that arrives nowhere."""

    def __reduce__(self):
        return int, ("no number",)


class OtherGenerators(Numbers):
    """Numbers of the generators that are not ours."""

    def __getitem__(self, index):
        return np.random.random(), random.random()  # noqa: NPY002


class Writes(Numbers):
    """Writes into its own arrays, which it may."""

    def __init__(self, n=12):
        super().__init__(n)
        self.reads = np.zeros(1000, np.int64)

    def __getitem__(self, index):
        self.reads += 1
        return int(self.reads[0])


class Where(Numbers):
    """What the process is that reads."""

    def __getitem__(self, index):
        info = get_worker_info()
        heavy = sorted({"numba", "llvmlite", "numbacnn_cpu", "PIL", "matplotlib"} & set(sys.modules))
        return {"process": os.getpid(), "worker": info and info.id, "of": info and info.num_workers, "heavy": heavy,
                "threads": threading.active_count(), "started": os.environ.get("STARTED", ""),
                "team": os.environ.get("NUMBACNN_NUM_THREADS")}


class OwnError(Exception):
    """Cannot be rebuilt from its arguments."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")


class Fails(Numbers):
    """Fails at sample 7, in the way that it is told."""

    def __init__(self, how, n=12):
        super().__init__(n)
        self.how = how

    def __getitem__(self, index):
        if index == 7:
            getattr(self, self.how)()
        return index

    def key(self):
        raise KeyError("seven")

    def file(self):
        raise FileNotFoundError(2, "gone", "a.png")

    def own(self):
        raise OwnError(3, "seven")

    def stop(self):
        raise StopIteration

    def kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def leave(self):
        sys.exit(3)

    def leave_at_once(self):
        os._exit(4)

    def sleep(self):
        time.sleep(1000)


class BadState(Numbers):
    """Cannot be unpickled."""

    def __setstate__(self, state):
        raise OSError("no such camera")


class Stream(IterableDataset):
    """The numbers 0 to n - 1, one after the other, with noise."""

    def __init__(self, n=7, fail=False):
        self.n, self.fail = n, fail

    def __iter__(self):
        for i in range(self.n):
            if self.fail and i == 5:
                raise OSError("cut off")
            yield i, random_generator().normal()


class Big(Numbers):
    """Samples whose size differs much from one to the next."""

    def __getitem__(self, index):
        square = np.asfortranarray(np.eye(3) * index)
        return np.full((1 + index % 5) * 40_000, index, np.float32), np.zeros((0, 3)), square


def listed(samples):
    """A collate function whose result the user keeps, NumPy arrays in it."""
    return [np.asarray(samples), tuple(samples)]


def tensors(samples):
    """A collate function that computes with tensors."""
    return default_collate(samples) * 2


mixed = MixUp(num_classes=10)


def unpicklable(samples):
    """A collate function whose result no other process can have."""
    return lambda: samples


def mark(worker):
    """A worker_init_fn."""
    os.environ["STARTED"] = f"worker {worker}"


def fail(worker):
    """A worker_init_fn that fails."""
    raise ValueError(f"no disk for {worker}")
