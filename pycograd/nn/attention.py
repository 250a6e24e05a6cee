"""Attention: softmax(q k^T / sqrt(d)) v, of one head or of many.

In steps: written out as one operation it is no faster (8 x 4 heads, 64 tokens: within 3 %).  The tape keeps the
attention of each query to each key, once.
"""

from math import sqrt

import numpy as np

from pycograd.core import ShapeError, Traced, shape_of, where
from pycograd.ops.families import rank
from pycograd.ops.softmax import floating, softmax_

__all__ = ["multi_head_attention", "scaled_dot_product_attention"]

OUT = (
    -1e9
)  # added to the score of a key that a query must not see; of half precision, the half of the least number


def scaled_dot_product_attention(q, k, v, mask=None):
    """softmax(q k^T / sqrt(features)) v: for each query, the mean of the values, weighted by how well the keys match.

    q     (..., queries, features)
    k     (..., keys, features)
    v     (..., keys, values); the leading axes of all three are the same, or broadcast
    mask  broadcasts to (..., queries, keys): where it is 0 or False the query does not see the key (1e9 is taken from
          the score); None: each query sees all keys
    Returns (..., queries, values).  Raises ShapeError if the sizes differ.  Vaswani et al., arXiv:1706.03762.

    >>> q = k = np.eye(2); v = np.array([[1.0], [3.0]])
    >>> scaled_dot_product_attention(q, k, v, mask=np.tril(np.ones((2, 2)))).round(3)
    array([[1.  ],
           [2.34]])
    """
    q, k, v = floating(q), floating(k), floating(v)
    shapes = shape_of(q), shape_of(k), shape_of(v)
    try:
        lead = np.broadcast_shapes(*[s[:-2] for s in shapes])
        fits = min(map(len, shapes)) > 1 and shapes[0][-1] == shapes[1][-1] and shapes[1][-2] == shapes[2][-2]
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"scaled_dot_product_attention: q of shape {shapes[0]}, k of {shapes[1]}, v of {shapes[2]}{where()}: "
            "they must be (..., queries, features), (..., keys, features) and (..., keys, values)"
        )
    scores = np.matmul(q * (1 / sqrt(shapes[0][-1])), np.swapaxes(k, -1, -2))
    if mask is not None:
        scores = scores + bias_of(mask, (*lead, shapes[0][-2], shapes[1][-2]), scores.dtype)
    return np.matmul(softmax_.call(scores, axis=(rank(scores) - 1,)), v)


def bias_of(mask, scores, dtype):
    """What is added to scores of the shape `scores`."""
    shape = shape_of(mask)
    if len(shape) > len(scores) or any(m not in (1, n) for m, n in zip(shape[::-1], scores[::-1])):
        raise ShapeError(
            f"scaled_dot_product_attention: mask of shape {shape}{where()} does not broadcast to the scores of "
            f"shape {scores}, (..., queries, keys)"
        )
    mask = mask if isinstance(mask, Traced) else np.asarray(mask)
    return np.where(mask != 0, 0.0, -3e4 if np.dtype(dtype) == np.float16 else OUT).astype(dtype)


def multi_head_attention(q, k, v, num_heads, mask=None):
    """Attention in `num_heads` parts of the features, side by side; no projections.

    q, k, v  (..., tokens, features): `num_heads` divides the features of each
    mask     broadcasts to (..., queries, keys), the same for all heads, or to (..., num_heads, queries, keys); None:
             each query sees all keys
    Returns (..., queries, features of v).  Raises ShapeError if the sizes differ.  Vaswani et al., arXiv:1706.03762.

    >>> x = np.arange(8.0).reshape(2, 4)
    >>> multi_head_attention(x, x, x, 2).round(2)
    array([[3.78, 4.78, 6.  , 7.  ],
           [4.  , 5.  , 6.  , 7.  ]])
    """
    q, k, v = floating(q), floating(k), floating(v)
    for name, x in (("q", q), ("k", k), ("v", v)):
        if rank(x) < 2 or num_heads < 1 or shape_of(x)[-1] % num_heads:
            raise ShapeError(
                f"multi_head_attention: {name} of shape {shape_of(x)}{where()}: it must be (..., tokens, features), "
                f"with features that num_heads={num_heads} divides"
            )
    if mask is not None and rank(q) == len(shape_of(mask)) > 2:
        mask = np.expand_dims(mask, -3)
    y = scaled_dot_product_attention(*[heads(x, num_heads) for x in (q, k, v)], mask)
    y = np.swapaxes(y, -2, -3)
    return np.reshape(y, (*shape_of(y)[:-2], shape_of(v)[-1]))


def heads(x, n):
    """(..., tokens, features) as (..., heads, tokens, features of a head)."""
    *lead, features = shape_of(x)
    return np.swapaxes(np.reshape(x, (*lead, n, features // n)), -2, -3)
