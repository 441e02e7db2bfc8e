"""Networks of both libraries, and their training steps on the device."""
import copy

import torch
from benchmarks.networks import NETWORKS, Network, conv_bn, conv_bn_relu, head, residual_class
from side_by_side import data

import numbacnn

from .plans import place


def resnet50(nn, widths=(64, 128, 256, 512), repeats=(3, 4, 6, 3)):
    """The residual network of 50 layers, the stride in the 3 x 3 convolution (He et al., 2015, section 4.1)."""
    layers, channels = [*conv_bn_relu(nn, 3, widths[0], 7, stride=2), nn.MaxPool2d(3, 2, 1)], widths[0]
    residual = residual_class(nn)
    for stage, (width, repeat) in enumerate(zip(widths, repeats, strict=True)):
        for block in range(repeat):
            stride = 2 if stage and not block else 1
            body = nn.Sequential(*conv_bn_relu(nn, channels, width, 1), *conv_bn_relu(nn, width, width, 3, stride),
                                 *conv_bn(nn, width, 4 * width, 1))
            shortcut = nn.Sequential(*conv_bn(nn, channels, 4 * width, 1, stride)) if not block else nn.Identity()
            layers.append(residual(body, shortcut))
            channels = 4 * width
    return nn.Sequential(*layers, *head(nn, channels, 1000))


def rehearsed(nn):
    """A network of which a step takes the simulator a moment only."""
    return nn.Sequential(*conv_bn_relu(nn, 1, 2, 3), nn.MaxPool2d(2), *head(nn, 2, 3))


ALL = {name: NETWORKS[name] for name in ("SimpleCNN", "LeNet-5", "ResNet-20")} | {
    "ResNet-18": NETWORKS["ResNet-18"]._replace(training_batch=256),
    "ResNet-50": Network(resnet50, (3, 224, 224), 1000, 256, 64)}
TINY = dict.fromkeys(ALL, Network(rehearsed, (1, 4, 4), 3, 2, 2))


def inputs(network):
    """Return images and targets as arrays."""
    return data.images(network, network.training_batch), data.targets(network)


def model_of(network):
    """Return a model of PyTorch, whose weights both sides begin with."""
    torch.manual_seed(0)
    return network.build(torch.nn)


def sides(network, state, model, compiled):
    """Return what makes the training step of each side, by name; a step returns the loss, which is being computed."""
    found = {"numbacnn": lambda: our_step(network, state, captured=False),
             "numbacnn, captured": lambda: our_step(network, state, captured=True),
             "PyTorch, eager": lambda: their_step(network, model_to_device(model))}
    if torch.cuda.is_available():
        found["PyTorch, one graph"] = lambda: graphed(their_step(network, model_to_device(model)))
    if compiled:                                         # "reduce-overhead" means CUDA graphs
        found["PyTorch, compiled"] = lambda: their_step(
            network, torch.compile(model_to_device(model), mode="reduce-overhead"))
    return found


def our_step(network, state, captured):
    """A training step of numbacnn: as users write it, or captured."""
    model = network.build(numbacnn.nn)
    model.load_state_dict(state)
    optimizer, criterion = numbacnn.optim.Adam(model.parameters()), numbacnn.nn.CrossEntropyLoss()
    x, y = map(numbacnn.tensor, inputs(network))

    def step(x, y):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    def plain():
        loss = step(x, y)
        numbacnn.evaluate()
        return loss

    replay = numbacnn.capture(step, model, optimizer)
    return (lambda: replay(x, y)) if captured else plain


def model_to_device(model):
    """Return a copy on the device, channels last."""
    return copy.deepcopy(model).to(place(torch)).to(memory_format=torch.channels_last)


def their_step(network, model):
    """The same step of PyTorch."""
    cuda = torch.cuda.is_available()
    optimizer = torch.optim.Adam(model.parameters(), fused=cuda, capturable=cuda)
    criterion = torch.nn.CrossEntropyLoss()
    x, y = (torch.from_numpy(each).to(place(torch)) for each in inputs(network))
    x = x.to(memory_format=torch.channels_last)

    def step():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def graphed(step):
    """Return the replay of a whole step as one CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step()

    def replay():
        graph.replay()
        return loss

    return replay
