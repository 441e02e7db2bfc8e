"""Training steps, as users write them: of numbacnn, and of PyTorch in each of its set-ups."""
import copy
import itertools

import torch

import numbacnn

from . import data

LAYOUTS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}


def steps(network, compiled=False):
    """Make training steps from equal weights; each returns the loss.

    Returns
    -------
    list of dict
        Steps of numbacnn, and of PyTorch by set-up.
    """
    images, targets = data.images(network, network.training_batch), data.targets(network)
    torch.manual_seed(0)
    model = network.build(torch.nn)
    ours = {"numbacnn": our_step(network, data.state_of(model), images, targets)}
    theirs = {}
    for (layout, memory_format), fused, compile_ in itertools.product(
            LAYOUTS.items(), (False, True), (False, True) if compiled else (False,)):
        name = f"PyTorch, {layout}, {'fused' if fused else 'default'} Adam{', compiled' if compile_ else ''}"
        theirs[name] = torch_step(model, images, targets, memory_format, fused, compile_)
    return [ours, theirs]


def our_step(network, state, images, targets):
    """The step of numbacnn."""
    model = network.build(numbacnn.nn)
    model.load_state_dict(state)
    optimizer, criterion = numbacnn.optim.Adam(model.parameters()), numbacnn.nn.CrossEntropyLoss()
    images, targets = numbacnn.tensor(images), numbacnn.tensor(targets)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(images), targets)
        loss.backward()
        optimizer.step()
        return loss

    return step


def torch_step(model, images, targets, memory_format, fused, compiled):
    """The same step of PyTorch."""
    model = copy.deepcopy(model).to(memory_format=memory_format)
    optimizer, criterion = torch.optim.Adam(model.parameters(), fused=fused), torch.nn.CrossEntropyLoss()
    images, targets = torch.from_numpy(images).to(memory_format=memory_format), torch.from_numpy(targets)
    call = torch.compile(model) if compiled else model

    def step():
        optimizer.zero_grad()
        loss = criterion(call(images), targets)
        loss.backward()
        optimizer.step()
        return loss

    return step


def two_losses(step):
    """Take two steps: after the second loss agrees, so did a forward pass, the gradients and the update."""
    return [float(step().item()) for _ in range(2)]
