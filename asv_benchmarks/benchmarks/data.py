"""Batches of a loader, and transforms of images."""
import numpy as np

from numbacnn import data, transforms

LOADERS = {"in this thread": {}, "read ahead by a thread": {"prefetch_factor": 2}, "two workers": {"num_workers": 2}}
# what is made of a picture (96, 128) in colours
TRANSFORMS = {
    "to a tensor, normalised": [transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)],
    "as for training on ImageNet": [transforms.RandomResizedCrop(64), transforms.RandomHorizontalFlip(),
                                    transforms.ColorJitter(0.4, 0.4, 0.4), transforms.ToTensor()],
    "turned": [transforms.RandomRotation(15)], "blurred": [transforms.GaussianBlur(5)],
}


class Loader:
    """An epoch of 8192 small images, in batches of 128."""

    param_names = ("loader",)
    params = (list(LOADERS),)
    timeout = 120

    def setup(self, name):
        images = np.random.default_rng(0).random((8192, 1, 28, 28), dtype=np.float32)
        dataset = data.TensorDataset(images, np.arange(len(images)) % 10)
        self.loader = data.DataLoader(dataset, 128, shuffle=True, **LOADERS[name])
        self.time_epoch(name)

    def time_epoch(self, name):
        """Read all batches."""
        for _ in self.loader:
            pass


class Transform:
    param_names = ("transforms",)
    params = (list(TRANSFORMS),)

    def setup(self, name):
        self.picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
        self.transform = transforms.Compose(TRANSFORMS[name])
        self.time_picture(name)

    def time_picture(self, name):
        """Change one picture."""
        self.transform(self.picture)
