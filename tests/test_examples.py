"""The examples run, and do what they say."""
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NUMBER = r"(\d+(?:\.\d+)?)"


def said(name, tmp_path):
    """What an example prints."""
    done = subprocess.run([sys.executable, EXAMPLES / f"{name}.py"], cwd=tmp_path, text=True, capture_output=True,
                          check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.iterdir()), "an example leaves nothing behind"
    return done.stdout


def numbers(pattern, text):
    """The numbers in the place of # in a line."""
    found = re.search(pattern.replace("#", NUMBER), text)
    assert found, f"no {pattern!r} in\n{text}"
    return [float(number) for number in found.groups()]


def test_three_heads(tmp_path):
    text = said("three_heads", tmp_path)
    assert numbers("right for #% of #", text) >= [95, 360]
    found, zeros, others = numbers("finds # of # zeros, and # others", text)
    assert found >= zeros - 2
    assert others <= 5
    error, guess = numbers("# pixels beside it on average; a guess is # pixels", text)
    assert error < guess / 3


def test_an_mlp_beside_a_cnn(tmp_path):
    text = said("mlp_beside_cnn", tmp_path).replace(",", "")
    weights, centred, shifted = numbers("MLP +# +#% +#%", text)
    fewer, as_centred, as_shifted = numbers("CNN +# +#% +#%", text)
    assert fewer < weights
    assert min(centred, as_centred) > 94
    assert shifted < 40
    assert as_shifted > 90


def test_a_cnn_reads_sentences(tmp_path):
    text = said("text_cnn", tmp_path)
    assert numbers("# sentences of # words; # to train on", text) == [2400, 36, 1800]
    right, unseen = numbers("right for #% of # sentences it has not seen", text)
    assert right > 95
    assert unseen == 600
    assert text.count("praise ") + text.count("complaint ") == 5
