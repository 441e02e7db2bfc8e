"""Saving and loading tensors: safetensors files, which hold numbers and names, and no code."""
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError


def save(tensors: Mapping[str, Any], path: "str | os.PathLike[str]", metadata: Mapping[str, str] | None = None) -> None:
    """Write named tensors, such as a state dict, to a safetensors file.

    The file is complete or it is not there: it is written beside its place and then moved.

    Parameters
    ----------
    tensors : mapping of str to Tensor or array
        What to save.
    path : str or path
        Where.
    metadata : mapping of str to str, optional
        Text that goes with it.
    """
    from safetensors.numpy import save as to_bytes

    if not isinstance(tensors, Mapping):
        raise DTypeError(f"save: tensors must be a mapping of names, such as model.state_dict(), got "
                         f"{type(tensors).__name__}")
    arrays = {name: np.ascontiguousarray(_values(name, value)).reshape(np.shape(value))
              for name, value in tensors.items()}
    data = to_bytes(arrays, dict(metadata) if metadata else None)
    path = Path(os.path.realpath(path))                  # a link is followed, not replaced
    if path.exists() and not path.is_file():
        path.write_bytes(data)                           # a device, a pipe
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def load(path: "str | os.PathLike[str]") -> dict[str, Tensor]:
    """Read the tensors of a safetensors file.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    dict of str to Tensor
        On the default device; for `Module.load_state_dict`.

    Raises
    ------
    ValueError
        If the file is not a safetensors file, or is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        arrays = from_bytes(Path(path).read_bytes())
    except SafetensorError as error:
        raise ValueError(f"load: {path} must be a safetensors file: {error}") from error
    return {name: Tensor(values) for name, values in arrays.items()}


def _values(name: str, value: Any) -> np.ndarray:
    if not isinstance(value, Tensor | np.ndarray | np.generic):
        raise DTypeError(f"save: every value must be a Tensor or an array, got {type(value).__name__} for {name!r}")
    return np.asarray(value)
