"""A single image becomes a tensor, which stays NumPy's array until an operation asks for it."""
import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import datasets, nn
from numbacnn import transforms as T
from numbacnn.data import DataLoader, default_collate
from numbacnn.errors import DTypeError

IMAGE = np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.uint8)
SCALED = np.moveaxis(IMAGE, 2, 0).astype("float32") / np.float32(255)
CHAINS = [T.Compose([T.ToTensor(), transform]) for transform in (
    T.Normalize(0.5, 0.25), T.RandomErasing(1.0, value="random", generator=0), T.RandomHorizontalFlip(1.0), T.Pad(1),
    T.RandomApply([T.RandomRotation(9, generator=1)], 1.0), T.Compose([T.CenterCrop(3), T.Normalize(0, 2)]),
    T.RandomChoice([T.GaussianBlur(3)]), T.Resize(4), T.ColorJitter(0.5, generator=2), T.Grayscale(3))]


def test_to_tensor_makes_a_tensor():
    x = T.ToTensor()(IMAGE)
    assert nb.is_tensor(x)
    assert (x.shape, x.dtype, x.ndim, x.size(0), x.device) == ((3, 6, 5), nb.float32, 3, 3, nb.device("cpu"))
    assert np.array_equal(x.numpy(), SCALED)
    assert np.array_equal(np.asarray(x), SCALED)
    assert x.permute(1, 2, 0).unsqueeze(0).shape == (1, 6, 5, 3)
    assert nn.Conv2d(3, 2, 3)(x.unsqueeze(0)).shape == (1, 2, 4, 3)
    assert (x * 2).sum().item() == pytest.approx(2 * SCALED.sum())
    assert repr(T.ToTensor()(IMAGE[:1, :1, :1] * 0)) == "tensor([[[0.]]])"


def test_it_is_a_tensor_like_any_other():
    x, y = T.ToTensor()(IMAGE), T.ToTensor()(IMAGE)
    x.numpy()[:] = 0                                     # copies
    np.asarray(x)[:] = 0
    assert nb.equal(x, y)
    x[0] = 5
    x.add_(1)
    assert x[0, 0, 0].item() == 6
    assert x[1, 0, 0].item() == y[1, 0, 0].item() + 1
    y.requires_grad_()
    (y * 3).sum().backward()
    assert y.grad.mean().item() == 3
    for made in T.ToTensor()(IMAGE), y:
        for twin in copy.deepcopy(made), copy.copy(made), pickle.loads(pickle.dumps(made)):
            assert nb.equal(twin, made)
            assert twin.requires_grad == made.requires_grad
            assert (twin.grad is None) == (made.grad is None)
    assert nb.capture(lambda x: x * 2)(T.ToTensor()(IMAGE)).shape == (3, 6, 5)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: type(chain.transforms[1]).__name__)
def test_chains_go_on_with_tensors(chain):
    nb.manual_seed(0)
    chain = copy.deepcopy(chain)
    stack = copy.deepcopy(chain).batch(IMAGE[None])
    nb.manual_seed(0)
    one = chain(IMAGE)
    assert nb.is_tensor(one)
    assert isinstance(stack, np.ndarray)
    assert one.numpy().tobytes() == stack[0].tobytes()
    assert isinstance(chain.transforms[1](SCALED), np.ndarray)       # of an array comes an array


def test_functions_of_tensors_are_links_of_a_chain():
    chain = T.Compose([T.ToTensor(), T.Lambda(lambda x: x.view(-1)), lambda x: x.mean(dim=0, keepdim=True)])
    dataset = datasets.Digits(train=False, transform=chain)
    assert dataset[0][0].shape == (1,)
    x, _ = next(iter(DataLoader(dataset, 5)))
    assert x.shape == (5, 1)


def test_samples_and_batches_have_the_same_bits():
    dataset = datasets.Digits(train=False, transform=T.Compose([T.ToTensor(), T.Normalize(0.5, 0.25)]))
    batch, labels = next(iter(DataLoader(dataset, 7)))
    images, targets = default_collate([dataset[i] for i in range(7)])
    assert batch.numpy().tobytes() == images.numpy().tobytes()
    assert labels.tolist() == targets.tolist()
    alone, _ = next(iter(DataLoader(dataset, batch_size=None)))
    assert nb.equal(alone, dataset[0][0])


def test_reading_samples_needs_no_backend():
    program = ("import sys, pickle, numpy as np\n"
               "from numbacnn import transforms as T\n"
               "from numbacnn.data.collate import stack\n"
               "chain = T.Compose([T.ToTensor(), T.Normalize(0.5, 0.25), T.RandomErasing(), T.CenterCrop(3)])\n"
               "x = chain(np.zeros((4, 4), np.uint8))\n"
               "x.shape, x.dtype, x.device, x.numpy(), np.asarray(x), x.ndim, x.dim(), x.size(), x.size(0), len(x)\n"
               "repr(x), str(x), x.numel(), x.tolist(), x.is_floating_point(), x.requires_grad, x.is_leaf\n"
               "one = T.ToTensor()(np.zeros((1, 1), np.uint8))\n"
               "one.item(), float(one), int(one), bool(one), f'{one:.1f} {one}'\n"
               "assert x._made is None and one._made is None\n"
               "pickle.loads(pickle.dumps(x)), stack([(x, 1)] * 2)\n"
               "assert 'numba' not in sys.modules and 'numbacnn_cpu' not in sys.modules\n"
               "(x + 1).numpy()\n"
               "assert 'numbacnn_cpu' in sys.modules\n")
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(("call", "text"), [
    (lambda: T.ToTensor()(nb.ones(3, 2, 2)),
     r"ToTensor: image must be a PIL image or an array, got a Tensor of float32\(3, 2, 2\)"),
    (lambda: T.CenterCrop(2)(nb.ones(3, 4, 4, dtype="uint8")),
     r"CenterCrop: a tensor must be floating point, \(C, H, W\), got uint8\(3, 4, 4\); give "
     r"an array, \(H, W, C\), or put ToTensor\(\) before it"),
    (lambda: T.Normalize(0, 1)(nb.ones(3, 4, 4, dtype="uint8")), "Normalize: image must be floating point, got uint8"),
])
def test_what_is_refused(call, text):
    with pytest.raises(DTypeError, match=text):
        call()
