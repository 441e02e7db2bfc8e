"""A plain table of what was found."""
import statistics
from pathlib import Path

from .results import read


def text(path):
    """Return the table of a file of results."""
    found = read(Path(path))
    sections = [versions, ops, simulator, bits, sanitizer, memory, layers, steps, profile, jobs]
    return "\n".join(line for section in sections for line in section(found)) + "\n"


def of(found, step, kind):
    """Return the results of a step and kind."""
    return [each for each in found if each["step"] == step and each["kind"] == kind]


def versions(found):
    """The machine."""
    for each in of(found, "versions", "gpu"):
        yield f"GPU: {each.get('name')}, driver {each.get('driver_version')}, SM {each.get('clocks.sm')}"
    for each in of(found, "versions", "packages"):
        yield "Python {}; {}".format(each.get("python"), ", ".join(
            f"{name} {each[name]}" for name in ("numpy", "numba", "numba-cuda", "llvmlite", "cuda-bindings", "torch")
            if name in each))
    for each in of(found, "versions", "kernel"):
        yield f"one kernel: {'right' if each['right'] else 'WRONG'}, {each['first_seconds']:.2f} s with its compilation"


def ops(found):
    """Tests."""
    for step in "ops", "ops, failures again":
        for each in of(found, step, "tests"):
            yield f"{step}: {each['passed']} passed, {each['failed']} failed, {each['skipped']} skipped"
            yield from (f"  FAILED {name}" for name in each["names"][:40])


def simulator(found):
    """Simulator and device."""
    for each in of(found, "simulator", "compared"):
        yield (f"simulator = device, {each['dtype']}: {each['equal']} of {each['arrays']} arrays to the bit; 99 % "
               f"within {each['at_99_percent']} units of the largest; {len(each['wrong'])} wrong {each['wrong'][:8]}")
    for each in of(found, "simulator", "worst"):
        yield from (f"  {name}: {value}" for name, value in [*each["units_of_the_largest"].items()][:8])


def bits(found):
    """Equal bits."""
    for each in of(found, "bits", "training"):
        yield (f"bits, {each['network']}: ERROR {each['error']}" if "error" in each else
               f"bits, {each['network']}: {'equal' if each['equal_bits'] else 'NOT EQUAL'} in {each['runs']} runs; "
               f"from CPU {each['from_cpu']}, from eager {each['from_eager']}, bound {each['bound']}")


def sanitizer(found):
    """Memory errors and races."""
    for each in of(found, "sanitizer", "tool"):
        yield (f"sanitizer, {each['tool']}{', planted error' * each.get('planted', False)}: " + (
            each["error"] if "error" in each else f"{each['errors']} errors, status {each['status']}, "
            f"{'came' if each['ended'] else 'did not come'} to its end"))


def memory(found):
    """Memory-bound kernels."""
    for each in of(found, "memory", "copy"):
        yield f"copy: {each['gigabytes_per_second']:.0f} GB/s"
    for each in of(found, "memory", "kernel"):
        yield (f"  {each['name']:36} " + (f"ERROR {each['error'][:90]}" if "error" in each else
               f"{each['microseconds']:9.1f} us {each['gigabytes_per_second']:8.0f} GB/s {100 * each['share']:6.1f} %"))


def layers(found):
    """Convolutions: each, and medians of ratios."""
    rows = of(found, "layers", "layer")
    if rows:
        yield f"{'convolution':36} {'pass':16}    ours us   cuDNN us  ours TF cuDNN TF  ratio"
    for each in rows:
        name = f"{each['layer']:36} {each['which']:16}"
        yield f"{name} ERROR {each['error'][:90]}" if "ratio" not in each else (
            f"{name} {each['ours']:10.1f} {each['theirs']:10.1f} {each['our_teraflops']:8.1f} "
            f"{each['their_teraflops']:8.1f} {each['ratio']:6.2f}"
            + ("" if each["right"] else f"  WRONG {each['apart']}"))
    for key in dict.fromkeys((each["precision"], each["batch"], each["which"]) for each in rows):
        ratios = [each["ratio"] for each in rows if "ratio" in each and key == (
            each["precision"], each["batch"], each["which"])]
        if ratios:
            yield (f"  median, {', '.join(map(str, key))}: {statistics.median(ratios):.2f} "
                   f"({min(ratios):.2f} to {max(ratios):.2f})")


def steps(found):
    """Training steps."""
    for each in of(found, "steps", "side"):
        yield (f"{each['network']}, {each.get('side', '')}: " + (
            f"ERROR {each['error'][:120]}" if "error" in each else
            f"host {each['host_microseconds']:.1f} us, losses {each['losses']}"))
    for each in of(found, "steps", "step"):
        yield f"{each['network']}, batch {each['batch']}: " + ", ".join(
            f"{side} {value:.0f} us" for side, value in each["microseconds"].items())
        yield from (f"  {pair}: {value:.2f}" for pair, value in each["ratios"].items())
    for each in of(found, "steps", "first"):
        yield f"{each['network']}, first step, {each['side']} {each.get('cache', '')}: {each['seconds']:.2f} s"


def profile(found):
    """Where time goes."""
    for each in of(found, "profile", "profile"):
        if "error" in each:
            yield f"profile, {each['network']}: ERROR {each['error'][:200]}"
            continue
        yield f"profile, {each['network']}: {each['calls']} calls, {each['microseconds']:.0f} us"
        yield from (f"  {row['op']:28} {row['output']:24} {row['microseconds']:9.1f} us "
                    f"{row['gigabytes_per_second']:8.0f} GB/s {row['teraflops']:8.2f} TFLOP/s"
                    for row in each["slowest"])


def jobs(found):
    """What did not come to its end."""
    for each in found:
        if each["kind"] == "job" and each["status"] != 0:
            yield f"NOT DONE: {each['module']} {' '.join(each['arguments'])}: {each['status']}"
