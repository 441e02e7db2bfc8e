"""The argument `generator` of whatever draws: numbacnn's, NumPy's, a seed; or a sentence, everywhere the same."""
import copy
import inspect
import pickle
import re

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import data, nn, transforms
from numbacnn.errors import DTypeError, ShapeError

IMAGES = np.arange(3 * 3 * 8 * 8, dtype=np.uint8).reshape(3, 3, 8, 8)
BATCH = nb.tensor(IMAGES.astype("float32")), nb.tensor([0, 1, 2])
FIRST = {"RandomCrop": (4,), "RandomResizedCrop": (4,), "RandomRotation": (90,), "RandomAffine": (90,),
         "ColorJitter": (0.5,), "GaussianBlur": (3,),
         "RandomApply": ([np.negative],), "RandomOrder": ([np.negative, lambda x: x + 1.0],),
         "RandomChoice": ([np.negative, lambda x: x],), "RandomErasing": (), "MixUp": (), "CutMix": ()}


def filled(name):
    arguments = {"trunc_normal_": (0.0, 1.0), "sparse_": (0.5,)}.get(name, ())
    return lambda **o: getattr(nn.init, name)(nb.zeros(8, 9), *arguments, **o)


def transformed(name):
    kind = getattr(transforms, name)
    options = {"num_classes": 3} if name in ("MixUp", "CutMix") else {"p": 0.5} if name in (
        "RandomErasing", "RandomGrayscale") else {}

    def draw(**o):
        made = kind(*FIRST.get(name, ()), **options, **o)
        return made(*BATCH)[0] if name in ("MixUp", "CutMix") else np.stack([
            np.asarray(made(IMAGES[0].astype("float32") / 255)).ravel()[:9] for _ in range(6)])
    return draw


def loaded(**o):
    return np.concatenate([batch.numpy() for batch in data.DataLoader(np.arange(20.0), 5, shuffle=True, **o)])


def has_generator(made):
    try:
        return callable(made) and "generator" in inspect.signature(made).parameters
    except ValueError:                                   # dtypes have none
        return False


DRAWN = {name: filled(name) for name in vars(nn.init) if name.endswith("_") and has_generator(vars(nn.init)[name])}
DRAWN |= {name: transformed(name) for name in transforms.__all__ if has_generator(getattr(transforms, name))
          and name != "ImageTransform"}
DRAWN |= {
    "rand": lambda **o: nb.rand(9, **o), "randn": lambda **o: nb.randn(9, **o),
    "rand_like": lambda **o: nb.rand_like(nb.zeros(9), **o), "randn_like": lambda **o: nb.randn_like(nb.zeros(9), **o),
    "randint": lambda **o: nb.randint(0, 1 << 40, (9,), **o), "randperm": lambda **o: nb.randperm(50, **o),
    "bernoulli": lambda **o: nb.bernoulli(0.5, (50,), **o), "normal": lambda **o: nb.normal(0.0, 1.0, (9,), **o),
    "random_split": lambda **o: list(data.random_split(range(30), [10, 20], **o)[0]), "DataLoader": loaded,
    "RandomSampler": lambda **o: list(data.RandomSampler(range(30), **o)),
    "SubsetRandomSampler": lambda **o: list(data.SubsetRandomSampler(range(30), **o)),
    "WeightedRandomSampler": lambda **o: list(data.WeightedRandomSampler(np.ones(30), 30, **o))}
each = pytest.mark.parametrize("name", DRAWN)
KINDS = {"numbacnn": nb.Generator, "numpy": np.random.default_rng, "seed": lambda seed: seed}


def drawn(name, generator):
    return np.array(DRAWN[name](generator=generator))


def test_nothing_that_draws_was_forgotten():
    for module in nb, data, nn.init, transforms:
        for name in getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]:
            assert name in DRAWN or not has_generator(getattr(module, name)) or name in (
                "ImageTransform", "own_generator", "truncated_normal"), name


@each
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_repeats_what_it_gave(name, kind):
    nb.manual_seed(0)
    first = drawn(name, KINDS[kind](3))
    np.testing.assert_array_equal(first, drawn(name, KINDS[kind](3)))
    assert any(not np.array_equal(first, drawn(name, KINDS[kind](seed))) for seed in range(4, 12))
    nb.manual_seed(0)
    untouched = nb.rand(3).tolist(), np.array(nn.init.normal_(nb.zeros(3))).tolist()
    nb.manual_seed(0)
    drawn(name, KINDS[kind](3))
    assert (nb.rand(3).tolist(), np.array(nn.init.normal_(nb.zeros(3))).tolist()) == untouched


@each
@pytest.mark.parametrize("kind", ["numbacnn", "numpy"])
def test_a_generator_moves_on(name, kind):
    generator = KINDS[kind](3)
    first = drawn(name, generator)
    assert any(not np.array_equal(first, drawn(name, generator)) for _ in range(8))
    if kind == "numbacnn":
        generator.manual_seed(3)
        np.testing.assert_array_equal(first, drawn(name, generator))


@each
@pytest.mark.parametrize("wrong", [-1, 2**63, True, 1.0, "seed", [0], np.random.RandomState(0), np.array(1)],
                         ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_generator_is_refused(name, wrong):
    text = (rf"{name}: generator must be a numbacnn.Generator, a numpy.random.Generator, a seed from 0 "
            r"to 2\*\*63 - 1 or None, got " + re.escape(repr(wrong)))
    with pytest.raises(ShapeError if type(wrong) is int else DTypeError, match=text):
        DRAWN[name](generator=wrong)


def test_a_seed_is_that_of_a_generator_where_kernels_draw():
    assert nb.rand(3, generator=5).tolist() == nb.rand(3, generator=nb.Generator(5)).tolist()
    assert nb.rand(3, generator=np.int64(5)).tolist() == nb.rand(3, generator=5).tolist()


def test_an_object_looks_its_generator_up():
    generator = nb.Generator(1)
    sampler = data.RandomSampler(range(30), generator=generator)
    first = list(sampler)
    assert list(sampler) != first
    generator.manual_seed(1)
    assert list(sampler) == first


def test_epochs_repeat_after_the_seed_is_set():
    generator = nb.Generator(1)
    first = loaded(generator=generator)
    generator.manual_seed(1)
    np.testing.assert_array_equal(loaded(generator=generator), first)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_draw_the_same(copied):
    generator = nb.Generator(1)
    nb.rand(3, generator=generator), generator.host().random()
    other = copied(generator)
    assert nb.rand(3, generator=other).tolist() == nb.rand(3, generator=generator).tolist()
    assert other.host().random() == generator.host().random()
