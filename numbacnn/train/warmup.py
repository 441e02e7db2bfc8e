"""The command `numbacnn warmup`: compile before anybody waits, in an image of a container, say."""
import sys
from collections.abc import Sequence

import numpy as np

from numbacnn.autograd import no_grad
from numbacnn.backend import load, set_default_device
from numbacnn.conversion import tensor
from numbacnn.nn import CrossEntropyLoss
from numbacnn.optim import Adam
from numbacnn.train.console import CompileNotice
from numbacnn.train.tasks import TASKS, Task

NETWORKS = {task.model.__name__: task for task in TASKS.values()}


def warmup(networks: Sequence[str] = (), arch: str | None = None) -> int:
    """Compile what networks need to be trained and used, and say what was compiled.

    Parameters
    ----------
    networks : sequence of str
        Names in `NETWORKS`; by default all.
    arch : str, optional
        Compile for a GPU of this architecture, such as "sm_90a", which need not be in this machine. What comes after in
        this process finds no other GPU: a process of its own should do this.

    Returns
    -------
    int
        Exit status.
    """
    if arch is not None:
        return warmup_for(arch, networks)
    with CompileNotice(sys.stdout) as notice:
        for name in networks or NETWORKS:
            compile_network(NETWORKS[name])
            if notice.count == 0:
                print(f"{name}: nothing to compile")
            notice.done(f"{name}: ")
    return 0


def warmup_for(arch: str, networks: Sequence[str]) -> int:
    """Compile what networks need on a GPU that need not be here, and say how much that was.

    Parameters
    ----------
    arch : str
        Its architecture.
    networks : sequence of str
        Names in `NETWORKS`; by default all.

    Returns
    -------
    int
        Exit status.
    """
    with load("cuda").compiling_for(arch) as compile_met:
        set_default_device("cuda")
        try:
            for name in networks or NETWORKS:
                compile_network(NETWORKS[name])
                kernels, missing = compile_met()
                print(f"{name}: {kernels} kernels for {arch}, {missing} of them compiled now")
        finally:
            set_default_device(None)
    return 0


def compile_network(task: Task) -> None:
    """Take a training step with a network, and let it look at several images and at one."""
    model = task.model()
    optimizer = Adam(model.parameters(), task.lr)
    images = np.zeros((task.batch_size, 1, *task.image_size), np.float32)
    loss = CrossEntropyLoss()(model(tensor(images)), tensor(np.zeros(task.batch_size, np.int64)))
    loss.backward()
    optimizer.step()
    model.eval()
    with no_grad():
        for batch in (images, images[:1]):
            model(tensor(batch)).numpy()
