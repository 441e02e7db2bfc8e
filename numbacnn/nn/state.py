"""Saving and loading what belongs to a module."""
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import DTYPES, FLOATING, converted, is_real
from numbacnn.errors import DTypeError, StateError
from numbacnn.graph import Array
from numbacnn.nn.parameter import Buffer, Parameter
from numbacnn.nn.tree import Tree


class Keys(NamedTuple):
    """What `load_state_dict` did not find, and what it found too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Stateful(Tree):
    """Parameters and buffers as a mapping, and back."""

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Return all parameters and persistent buffers by path, with PyTorch's names and layouts.

        The tensors are values: they do not change when training goes on.

        Parameters
        ----------
        destination : dict, optional
            Add to this one, and return it.
        prefix : str
            Put in front of each path, such as ``"encoder."``.
        keep_vars : bool
            Return the parameters and buffers themselves.

        Returns
        -------
        OrderedDict of str to Tensor
            A parameter that occurs twice is there under both paths.
        """
        if destination is None:
            destination = OrderedDict()
        for path, tensor in self._persistent():
            destination[prefix + path] = tensor if keep_vars else tensor.detach()
        return destination

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Keys:
        """Take over parameters and buffers; nothing changes unless everything fits.

        Parameters
        ----------
        state_dict : mapping of str to Tensor or array
            As from `state_dict`, or from `numbacnn.load`.
        strict : bool
            Refuse names that are missing or unexpected.
        assign : bool
            Take over dtypes, too; else values are converted to those of this module.

        Returns
        -------
        Keys
            ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        StateError
            If a name is missing or unexpected (and `strict`), or a value does not fit; it names all of them. It is a
            ShapeError, DTypeError, KeyError and RuntimeError.
        """
        if not isinstance(state_dict, Mapping):
            raise DTypeError("load_state_dict: state_dict must be a mapping of names to tensors, such as "
                             f"model.state_dict(), got {type(state_dict).__name__}")
        own = dict(self._persistent())
        keys = Keys([k for k in own if k not in state_dict], [k for k in state_dict if k not in own])
        arrays, faults = {}, []
        for path in own:
            if path in state_dict:
                try:
                    arrays[path] = _fitting(path, own[path], state_dict[path], assign)
                except StateError as fault:
                    faults.append(str(fault))
        if strict and (keys.missing_keys or keys.unexpected_keys):
            faults.append(f"names must match; missing: {keys.missing_keys}, unexpected: {keys.unexpected_keys}. "
                          "strict=False loads what fits")
        if faults:
            raise StateError("load_state_dict: " + faults[0] if len(faults) == 1 else
                             f"load_state_dict: nothing was loaded, {len(faults)} things do not fit:\n  "
                             + "\n  ".join(faults))
        for path, array in arrays.items():
            own[path].array = array
        return keys

    def _persistent(self) -> list[tuple[str, Tensor]]:
        """What is saved: of each module first the parameters, then the buffers."""
        return [(path + name, value) for path, module in self.named_modules(remove_duplicate=False)
                for path in [path and path + "."] for kind in (Parameter, Buffer)
                for name, value in vars(module).items()
                if isinstance(value, kind) and getattr(value, "persistent", True)]


def _fitting(path: str, own: Tensor, value: Any, assign: bool) -> Array:
    try:
        values = np.asarray(value)
    except Exception as error:                           # what an array of another library raises
        raise StateError(f"{path} must be a Tensor or an array; {type(value).__name__} cannot be read as one: "
                         f"{error}") from error
    if values.dtype.kind == "O":
        raise StateError(f"{path} must be a Tensor or an array, got {type(value).__name__}")
    if values.shape != own.shape:
        raise StateError(f"{path} must be {own.shape}, got {values.shape}")
    if not is_real(values.dtype):
        raise StateError(f"{path} must be numbers, got {values.dtype}")
    if not assign:
        values = values if values.dtype == own.dtype else converted(values, own.array.dtype)
    elif values.dtype.name not in DTYPES or (own.requires_grad and values.dtype.name not in FLOATING):
        raise StateError(f"{path} must be {own.dtype} or another dtype of its kind, got {values.dtype}")
    return Array.of(values, own.device)
