"""Local response norm."""
from op_reference.made import made


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    images = x.reshape(*x.shape[:2], -1, 1) if x.size else x.reshape(*x.shape[:2], 0, 1)
    return made("local_response_norm", [images], images.shape, size // 2, (size - 1) // 2, alpha / size, beta,
                k).reshape(x.shape)
