"""Programs on arrays that are large enough for the kernels of long sums, of tiles and of tensor cores.

They are planned for a device that runs nothing: sizes cost nothing.
"""
import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.nn import functional as F

PROGRAMS = {}


def program(function):
    """Give a program a name."""
    PROGRAMS[function.__name__] = function
    return function


def differentiated(function, *shapes):
    """Compute a function of arrays of these shapes, and its gradients."""
    inputs = [nb.zeros(*shape, requires_grad=True) for shape in shapes]
    function(*inputs).sum().backward()
    nb.evaluate(*[x.grad for x in inputs])


@program
def convolutions():
    for channels, filters, size, window, options in (
            (64, 64, 56, 3, {"padding": 1}), (64, 256, 56, 1, {}), (128, 128, 56, 3, {"stride": 2, "padding": 1}),
            (3, 64, 224, 7, {"stride": 2, "padding": 3}), (256, 512, 56, 1, {"stride": 2}),
            (128, 128, 28, 3, {"padding": 1, "groups": 128}), (96, 96, 28, 5, {"padding": 2, "groups": 96}),
            (96, 96, 28, 3, {"padding": 1, "stride": 2, "groups": 96}), (64, 128, 28, 3, {"padding": 1, "groups": 32}),
            (30, 66, 28, 3, {"padding": 2, "dilation": 2})):
        for precision in "default", "highest":
            nb.set_precision(precision)
            each = channels // options.get("groups", 1)
            differentiated(lambda x, w, b, options=options: F.relu(F.conv2d(x, w, b, **options)),
                           (64, channels, size, size), (filters, each, window, window), (filters,))
    nb.set_precision("default")


@program
def products():
    for precision in "default", "high":
        nb.set_precision(precision)
        differentiated(F.linear, (512, 1024), (1000, 1024), (1000,))
        differentiated(nb.matmul, (8, 300, 400), (400, 500))
        differentiated(nb.matmul, (1, 4096), (4096, 4096))
    nb.set_precision("default")


@program
def norms():
    for size in 56, 7:
        x = nb.zeros(64, 256, size, size, requires_grad=True)
        y = nn.GroupNorm(32, 256)(nn.BatchNorm2d(256)(x))
        nn.InstanceNorm2d(256, affine=True)(y).sum().backward()
        nb.evaluate(x.grad)
    for width in 768, 5000, 20000:
        x = nb.zeros(512, width, requires_grad=True)
        F.dropout(nn.LayerNorm(width)(x), 0.5).sum().backward()
        nb.evaluate(x.grad)


@program
def losses():
    for classes in 10, 1000, 50000:
        logits = nb.zeros(256, classes, requires_grad=True)
        F.cross_entropy(logits, nb.zeros(256, dtype="int64")).backward()
        nb.evaluate(logits.grad)
        differentiated(lambda x: F.softmax(x, 1) * F.log_softmax(x, 1), (256, classes))
    differentiated(lambda x: F.log_softmax(x, 1), (8, 21, 128, 128))


@program
def reductions():
    for shape, axes in (((4096, 4096), (0,)), ((4096, 4096), (1,)), ((64, 256, 56, 56), (0, 2, 3)), ((1 << 24,), (0,))):
        x = nb.zeros(*shape)
        nb.evaluate(x.sum(axes), x.mean(axes), x.var(axes), x.amax(axes), x.amin(axes), x.norm())
        nb.evaluate(x.argmax(axes[0]), x.max(axes[0])[0], x.cumsum(axes[0]), x.to("int64").sum(axes), (x > 0).any())


@program
def picking():
    x, index = nb.zeros(5000, 300, requires_grad=True), nb.zeros(10000, dtype="int64")
    F.embedding(index, x).sum().backward()
    nb.evaluate(x.grad, nb.zeros(100, 5000).sort(1)[0], nb.zeros(5000, 100).topk(5, 0)[0])
    nb.evaluate(nb.zeros(100, 50).sort(1)[0], nb.cat([nb.zeros(300, 400), nb.zeros(500, 400)]))
    nb.evaluate(nb.zeros(8, 300, 400).permute(0, 2, 1), nb.zeros(64, 56, 56, 64).permute(0, 3, 1, 2))
    nb.evaluate(F.pad(nb.zeros(8, 64, 56, 56), (1, 1, 2, 2)), nb.zeros(8, 64, 56, 56).flip(3))


@program
def pooling():
    for window, stride, padding in (2, 2, 0), (3, 2, 1), (5, 1, 2):
        differentiated(lambda x, k=window, s=stride, p=padding: F.max_pool2d(x, k, s, p) + F.avg_pool2d(x, k, s, p),
                       (64, 64, 112, 112))
    differentiated(lambda x: F.adaptive_avg_pool2d(x, 1), (64, 512, 7, 7))
    differentiated(lambda x: F.adaptive_max_pool2d(x, 3), (64, 64, 100, 100))
    differentiated(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), (8, 64, 56, 56))
    differentiated(lambda x: F.pixel_shuffle(x, 2), (8, 64, 56, 56))


@program
def random_numbers():
    nb.evaluate(nb.rand(1 << 20), nb.randn(1 << 20), nb.randint(0, 9, (1 << 20,)), nb.randperm(1000))
    nb.evaluate(nb.rand(1000, dtype="float64"), nb.randn(1000, dtype="float64"))


@program
def optimisers():
    for make in (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad, optim.Adadelta, optim.Adamax,
                 optim.NAdam, optim.RAdam, optim.Lion):
        for options in ({}, {"momentum": 0.9}) if make in (optim.SGD, optim.RMSprop) else ({},):
            model = nn.Sequential(nn.Linear(300, 200), nn.ReLU(), nn.Linear(200, 10))
            optimizer = make(model.parameters(), lr=0.1, **options)
            for _ in range(2):
                optimizer.zero_grad()
                model(nb.zeros(64, 300)).sum().backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
    nn.utils.clip_grad_value_(model.parameters(), 1.0)
    averaged = optim.swa_utils.AveragedModel(model)
    averaged.update_parameters(model)
    nb.evaluate()
