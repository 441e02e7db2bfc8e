"""Hooks of modules: functions of the user's around `forward`, and on gradients."""
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from numbacnn import hooks
from numbacnn.errors import DTypeError
from numbacnn.grad_mode import mode
from numbacnn.graph import thread
from numbacnn.hooks import RemovableHandle, register
from numbacnn.nn.backward_hooks import Passage


class _Hook(NamedTuple):
    function: Callable[..., Any]
    with_kwargs: bool
    always_call: bool = False


class _Hooks:
    """The hooks of one module, in the order of their calls."""

    def __init__(self) -> None:
        self.before_forward: OrderedDict[int, _Hook] = OrderedDict()
        self.after_forward: OrderedDict[int, _Hook] = OrderedDict()
        self.before_backward: OrderedDict[int, Any] = OrderedDict()
        self.after_backward: OrderedDict[int, Any] = OrderedDict()


class Hooked:
    """A call, and what the user hooked to it."""

    _hooks: _Hooks | None = None

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute: `forward`, and the hooks."""
        if hooks.watched:
            return _call(self, inputs, options)
        return self.forward(*inputs, **options)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the output; every subclass has its own."""
        raise NotImplementedError(f"{type(self).__name__} must define forward()")

    def register_forward_pre_hook(self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
                                  ) -> RemovableHandle:
        """Call a function before each `forward`; it may return other inputs.

        Parameters
        ----------
        hook : callable
            ``hook(module, inputs)``; returns None or the inputs to take instead, a tuple unless there is one.
        prepend : bool
            Call it before the hooks that are there.
        with_kwargs : bool
            ``hook(module, inputs, kwargs)``; returns None or a pair of inputs and keyword arguments.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.
        """
        return register("register_forward_pre_hook", self._own_hooks().before_forward, hook, prepend,
                        _Hook(hook, with_kwargs))

    def register_forward_hook(self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False,
                              always_call: bool = False) -> RemovableHandle:
        """Call a function after each `forward`; it may return another output.

        Parameters
        ----------
        hook : callable
            ``hook(module, inputs, output)``; returns None or the output to take instead.
        prepend : bool
            Call it before the hooks that are there.
        with_kwargs : bool
            ``hook(module, inputs, kwargs, output)``.
        always_call : bool
            Call it though `forward` failed, with None for the output.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.
        """
        return register("register_forward_hook", self._own_hooks().after_forward, hook, prepend,
                        _Hook(hook, with_kwargs, always_call))

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call a function with the gradients of the outputs, before they go on into the module.

        Parameters
        ----------
        hook : callable
            ``hook(module, grad_output)``, a tuple; returns None or the gradients to take instead.
        prepend : bool
            Call it before the hooks that are there.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.
        """
        return register("register_full_backward_pre_hook", self._own_hooks().before_backward, hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call a function when the gradients of all inputs are known.

        Parameters
        ----------
        hook : callable
            ``hook(module, grad_input, grad_output)``, tuples, with one entry for each positional input and output, None
            where there is no gradient; returns None or the gradients of the inputs to take instead.
        prepend : bool
            Call it before the hooks that are there.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.

        Notes
        -----
        In a captured function hooks run once, while it is recorded; what they compute with tensors is replayed.
        """
        return register("register_full_backward_hook", self._own_hooks().after_backward, hook, prepend)

    def _own_hooks(self) -> _Hooks:
        if self._hooks is None:
            self._hooks = _Hooks()
            hooks.watched = True
        return self._hooks


def _call(module: Hooked, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if thread.capture is not None:
        thread.capture.settings.note(module)
    own = module._hooks
    if own is None:
        return module.forward(*inputs, **options)
    for hook in [*own.before_forward.values()]:
        inputs, options = _replaced(module, hook, inputs, options)
    passage = None
    if mode.enabled and (own.before_backward or own.after_backward):
        passage = Passage(module, [*own.before_backward.values()], [*own.after_backward.values()])
        inputs = passage.enter(inputs)
    waiting, output = [*own.after_forward.values()], None
    try:
        output = module.forward(*inputs, **options)
        while waiting:
            output = _after(module, waiting.pop(0), inputs, options, output)
    except Exception as error:
        for hook in waiting:
            if hook.always_call:
                try:
                    output = _after(module, hook, inputs, options, output)
                except Exception as another:
                    error.add_note(f"a hook with always_call=True failed, too: {another!r}")
        raise
    return output if passage is None else passage.leave(output)


def _replaced(module: Hooked, hook: _Hook, inputs: tuple[Any, ...], options: dict[str, Any]
              ) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The inputs that a hook before `forward` leaves."""
    if not hook.with_kwargs:
        result = hook.function(module, inputs)
        return (inputs if result is None else result if isinstance(result, tuple) else (result,)), options
    result = hook.function(module, inputs, options)
    if result is None:
        return inputs, options
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[0], tuple)
            and isinstance(result[1], dict)):
        raise DTypeError(f"{type(module).__name__}: a forward pre-hook with with_kwargs=True must return None, or a "
                         f"tuple of inputs and a dict of keyword arguments, got {result!r}")
    return result


def _after(module: Hooked, hook: _Hook, inputs: tuple[Any, ...], options: dict[str, Any], output: Any) -> Any:
    """The output that a hook after `forward` leaves."""
    arguments = (inputs, options, output) if hook.with_kwargs else (inputs, output)
    result = hook.function(module, *arguments)
    return output if result is None else result
