"""compute-sanitizer over a short program (exercise.py), and over one with a mistake, which it must see."""
import re
import shutil
import subprocess
import sys

from .results import arguments

SUMMARY = re.compile(r"(?:ERROR|RACECHECK) SUMMARY: (\d+)")
LINES = 60                # of the report that are kept


def watched(tool, rehearse, planted=False):
    """Return the command that runs the program under a tool."""
    program = [sys.executable, "-m", "gpu.exercise", *["--rehearse"] * rehearse, *["--planted"] * planted]
    return program if rehearse else ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9",
                                     "--print-limit", "30", *program]


def found(status, text):
    """Return what a report says: how many errors, whether the program came to its end, the first lines."""
    sums = SUMMARY.findall(text)
    return {"status": status, "errors": int(sums[-1]) if sums else None, "ended": "done" in text.splitlines(),
            "report": [line for line in text.splitlines() if line.startswith("=====")][:LINES],
            "end": text[-1500:] if status else ""}


def main():
    """Run one tool."""
    options = arguments("sanitizer", ("--tool", {"default": "memcheck"}))
    if not options.rehearse and not shutil.which("compute-sanitizer"):
        options.results.add("tool", tool=options.tool, error="compute-sanitizer is not on the path")
        return
    for planted in (False,) if options.rehearse or options.tool != "memcheck" else (True, False):
        done = subprocess.run(watched(options.tool, options.rehearse, planted), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        options.results.add("tool", tool=options.tool, planted=planted, **found(done.returncode, done.stdout))


if __name__ == "__main__":
    main()
