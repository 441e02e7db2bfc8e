"""Test and measure numbacnn on a GPU.

    python tests/gpu/run.py --out results
    python tests/gpu/run.py --out results --only layers steps --seconds 500
    python tests/gpu/run.py --out results --rehearse          # no GPU: the simulator, tiny shapes, no meaning

README.md beside this says what it needs and what it writes.
"""
import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.pop(0)                                          # its modules have names of the standard library
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from gpu import surroundings, table
from gpu.results import Results, read


class Job(NamedTuple):
    """A process: `python -m gpu.<module> RESULTS <arguments>`, and how many seconds it may take."""

    module: str
    arguments: tuple = ()
    seconds: int = 60
    variables: tuple = ()


NETWORKS = "SimpleCNN", "LeNet-5", "ResNet-20", "ResNet-18", "ResNet-50"
SIMULATED = (("NUMBA_ENABLE_CUDASIM", "1"),)


def jobs_of(rehearse, folder, simulated, expression=""):
    """Return the jobs of each step, in the order in which they run. Those in a list run at the same time."""
    networks = NETWORKS[:1] if rehearse else NETWORKS
    device = f"{folder}/device.npz"
    parts = [] if simulated else [f"{folder}/simulated{n}.npz" for n in range(1 if rehearse else 4)]
    return {
        "versions": [Job("versions", seconds=120)],
        "bits": [Job("bits", seconds=120)],
        "memory": [Job("memory", seconds=120)],
        "layers": [Job("layers", ("--network", number), 240) for number in (("50",) if rehearse else ("50", "20"))],
        "steps": [*[Job("steps", ("--network", name, *["--no-compile"] * rehearse), 240) for name in networks],
                  *[Job("steps", ("--first", "--network", name), 90) for name in (
                      () if rehearse else ("SimpleCNN", "ResNet-18"))]],
        "profile": [Job("profile", ("--network", name), 90) for name in networks],
        "ops": [Job("ops", ("--expression", "test_fused_is_unfused_is_eager and relu6", "--processes", "0")
                    if rehearse else ("--expression", expression) if expression else (), 420)],
        "simulator": [[Job("simulator", ("--write", device), 200),
                       *[Job("simulator", ("--write", path, "--part", str(n), "--parts", str(len(parts))), 300,
                             SIMULATED) for n, path in enumerate(parts)]],
                      Job("simulator", ("--device", device, "--simulated", *(simulated or parts)))],
        "sanitizer": [Job("sanitizer", ("--tool", tool), 200) for tool in ("memcheck", "racecheck")],
    }


def start(job, results, folder, log, rehearse):
    """Start the process of a job; it leads a group of its own."""
    log.write(f"\n--- {time.strftime('%H:%M:%S')} {job.module} {' '.join(job.arguments)}\n")
    log.flush()
    variables = dict(job.variables + SIMULATED * rehearse)
    return subprocess.Popen(
        [sys.executable, "-m", f"gpu.{job.module}", str(results.path), *job.arguments, *["--rehearse"] * rehearse],
        env=surroundings.environment(folder, **variables), cwd=surroundings.ROOT, stdout=log,
        stderr=subprocess.STDOUT, start_new_session=True)


def run(jobs, seconds, results, folder, log, rehearse):
    """Run jobs at the same time; end those that take too long."""
    begin = time.monotonic()
    running = [(job, start(job, results, folder, log, rehearse)) for job in jobs]
    for job, process in running:
        limit = min(job.seconds, seconds)
        try:
            status = process.wait(max(0.1, begin + limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            status = f"ended after {limit:.0f} s"
        finally:
            stop(process)
        results.add("job", module=job.module, arguments=list(job.arguments), status=status,
                    seconds=time.monotonic() - begin)


def stop(process):
    """End a process and those that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = list(jobs_of(False, "", []))
    parser.add_argument("--out", default="gpu-results", metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=steps, default=steps, metavar="STEP",
                        help=f"of {', '.join(steps)}")
    parser.add_argument("--seconds", type=float, default=570, help="for all steps together")
    parser.add_argument("--network", nargs="+", choices=NETWORKS, default=NETWORKS, metavar="NETWORK",
                        help=f"of steps and profile: {', '.join(NETWORKS)}")
    parser.add_argument("--tests", metavar="EXPRESSION", help="of the step ops, as pytest -k takes it")
    parser.add_argument("--simulated", nargs="+", default=[], metavar="FILE",
                        help="what gpu.simulator --write gave elsewhere, for a machine without greenlet")
    parser.add_argument("--rehearse", action="store_true", help="without a GPU: run every step, measure nothing")
    return parser.parse_args()


def main():
    """Run the steps; print the table."""
    options = arguments()
    reason = None if options.rehearse else surroundings.missing()
    if reason:
        print(f"tests/gpu/run.py tests and measures numbacnn on a GPU: {surroundings.NEEDS}. Here {reason}.",
              file=sys.stderr)
        return 2
    end = time.monotonic() + options.seconds
    out = Path(options.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    results = Results(out / "results.jsonl", "run")
    with tempfile.TemporaryDirectory() as folder, open(out / "log.txt", "a", encoding="utf-8") as log:
        surroundings.announce(folder)
        jobs = jobs_of(options.rehearse, folder, [str(Path(path).resolve()) for path in options.simulated],
                       options.tests)
        for step in (each for each in jobs if each in options.only):
            results.step = step
            for together in jobs[step]:
                together = together if isinstance(together, list) else [together]
                if not chosen(together[0], options.network):
                    continue
                left = end - time.monotonic()
                if left < 5:
                    results.add("job", module=step, arguments=list(together[0].arguments), status="no time was left")
                else:
                    run(together, left, results, folder, log, options.rehearse)
            if step == "versions" and not any(each["right"] for each in read(results.path, step, "kernel")):
                print("One kernel does not run, nothing else was tried: see log.txt.", file=sys.stderr)
                break
    text = table.text(results.path)
    (out / "table.txt").write_text(text, encoding="utf-8")
    print(text)
    return 0


def chosen(job, networks):
    """Return whether a job is about a network that was asked for, or about none."""
    return job.module not in ("steps", "profile") or job.arguments[job.arguments.index("--network") + 1] in networks


if __name__ == "__main__":
    sys.exit(main())
