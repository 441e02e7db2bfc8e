"""One line on the terminal while something is compiled, so that nobody thinks that all is stuck."""
import logging
import shutil
import sys

log = logging.getLogger("numbacnn")


def show(title):
    """Say what is compiled: to the log; or, if nobody reads that, on the terminal."""
    log.info("compiling %s", title)
    if is_wanted():
        write_over(f"numbacnn compiles, once: {title} ...")


def clear():
    """Leave the terminal as it was."""
    if is_wanted():
        write_over("")


def is_wanted():
    """Whether errors go to a terminal, and the log is not read."""
    try:
        return sys.stderr.isatty() and not log.isEnabledFor(logging.INFO)
    except (AttributeError, ValueError):                    # there is no such stream, or it is closed
        return False


def write_over(text):
    """Put a text in the place of the line on which the cursor is."""
    width = shutil.get_terminal_size().columns - 1
    sys.stderr.write(f"\r{text[:width]:{width}}\r")
    sys.stderr.flush()
