"""Learned vectors, looked up by indices."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.creation import zeros
from numbacnn.errors import ShapeError
from numbacnn.grad_mode import no_grad
from numbacnn.graph import MAX_ELEMENTS, too_large
from numbacnn.nn import init
from numbacnn.nn.module import Module, Parameter
from numbacnn.nn.weighted import made
from numbacnn.ops.check import floating
from numbacnn.ops.embedding import embedding, padding, refuse
from numbacnn.options import number, whole


class Embedding(Module):
    """Look up a learned vector for each index: words, or anything that can be numbered.

    Parameters
    ----------
    num_embeddings : int
        How many vectors there are: V.
    embedding_dim : int
        How long they are: D.
    padding_idx : int, optional
        The index whose vector is zero at first, and gets no gradient; it may count from the end.
    max_norm : None
        Not offered, see `numbacnn.nn.functional.embedding`.
    norm_type : float
        Of max_norm.
    scale_grad_by_freq, sparse : False
        Not offered.
    _weight : Tensor, optional
        First values.
    device, dtype : optional
        Of the vectors; float32 by default.

    Notes
    -----
    (...) becomes (..., D). ``weight`` is (V, D); first values are drawn from the normal distribution, as in PyTorch.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None,
                 max_norm: float | None = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False,
                 sparse: bool = False, _weight: Tensor | None = None, device: Any = None, dtype: Any = None) -> None:
        whole("Embedding", "num_embeddings", num_embeddings, 1)
        whole("Embedding", "embedding_dim", embedding_dim, 1)
        if num_embeddings * embedding_dim > MAX_ELEMENTS:
            raise too_large("Embedding", "weight", (num_embeddings, embedding_dim))
        number("Embedding", "norm_type", norm_type, infinite=True)
        refuse("Embedding", max_norm=max_norm, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = padding("Embedding", padding_idx, num_embeddings)
        if _weight is None:
            self.weight = Parameter(zeros(num_embeddings, embedding_dim, **made("Embedding", dtype, device)))
            self.reset_parameters()
        else:
            floating("Embedding", _weight=_weight)
            if _weight.shape != (num_embeddings, embedding_dim):
                raise ShapeError(f"Embedding: _weight must be ({num_embeddings}, {embedding_dim}), got "
                                 f"_weight{_weight.shape}")
            self.weight = Parameter(_weight)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> "Embedding":
        """Make a layer of vectors that are there.

        Parameters
        ----------
        embeddings : Tensor, shape (V, D)
            The vectors.
        freeze : bool
            Whether they stay as they are.
        padding_idx : int, optional
            The index whose vector gets no gradient.
        """
        floating("Embedding", embeddings=embeddings)
        if embeddings.ndim != 2:
            raise geometry.wrong_rank("Embedding", "embeddings", embeddings.shape, "(vectors, length)")
        count, length = embeddings.shape
        made = cls(count, length, padding_idx, _weight=embeddings)
        made.weight.requires_grad_(not freeze)
        return made

    def reset_parameters(self) -> None:
        """Draw the first values anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    def forward(self, x: Tensor) -> Tensor:
        """Look up the vectors of indices (...)."""
        return embedding(x, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"
