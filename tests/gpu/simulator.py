"""Whether the simulator computes what the device does.

    python -m gpu.simulator RESULTS --write FILE        # what this process computes, on whatever it computes
    python -m gpu.simulator RESULTS --device FILE --simulated FILE...

The op table runs in both, and all arrays are compared number by number.
"""
import numpy as np

from .results import arguments

WORST = 25                # cases that are listed


def cases(rehearse):
    """Return the rows of the op table, or some of them."""
    from op_table import CASES

    return CASES[::40] if rehearse else CASES


def compute(results, path, part, parts, rehearse):
    """Write what every case gives, in both dtypes, as arrays by name."""
    from test_ops import outcome

    arrays, failed = {}, {}
    for case in cases(rehearse)[part::parts]:
        for dtype in "float32", "float64":
            try:
                with np.errstate(all="ignore"):
                    found = outcome(case, dtype)
            except Exception as error:
                failed[f"{case.id} {dtype}"] = repr(error)[:300]
                continue
            for what, values in ("y", {"y": found.y}), ("gradient", found.gradients), ("input", found.inputs):
                for name, value in values.items():
                    arrays[f"{case.id} {dtype} {what} {name}"] = value
    np.savez(path, names=np.array(list(arrays)), **{str(n): value for n, value in enumerate(arrays.values())})
    results.add("computed", arrays=len(arrays), failed=failed, path=str(path))


def load(path):
    """Return arrays by name."""
    with np.load(path) as file:
        return {str(name): file[str(n)] for n, name in enumerate(file["names"])}


def difference(device, simulated):
    """Say how far two arrays are from each other.

    Returns
    -------
    float, float
        The largest difference of two numbers in units of the last place of the larger one, and the same in units of
        the last place of the largest number of all. Infinity for other shapes, dtypes, or NaN in other places.
    """
    if (device.shape, device.dtype) != (simulated.shape, simulated.dtype):
        return np.inf, np.inf
    if device.dtype.kind != "f":
        return (0.0, 0.0) if np.array_equal(device, simulated) else (np.inf, np.inf)
    same = (device == simulated) | (np.isnan(device) & np.isnan(simulated))
    if same.all():
        return 0.0, 0.0
    a, b = device[~same].astype("float64"), simulated[~same].astype("float64")
    if not (np.isfinite(a) & np.isfinite(b)).all():
        return np.inf, np.inf
    apart, largest = np.abs(a - b), np.maximum(np.abs(a), np.abs(b))
    finite = np.abs(device[np.isfinite(device)])
    unit = np.spacing(largest.astype(device.dtype)).astype("float64")
    return float((apart / unit).max()), float(apart.max() / np.spacing(finite.max()))


def compare(results, device, simulated):
    """Write how many arrays are equal to the bit, how far others are apart, and which are the worst."""
    missing = sorted(device.keys() ^ simulated.keys())
    apart = {name: difference(device[name], simulated[name]) for name in device.keys() & simulated.keys()}
    for kind in "float32", "float64", "other":
        found = {name: both for name, both in apart.items()
                 if (device[name].dtype.name == kind or (kind == "other" and device[name].dtype.kind != "f"))}
        of_all = sorted(both[1] for both in found.values())
        results.add("compared", dtype=kind, arrays=len(found), equal=sum(both[0] == 0 for both in found.values()),
                    wrong=sorted(name for name, both in found.items() if np.isinf(both[0])),
                    median=of_all[len(of_all) // 2] if of_all else 0.0,
                    at_99_percent=of_all[len(of_all) * 99 // 100] if of_all else 0.0)
    worst = sorted((name for name in apart if np.isfinite(apart[name][0]) and apart[name][0]),
                   key=lambda name: -apart[name][1])[:WORST]
    results.add("worst", units_of_the_largest={name: apart[name][1] for name in worst},
                units_of_each={name: apart[name][0] for name in worst})
    results.add("missing", on_one_side_only=missing[:100], count=len(missing))


def main():
    """Compute, or compare."""
    found = arguments("simulator", ("--write", {}), ("--part", {"type": int, "default": 0}),
                      ("--parts", {"type": int, "default": 1}), ("--device", {"nargs": "+"}),
                      ("--simulated", {"nargs": "+"}))
    if found.write:
        compute(found.results, found.write, found.part, found.parts, found.rehearse)
    else:
        sides = [{name: value for path in paths for name, value in load(path).items()}
                 for paths in (found.device, found.simulated)]
        compare(found.results, *sides)


if __name__ == "__main__":
    main()
