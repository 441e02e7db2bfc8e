"""Saving and loading: safetensors files, which hold numbers, names and texts, and no code."""
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.backend import Device, device
from numbacnn.dtypes import DTYPES
from numbacnn.errors import DTypeError
from numbacnn.graph import Array

NESTED = "numbacnn.nested"                               # what the description is called in the file


def save(obj: Any, path: "str | os.PathLike[str]", metadata: Mapping[str, str] | None = None) -> None:
    """Write a state dict, or a whole checkpoint, to a safetensors file.

    The file is complete or it is not there: it is written beside its place and then moved.

    Parameters
    ----------
    obj : dict, list, tuple, Tensor, array, number, str or None
        What to save: tensors, arrays, numbers, texts, None, and dictionaries, lists and tuples of these, to any depth.
        Such as ``{"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}``.
    path : str or path
        Where.
    metadata : mapping of str to str, optional
        Texts that go with it.

    Raises
    ------
    DTypeError
        If there is anything else in it; the error tells where.

    Notes
    -----
    Values are saved: no gradients, no histories, no types of dictionaries. A dictionary of names and tensors is a file
    that every program reads which knows safetensors. In others tensors are called by their path, such as
    ``model.0.weight``, and the rest is a text of JSON among the metadata.
    """
    from safetensors.numpy import save as to_bytes

    from numbacnn.nested import taken_apart

    texts = _texts(metadata)
    if isinstance(obj, Mapping) and all(isinstance(name, str) and name != "__metadata__" and isinstance(each, Tensor)
                                        for name, each in obj.items()):
        arrays = {name: each.numpy() for name, each in obj.items()}
    else:
        arrays, texts[NESTED] = taken_apart("save", obj)
    data = to_bytes({name: np.ascontiguousarray(each).reshape(each.shape) for name, each in arrays.items()},
                    texts or None)
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


def load(path: "str | os.PathLike[str]", map_location: "str | Device | None" = None, *, weights_only: bool = True
         ) -> Any:
    """Read what was saved: tensors as tensors, arrays as arrays, in the same dictionaries, lists and tuples.

    Parameters
    ----------
    path : str or path
        The file; a safetensors file of another program gives a dictionary of tensors.
    map_location : str or Device, optional
        Where tensors are born; by default the default device.
    weights_only : bool
        Accepted for compatibility: nothing in the file is ever run.

    Returns
    -------
    dict, or whatever was saved
        For `Module.load_state_dict` and its like.

    Raises
    ------
    ValueError
        If the file is not a safetensors file, or is damaged.
    DTypeError
        If it holds tensors of a dtype that there is not here.

    Examples
    --------
    >>> import os, tempfile
    >>> import numbacnn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "checkpoint.safetensors")
    ...     numbacnn.save({"weights": [numbacnn.ones(2)], "epoch": 3}, path)
    ...     numbacnn.load(path)
    {'weights': [tensor([1., 1.])], 'epoch': 3}
    """
    from safetensors import SafetensorError, deserialize

    from numbacnn.nested import put_together

    place = None if map_location is None else device(map_location)
    data = Path(path).read_bytes()

    def tensor(name: str, values: np.ndarray) -> Tensor:
        if values.dtype.name not in DTYPES:
            raise DTypeError(f"load: tensors must be {', '.join(DTYPES)}, got {values.dtype} for {name!r}")
        return Tensor(Array.of(values, place))

    try:
        arrays = {name: np.frombuffer(each["data"], KINDS[each["dtype"]]).reshape(each["shape"])
                  for name, each in deserialize(data)}  # type: ignore[no-untyped-call]
        description = _metadata(data).get(NESTED)
        return ({name: tensor(name, values) for name, values in arrays.items()} if description is None
                else put_together(arrays, description, tensor))
    except DTypeError:
        raise
    except SafetensorError as error:
        raise ValueError(f"load: {path} must be a safetensors file{_other_kind(data)}: {error}") from error
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        wrong = [f"{kind} for {name!r}" for name, kind in _dtypes(data).items() if kind not in KINDS]
        if wrong:
            raise DTypeError(f"load: tensors must be {', '.join(DTYPES)}, got {wrong[0]}") from error
        raise ValueError(f"load: {path} is damaged: {type(error).__name__} {error}") from error


KINDS = {"BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
         "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}


def _header(data: bytes) -> dict[str, Any]:
    """The first part of a safetensors file, which was read before."""
    import json

    header: dict[str, Any] = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    return header


def _metadata(data: bytes) -> dict[str, str]:
    texts: dict[str, str] = _header(data).get("__metadata__") or {}
    return texts


def _dtypes(data: bytes) -> dict[str, str]:
    return {name: each["dtype"] for name, each in _header(data).items() if name != "__metadata__"}


def _texts(metadata: Any) -> dict[str, str]:
    """What the user wants to be written, too."""
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping) or not all(isinstance(each, str) for each in (*metadata, *metadata.values())):
        raise DTypeError(f"save: metadata must be a mapping of str to str, got {metadata!r}")
    if NESTED in metadata:
        raise ValueError(f"save: metadata must not be called {NESTED!r}, as what numbacnn writes itself")
    return dict(metadata)


def _other_kind(data: bytes) -> str:
    """What it is, if not that."""
    if data[:2] == b"PK" or data[:1] == b"\x80":
        return (", and is a pickle, such as torch.save writes, which may run code when it is read; there, write one "
                "with safetensors.torch.save_file(model.state_dict(), path)")
    return ""
