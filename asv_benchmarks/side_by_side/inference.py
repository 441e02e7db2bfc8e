"""Inference, from images in memory to logits: of numbacnn, PyTorch and ONNX Runtime."""
import copy
import io
import logging
import warnings

import onnxruntime
import torch

import numbacnn

from . import data
from .training import LAYOUTS


def runs(network, batch, threads, compiled=False, onnx=True):
    """Make inferences with equal weights; each returns the logits.

    Returns
    -------
    list of dict
        Inferences of numbacnn, plain and captured, of PyTorch by set-up, and of ONNX Runtime.
    """
    images = data.images(network, batch)
    torch.manual_seed(0)
    model = data.with_statistics(network.build(torch.nn)).eval()
    theirs = {}
    for layout, memory_format in LAYOUTS.items():
        peer = copy.deepcopy(model).to(memory_format=memory_format)
        theirs[f"PyTorch, {layout}"] = torch_run(peer, images, memory_format)
        if compiled:
            theirs[f"PyTorch, {layout}, compiled"] = torch_run(torch.compile(peer), images, memory_format)
    sides = [our_runs(network, data.state_of(model), images), theirs]
    return [*sides, {"ONNX Runtime": onnx_run(model, images, threads)}] if onnx else sides


def our_runs(network, state, images):
    """Inference as users write it; and captured, which leaves Python out."""
    model = network.build(numbacnn.nn).eval()
    model.load_state_dict(state)
    images, captured = numbacnn.tensor(images), numbacnn.capture(model)

    @numbacnn.no_grad()
    def plain():
        logits = model(images)
        numbacnn.evaluate(logits)
        return logits

    @numbacnn.no_grad()
    def replayed():
        return captured(images)

    return {"numbacnn": plain, "numbacnn, captured": replayed}


def torch_run(model, images, memory_format):
    """The same of PyTorch."""
    images = torch.from_numpy(images).to(memory_format=memory_format)
    return torch.inference_mode()(lambda: model(images))


def onnx_run(model, images, threads):
    """The same of ONNX Runtime, with all its graph optimisations."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(model, (torch.from_numpy(images),), dynamo=True, verbose=False)
        program.save(buffer)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images}
    return lambda: session.run(None, feed)[0]
