"""numbacnn beside PyTorch and ONNX Runtime: the same networks, in one process, taking turns.

    pip install -e ".[peers]"
    python asv_benchmarks/peers.py                                   # training and inference of all networks
    python asv_benchmarks/peers.py --train --only SimpleCNN VGG --rounds 10
    python asv_benchmarks/peers.py --layers --batch 32 --picture layers.png

PyTorch runs in each of its set-ups, and its best one counts. A ratio is the median over the rounds of how many times as
fast numbacnn is; nothing is printed for sides that do not compute the same.
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

import torch

import numbacnn

sys.path.insert(0, str(Path(__file__).parent))
from benchmarks.networks import NETWORKS
from side_by_side import agreement, goals, inference, layers, processes, table, training, turns

# What limits Numba, oneDNN, ATen and MKL to AVX2. ONNX Runtime knows no such thing, and stays away.
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}


def train(options):
    """Compare training steps."""
    for name in options.only:
        network = NETWORKS[name]
        work = f"{name}, training step, batch {network.training_batch}"
        sides = training.steps(network, options.compile)
        agreement.check(work, sides, training.two_losses)
        yield from compare(work, sides, [goals.TRAINING[name]], options)


def infer(options):
    """Compare inferences, of one image and of many."""
    for name in options.only:
        network = NETWORKS[name]
        for batch in (1, network.inference_batch):
            work = f"{name}, inference, batch {batch}"
            sides = inference.runs(network, batch, options.threads, options.compile, onnx=not options.avx2)
            agreement.check(work, sides)
            yield from compare(work, sides, goals.inference(name, batch)[:len(sides) - 1], options)


def convolutions(options):
    """Compare single convolutions, pass by pass."""
    for layer in layers.RESNET18 + layers.RESNET50:
        for which in layers.PASSES:
            work = f"{layer}, {which}, batch {options.batch}"
            sides, operations = layers.runs(layer, options.batch, which)
            agreement.check(work, sides)
            yield from compare(work, sides, [goals.layer(layer, which)], options,
                               lambda seconds, operations=operations: f"{operations / seconds / 1e9:.0f} GFLOP/s")


def memory(options):
    """Compare peak memory."""
    for name in options.only:
        yield from processes.memory(name)


def cold(options):
    """Compare the first steps of processes."""
    for name in goals.FIRST_STEP:
        yield from processes.cold(name)


def compare(work, sides, goal_of, options, form=table.duration):
    """Take turns; make a row for each run of ours and each of the other sides."""
    ours, *others = sides
    measured = turns.take_turns(ours, others, options.rounds)
    for name in ours:
        for side, goal in zip(others, goal_of, strict=True):
            best = measured.best(side)
            yield table.Row(work + name.removeprefix("numbacnn"), form(measured.median(name)),
                            form(measured.median(best)), best, measured.ratio(name, best), *goal, measured.others)


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for section, text in (("train", "training steps"), ("infer", "inference"), ("layers", "single convolutions"),
                          ("memory", "peak memory of a training step"), ("cold", "from import to the first step")):
        parser.add_argument(f"--{section}", action="store_true", help=text)
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NETWORK",
                        help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=8, help="images of --layers")
    parser.add_argument("--compile", action="store_true", help="let PyTorch compile, too (minutes)")
    parser.add_argument("--avx2", action="store_true", help="both sides as on a processor without AVX-512")
    parser.add_argument("--picture", help="write a picture of the ratios to this file")
    options = parser.parse_args()
    options.threads = int(numbacnn.default_device().backend.info()["threads"])
    return options


def main():
    """Print the table."""
    options = arguments()
    if options.avx2 and not AVX2.items() <= os.environ.items():
        limited = subprocess.run([sys.executable, *sys.argv], env={**os.environ, **AVX2}, check=False)
        raise SystemExit(limited.returncode)
    torch.set_num_threads(options.threads)
    sections = {"train": train, "infer": infer, "layers": convolutions, "memory": memory, "cold": cold}
    chosen = [name for name in sections if getattr(options, name)] or ["train", "infer"]
    title = f"{options.threads} threads, float32, PyTorch {torch.__version__}{', AVX2' * options.avx2}"
    print(table.HEAD.format(title))
    rows = {name: [] for name in chosen}
    for name, found in rows.items():
        for row in sections[name](options):
            print(row, flush=True)
            found.append(row)
    print()
    for name, found in rows.items():
        print(f"{name}: {table.summary(found)}")
    if options.picture:
        table.picture([row for found in rows.values() for row in found], options.picture, title)


if __name__ == "__main__":
    main()
