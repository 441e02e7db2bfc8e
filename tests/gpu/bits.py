"""Whether training from the same seed gives the same bits three times, and what the CPU gives within bounds."""
import numpy as np

from .results import arguments

STEPS, TIMES = 3, 3
BOUND = 2e-3              # of the largest number of each array: single precision, after three steps, in tf32 too


def networks(rehearse):
    """Return builders and their batches: three networks."""
    import models

    from numbacnn.models import DigitsCNN

    if rehearse:
        return {"SmallResNet": (lambda: models.SmallResNet(width=2, depth=1), {"n": 2, "size": 5})}
    return {"SimpleCNN": (models.SimpleCNN, {"n": 64}),
            "SmallResNet": (lambda: models.SmallResNet(channels=3, width=16), {"n": 64, "channels": 3, "size": 32}),
            "DigitsCNN": (DigitsCNN, {"n": 64, "size": 8})}


def trained(build, options, steps, device, **more):
    """Train from a fixed seed; return losses, parameters and gradients as one list of arrays."""
    import models

    import numbacnn

    numbacnn.set_default_device(device)
    numbacnn.manual_seed(7)
    model = models.randomise(build(), bound=0.1)
    losses, *rest = models.train(model, steps, **options, **more)
    return [np.array(losses), *rest[0], *rest[1], rest[2]]


def parts(arrays):
    """Return how far the second list of arrays is from the first, at most, in parts of each array's largest number."""
    return max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-30)) for a, b in zip(*arrays, strict=True))


def main():
    """Write a result for each network."""
    from numbacnn import testing

    found = arguments("bits")
    steps = 1 if found.rehearse else STEPS
    for name, (build, options) in networks(found.rehearse).items():
        try:
            runs = [trained(build, options, steps, "cuda") for _ in range(TIMES)]
            equal = all(np.array_equal(a, b, equal_nan=True) for other in runs[1:] for a, b in zip(
                runs[0], other, strict=True))
            with testing.settings(eager=True):
                eager = trained(build, options, steps, "cuda")
            cpu = trained(build, options, steps, "cpu")
            found.results.add("training", network=name, runs=TIMES, steps=steps, equal_bits=equal,
                              finite=all(np.isfinite(a).all() for a in runs[0]), from_cpu=parts((cpu, runs[0])),
                              from_eager=parts((eager, runs[0])), bound=BOUND, loss=float(runs[0][0][-1]))
        except Exception as error:
            found.results.add("training", network=name, error=repr(error)[:800])


if __name__ == "__main__":
    main()
