"""pycograd.nn: normalizations, attention."""

import numpy as np
from laws.row import normal, positive, row, unit

from pycograd import nn
from pycograd.nn.normalization import scaled_, shifted_

x, image = normal(3, 4), normal(2, 4, 3, 2)
gamma, beta, mean, variance = positive(4), unit(4), normal(4), positive(4)
causal = np.tril(np.ones((3, 3), bool))
q, k, v = normal(2, 3, 4), unit(2, 5, 4), positive(2, 5, 2)


def trained(x, gamma, beta):
    return nn.batch_norm(x, gamma, beta, mean, variance)[0]


def frozen(x, gamma, beta, mean, variance):
    return nn.batch_norm(x, gamma, beta, mean, variance, training=False)[0]


ROWS = [
    # ---- normalizations
    row(nn.layer_norm, x, gamma, beta),
    row(nn.layer_norm, normal(2, 3, 4), positive(3, 4), unit(3, 4)),
    row(nn.layer_norm, normal(4), gamma, beta, eps=0.1),
    row(nn.layer_norm, x, call=lambda x: nn.layer_norm(x, None, None)),
    row(nn.layer_norm, x, gamma, call=lambda x, b: nn.layer_norm(x, None, b)),
    row(nn.rms_norm, x, gamma),
    row(nn.rms_norm, normal(2, 3, 4), gamma, eps=0.1),
    row(nn.rms_norm, x, call=lambda x: nn.rms_norm(x, None)),
    row(nn.batch_norm, x, gamma, beta, call=trained),
    row(nn.batch_norm, image, gamma, beta, call=trained),
    row(nn.batch_norm, image, gamma, beta, mean, variance, call=frozen),
    row(nn.batch_norm, image, gamma, beta, call=lambda *xs: nn.batch_norm(*xs, *nn.batch_norm_init(4))[0],
        covers=[nn.batch_norm_init]),
    row(nn.group_norm, image, gamma, beta, num_groups=2),
    row(nn.group_norm, x, gamma, beta, num_groups=2),
    row(nn.group_norm, image, call=lambda x: nn.group_norm(x, None, None, 4)),
    row(nn.instance_norm, image, gamma, beta),
    row(nn.instance_norm, image),
    row(scaled_, x, gamma, axes=(1,), eps=1e-5, centred=False),
    row(shifted_, x, gamma, beta, axes=(0, 1), eps=1e-5, centred=True),
    # ---- attention
    row(nn.scaled_dot_product_attention, q, k, v),
    row(nn.scaled_dot_product_attention, x, x[::-1].copy(), normal(3, 2), causal),
    row(nn.scaled_dot_product_attention, q, k, v, np.ones((2, 1, 5), int)),
    row(nn.multi_head_attention, q, k, normal(2, 5, 6), num_heads=2),
    row(nn.multi_head_attention, x, x + 0.1, unit(3, 2), num_heads=2, mask=causal),
]  # fmt: skip
