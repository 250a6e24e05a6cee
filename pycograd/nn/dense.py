"""Matrices of weights: `linear`, `embedding`; and `dropout`, which draws from a key or a generator that it is given."""

import numpy as np

from pycograd.core import (
    Aval,
    Batched,
    Handle,
    Primitive,
    ShapeError,
    Traced,
    aval_of,
    shape_of,
    value_of,
    where,
)
from pycograd.ops.families import arrayed
from pycograd.ops.indexing import plain
from pycograd.ops.selection import np_take
from pycograd.ops.softmax import floating
from pycograd.transforms import stop_gradient

from .random import uniform

__all__ = ["dropout", "embedding", "linear"]


def linear(x, w, b=None):
    """x @ w + b.

    x  (..., inputs)
    w  (inputs, outputs)
    b  (outputs,), or None
    Raises ShapeError if the sizes differ.

    >>> linear(np.ones((2, 3)), np.eye(3), np.array([0.0, 1.0, 2.0]))
    array([[1., 2., 3.],
           [1., 2., 3.]])
    """
    x, w = arrayed(x), arrayed(w)
    inputs, weights = shape_of(x), shape_of(w)
    if len(weights) != 2 or not inputs or inputs[-1] != weights[0]:
        raise ShapeError(
            f"linear: x of shape {inputs} and w of shape {weights}{where()}: w must be (inputs, outputs), and "
            "the last axis of x the inputs"
        )
    y = np.matmul(x, w)
    if b is None:
        return y
    if shape_of(b) != weights[1:]:
        raise ShapeError(
            f"linear: b of shape {shape_of(b)} and w of shape {weights}{where()}: b must be of shape {weights[1:]}"
        )
    return y + b


# ---- embedding -----------------------------------------------------------------------------------------------------
def embedding(table, indices, *, padding_idx=None):
    """Rows of `table`: an array of shape (*indices.shape, features).

    table        (rows, features)
    indices      integers of any shape, from 0 to rows - 1
    padding_idx  a row that is not trained: its gradient is zeros
    Raises IndexError for an index out of range, NotImplementedError for a table that vmap maps, with `padding_idx`.

    >>> embedding(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1, 0]))
    array([[3., 4.],
           [3., 4.],
           [1., 2.]])
    """
    table, indices = arrayed(table), plain(arrayed(indices))
    indices = indices if isinstance(indices, Traced) else np.asarray(indices)
    if len(shape_of(table)) != 2:
        raise ShapeError(f"embedding: the table must be (rows, features), not {shape_of(table)}{where()}")
    rows = shape_of(table)[0]
    if indices.dtype.kind not in "iu":
        raise TypeError(f"embedding: indices must be integers, not {indices.dtype}{where()}")
    in_table(indices, rows, "indices")
    if padding_idx is None:
        return np_take(table, indices, axis=0)
    in_table(np.asarray(padding_idx), rows, "padding_idx")
    if is_mapped(table):
        raise NotImplementedError(
            f"embedding: a table that vmap maps, with padding_idx{where()}: map the indices, or leave padding_idx out"
        )
    y = np_take(table, indices, axis=0)
    return np.where(np.equal(indices, padding_idx)[..., None], stop_gradient(y), y)


def in_table(indices, rows, name):
    """Raise IndexError if the known numbers of `indices` are not all rows of the table."""
    known = value_of(indices)
    if isinstance(known, Aval) or not known.size or 0 <= known.min() and known.max() < rows:
        return
    wrong = known[(known < 0) | (known >= rows)].flat[0] if known.ndim else known
    raise IndexError(
        f"embedding: {name} of shape {shape_of(indices)} hold {wrong}{where()}, which is none of the {rows} rows of "
        f"the table, 0 to {rows - 1}"
    )


def is_mapped(x):
    """Whether some vmap watches `x`."""
    while isinstance(x, Traced):
        if type(x) is Batched:
            return True
        x = x.current() if isinstance(x, Handle) else x.value
    return False


# ---- dropout -------------------------------------------------------------------------------------------------------
def drawn(x, *, p, rng):
    """Zeros with probability `p`, else 1 / (1 - p), of the shape and dtype of `x`."""
    dtype = np.dtype(aval_of(x).dtype)
    u = rng.random(shape_of(x), dtype if dtype in (np.float32, np.float64) else float)
    return np.multiply(u >= p, 1 / (1 - p), dtype=dtype)


# Of many examples every one has a mask of its own: the whole batch is drawn at once.
mask_ = Primitive(
    drawn,
    operands="x",
    batch=lambda prim, xs, batched, params: prim.call(xs[0], **params),
    shape=lambda x, **_: Aval(x.shape, np.dtype(x.dtype)),
    name="dropout_mask",
)


def dropout(x, p, training=True, key=None, rng=None):
    """`x`, with each element replaced by 0 with probability `p` and the others divided by 1 - p.

    training  False: `x` as it is
    key       of `pycograd.random`: the same key drops the same elements.  Under vmap, map a key for each example
    rng       a numpy Generator, instead of a key; under vmap each example has a mask of its own
    Raises ValueError if there is neither, for there is no global generator, or if `p` is not in [0, 1].
    Srivastava et al. 2014, in the inverted form.

    >>> from pycograd import random
    >>> dropout(np.ones(4), 0.5, key=random.key(0))
    array([0., 2., 0., 2.])
    """
    x = floating(x)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p must be between 0 and 1, not {p}{where()}")
    if not training or p == 0:
        return x
    if key is None and rng is None:
        raise ValueError(
            f"dropout: give it key=pycograd.random.key(seed), or rng=np.random.default_rng(seed){where()}: there is "
            "no global generator"
        )
    if key is not None and rng is not None:
        raise TypeError(
            f"dropout: key and rng are two sources of the same numbers{where()}: give one of them"
        )
    if p == 1:
        return x * 0.0
    if rng is not None:
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"dropout: rng must be a numpy Generator, not {type(rng).__name__}{where()}")
        return x * mask_.call(x, p=p, rng=rng)
    keep = np.greater_equal(uniform(key, shape_of(x)), p)
    return x * (keep * (1 / (1 - p))).astype(aval_of(x).dtype)
