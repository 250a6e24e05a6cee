"""pycograd.nn: activations, softmax, losses, matrices of weights; random numbers."""

import numpy as np
from laws.row import distinct, normal, positive, row, unit

from pycograd import nn, random
from pycograd.nn.losses import label_entropy_, share_entropy_

x, kinked = normal(3, 4), distinct(3, 4)
labels = np.array([1, 3, 0])
shares = positive(3, 4) / np.sum(positive(3, 4), axis=1, keepdims=True)
zero = np.array([0.0, -0.0])

SMOOTH = (nn.sigmoid, nn.softplus, nn.silu, nn.mish, nn.gelu, nn.tanh)
KINKED = (nn.relu, nn.leaky_relu, nn.elu, nn.selu, nn.softsign, nn.hardsigmoid, nn.hardswish)

PADDED = dict.fromkeys(("vmap", "vmap_gradient"), "vmap of a table with a padding row is refused")


def with_labels(axis, shape):
    """A row of cross entropy with class numbers along `axis` of logits of `shape`."""
    without = shape[:axis] + shape[axis:][1:]
    numbers = np.arange(np.prod(without, dtype=int)).reshape(without) * 7 % shape[axis]
    return row(nn.cross_entropy, normal(*shape), numbers, axis=axis)


ROWS = [
    # ---- activations
    *[row(f, x) for f in SMOOTH],
    *[row(f, kinked) for f in KINKED],
    *[row(f, 0.7) for f in (*SMOOTH, *KINKED)],
    *[row(f, normal(0, 3)) for f in (*SMOOTH, *KINKED)],
    row(nn.relu, zero, expected=([0.0, 0.0],)),
    row(nn.leaky_relu, zero, expected=([0.01, 0.01],)),
    row(nn.elu, zero, expected=([1.0, 1.0],)),
    row(nn.leaky_relu, kinked, positive(4)),  # the slope is differentiated too
    row(nn.elu, kinked, positive(4)),
    row(nn.hardsigmoid, 1.5 * kinked + 2.05),
    row(nn.hardswish, 1.5 * kinked + 2.05),
    row(nn.sigmoid, np.array([-800.0, -30.0, 30.0, 800.0])),
    row(nn.softplus, np.array([-800.0, -30.0, 30.0, 800.0])),
    row(nn.gelu, np.array([-1e100, -30.0, 30.0, 1e100]), expected=([0.0, 0.0, 1.0, 1.0],)),
    row(nn.gated_act, x, unit(3, 4)),
    row(nn.gated_act, x, unit(4)),
    row(nn.gated_act, normal(4), unit(3, 1)),
    row(nn.gated_act, 0.3, 0.4),
    # ---- softmax
    *[row(f, x, axis=axis) for f in (nn.softmax, nn.log_softmax) for axis in (-1, 0, (0, 1))],
    *[row(f, normal(2, 3, 4)) for f in (nn.softmax, nn.log_softmax, nn.logsumexp)],
    row(nn.logsumexp, x, axis=1, keepdims=True),
    row(nn.one_hot, labels, n=4),
    # ---- cross entropy
    row(nn.cross_entropy, x, labels),
    row(nn.cross_entropy, normal(4), np.array(2)),
    row(nn.cross_entropy, x, shares),
    row(nn.cross_entropy, x, np.eye(4, dtype=int)[labels]),
    *[with_labels(*of) for of in ((0, (4, 3)), (1, (2, 3, 4)), (-2, (2, 3, 4)))],
    row(nn.cross_entropy, normal(2, 3, 4), positive(2, 3, 4), axis=1),
    row(nn.cross_entropy, normal(4), positive(4)),
    # ---- weights, dropout, random numbers
    row(nn.linear, x, normal(4, 2), normal(2)),
    row(nn.linear, normal(2, 3, 4), normal(4, 2)),
    row(nn.linear, normal(4), normal(4, 2), normal(2)),
    row(nn.embedding, normal(5, 2), np.array([[0, 4, 4], [1, 0, 2]])),
    row(nn.embedding, normal(5, 2), np.array(3)),
    row(nn.embedding, normal(5, 2), labels, padding_idx=4, exempt=PADDED),
    row(nn.dropout, x, p=0.4, key=random.key(1)),
    row(nn.dropout, x, p=0.4, training=False),
    row(nn.dropout, x, p=1.0, key=random.key(1)),
    row(
        random.uniform,
        unit(3, 4),
        positive(3, 4),
        call=lambda a, b: random.uniform(random.key(0), (3, 4), a, b),
    ),
    row(label_entropy_, x, labels),
    row(share_entropy_, x, shares),
]
