"""Numbers that must lie within limits."""


def bernoulli_probabilities(x, checked):
    if not ((x >= 0) & (x <= 1)).all():
        raise ValueError("bernoulli: p must be in [0, 1]")
    checked[...] = x


def normal_deviations(x, checked):
    if not (x >= 0).all():
        raise ValueError("normal: std must be at least 0")
    checked[...] = x


def gaussian_nll_loss_variances(x, checked):
    if (x < 0).any():
        raise ValueError("gaussian_nll_loss: var must be at least 0")
    checked[...] = x
