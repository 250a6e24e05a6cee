"""pycograd.nn: convolutions, pooling."""

import numpy as np
from laws.row import distinct, normal, row, unit

from pycograd import nn
from pycograd.nn.correlation import conv_, match_, spread_
from pycograd.nn.pooling import avg_pool_, collect_, max_pool_, mean_back_, share_

signal, image = normal(2, 4, 7), normal(2, 4, 5, 6)
GEOMETRIES = [
    {},
    {"stride": 2},
    {"pad": 2},
    {"dilation": 2},
    {"stride": 2, "pad": 1, "dilation": 2},
]
PLAIN = {"stride": (2, 1), "pad": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2}
POOLS = [
    {"k": 2},
    {"k": (2, 3)},
    {"k": 3, "stride": 1},
    {"k": 2, "stride": (3, 2)},
    {"k": (5, 1), "stride": 2},
]
LINE = distinct(7)
LINE_MAX = max_pool_(LINE, kernel=(3,), stride=(2,))


def chunk_of_signal(x, w, b, carry):
    y, (carry, _) = nn.streaming_conv1d(x, w, b, (carry, 1), stride=2, dilation=2, groups=2)
    return y, carry


def chunk_of_image(x, w, b, carry):
    return nn.streaming_conv2d(x, w, b, (carry, 0), pad_h=1)[0]


def two_chunks(x, w, b):
    first, state = nn.streaming_conv_transpose1d(x[..., :3], w, b, None, stride=2)
    second, (carry, _) = nn.streaming_conv_transpose1d(x[..., 3:], w, b, state, stride=2)
    return first, second, carry


ROWS = [
    *[row(nn.conv1d, signal, unit(3, 4, 3), normal(3), **g) for g in GEOMETRIES],
    *[row(nn.conv1d, signal, unit(6, 2, 3), groups=2, **g) for g in GEOMETRIES[::4]],
    row(nn.conv1d, signal[0], unit(3, 4, 3), normal(3)),
    row(nn.conv2d, image, unit(3, 4, 2, 3), normal(3)),
    row(nn.conv2d, image, unit(4, 1, 2, 3), stride=(2, 1), pad=(0, 1), dilation=(1, 2), groups=4),
    row(nn.conv2d, image[0], unit(3, 4, 2, 3)),
    *[
        row(nn.causal_conv1d, signal, unit(3, 4, 3), normal(3), **g)
        for g in ({}, {"stride": 2}, {"dilation": 3})
    ],
    row(nn.causal_conv1d, signal, unit(4, 2, 3), groups=2),
    *[row(nn.conv_transpose1d, signal, unit(4, 3, 3), normal(3), **g) for g in GEOMETRIES],
    row(nn.conv_transpose1d, signal, unit(4, 3, 3), groups=2),
    row(nn.conv_transpose1d, signal[0], unit(4, 3, 3), normal(3)),
    row(nn.conv_transpose2d, image, unit(4, 2, 3, 2), normal(2)),
    row(nn.conv_transpose2d, image, unit(4, 2, 3, 2), stride=(1, 2), pad=(1, 0), dilation=(2, 1), groups=2),
    # ---- the three operations, each the transpose of the others, where a stride leaves something over
    row(conv_, image, unit(6, 2, 2, 3), **PLAIN),
    row(spread_, normal(2, 6, 3, 5), unit(6, 2, 2, 3), size=(5, 6), **PLAIN),
    row(match_, image, normal(2, 6, 3, 5), kernel=(2, 3), **PLAIN),
    # ---- a signal in chunks
    row(
        nn.streaming_conv1d,
        signal,
        unit(6, 2, 3),
        normal(6),
        normal(2, 4, 4),
        call=chunk_of_signal,
        covers=[nn.streaming_conv1d_init],
    ),
    row(
        nn.streaming_conv2d,
        image,
        unit(3, 4, 2, 3),
        normal(3),
        normal(2, 4, 5, 2),
        call=chunk_of_image,
        covers=[nn.streaming_conv2d_init],
    ),
    row(
        nn.streaming_conv_transpose1d,
        signal,
        unit(4, 3, 5),
        normal(3),
        call=two_chunks,
        covers=[nn.streaming_conv_transpose1d_init, nn.streaming_conv_transpose2d_init],
    ),
    row(
        nn.streaming_conv_transpose2d,
        image,
        unit(4, 2, 2, 3),
        normal(2),
        call=lambda x, w, b: nn.streaming_conv_transpose2d(x, w, b, None, stride=2)[0],
    ),
    # ---- pooling
    *[row(f, distinct(2, 3, 5, 6), **g) for f in (nn.max_pool2d, nn.avg_pool2d) for g in POOLS],
    row(nn.max_pool2d, distinct(5, 4), k=2),
    row(nn.max_pool2d, np.ones((2, 4)), k=2, expected=(np.full((2, 4), 0.25),)),
    row(nn.upsample_nearest2d, normal(2, 3, 4), scale=2),
    row(nn.upsample_nearest2d, normal(3, 4), scale=(1, 3)),
    row(max_pool_, distinct(2, 7), kernel=(3,), stride=(2,)),
    row(
        share_,
        normal(3),
        unit(7),
        call=lambda c, x: share_.call(c, LINE, LINE_MAX, kernel=(3,), stride=(2,)) * x,
    ),
    row(
        collect_,
        normal(7),
        unit(3),
        call=lambda t, x: collect_.call(t, LINE, LINE_MAX, kernel=(3,), stride=(2,)) * x,
    ),
    row(avg_pool_, normal(2, 7), kernel=(3,), stride=(2,)),
    row(mean_back_, normal(2, 3), shape=(2, 7), kernel=(3,), stride=(2,)),
]
