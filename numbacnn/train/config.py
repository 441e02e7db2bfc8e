"""What a run's config.json says: all that is needed to use the network, and to train it again."""
import json
import platform
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path

from numbacnn import __version__, models
from numbacnn.nn import Module
from numbacnn.train.errors import CommandError


def versions() -> dict[str, str]:
    """Versions of all that takes part in a result."""
    return {"numbacnn": __version__, "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "numba", "llvmlite")}}


@dataclass
class Config:
    """How a network was trained, and how to use it.

    Attributes
    ----------
    task : str
        What was trained: ``numbacnn train TASK``.
    model : str
        The network's name in `numbacnn.models`.
    classes : list of str
        Name of each class.
    image_size : (int, int)
        Height and width of the images that the network takes.
    mean, std : float
        The network gets (image - mean) / std, pixels being 0 (paper) to 1 (ink).
    epochs, batch_size, lr, seed : int, int, float, int
        Options of the training.
    device : str
        Where it ran.
    outcome : str
        "finished", or why it ended otherwise.
    test_accuracy : float or None
        Share of the test images that the network recognises; None if it was not measured.
    versions : dict of str to str
        With what it ran.
    """

    task: str
    model: str
    classes: list[str]
    image_size: tuple[int, int]
    mean: float
    std: float
    epochs: int
    batch_size: int
    lr: float
    seed: int
    device: str
    outcome: str = "finished"
    test_accuracy: float | None = None
    versions: dict[str, str] = field(default_factory=versions)

    def build(self) -> Module:
        """Make a new network of that kind."""
        if self.model not in models.__all__:
            raise CommandError(f"predict: model must be one of {', '.join(models.__all__)}, got {self.model!r} in "
                               f"config.json; the run was made by numbacnn {self.versions.get('numbacnn')}, this is "
                               f"{__version__}")
        network: Module = getattr(models, self.model)(len(self.classes))
        return network

    def write(self, path: Path) -> None:
        """Write config.json."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Config":
        """Read config.json. Entries of other versions of this package are left out."""
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"predict: RUN must be a folder that `numbacnn train` made, got {path.parent} "
                               f"({path.name}: {getattr(error, 'strerror', None) or error})") from error
        names = [each.name for each in fields(cls)]
        missing = [name for name in names if not isinstance(entries, dict) or name not in entries]
        if missing:
            raise CommandError(f"predict: {path} must say {', '.join(missing)}")
        return cls(**{name: entries[name] for name in names})
