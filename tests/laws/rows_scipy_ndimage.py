"""scipy.ndimage."""

import numpy as np
from laws.row import distinct, normal, row

from pycograd.core import REGISTRY

try:
    from scipy import ndimage
except ModuleNotFoundError:
    ndimage = None

x, w3, w4, d = normal(5, 6), normal(3), normal(4), distinct(4, 5)
MODES = ("reflect", "mirror", "nearest", "wrap", "constant")
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def by(func, *inputs, call=None, **params):
    """A row of a function that numpy does not hand over by its protocols: it is called by the registry."""
    ours = lambda *args, **kwargs: REGISTRY.find(func)(*args, **kwargs)  # noqa: E731
    return row(func, *inputs, call=(lambda *xs: call(ours, *xs)) if call else None, **params)


def rows():
    n = ndimage
    width = {
        "exempt": dict.fromkeys(
            ["capture", "capture_gradient"], "how many weights there are, the width decides"
        )
    }
    return [
        *[by(n.correlate1d, x, w4, mode=mode, cval=0.5) for mode in MODES],
        by(n.correlate1d, x, w3, axis=0, origin=1),
        by(n.convolve1d, x, w3, axis=0, origin=-1),
        by(n.convolve1d, x, w4),
        by(n.correlate1d, normal(2), normal(7)),
        *[
            by(n.gaussian_filter1d, x, 0.8, order=k, call=lambda f, x, s, k=k: f(x, s, order=k), **width)
            for k in (0, 1, 2, 3)
        ],
        by(n.gaussian_filter1d, x, 1.1, call=lambda f, x, s: f(x, s, 0, mode="wrap", radius=2)),
        by(n.gaussian_filter, x, 0.7, **width),
        by(
            n.gaussian_filter,
            x,
            np.array([0.7, 1.2]),
            call=lambda f, x, s: f(x, [s[0], s[1]], order=[0, 1], mode="nearest"),
            **width,
        ),
        by(n.uniform_filter1d, x, size=3, axis=0),
        by(n.uniform_filter, x, size=(2, 3), mode="mirror"),
        *[by(f, x, axis=axis) for f in (n.sobel, n.prewitt) for axis in (0, -1)],
        by(n.laplace, x),
        by(n.gaussian_laplace, x, 0.9, **width),
        by(n.gaussian_gradient_magnitude, x, 0.9, **width),
        *[by(n.correlate, x, normal(2, 3), mode=mode) for mode in MODES],
        by(n.correlate, x, normal(3, 3), origin=(1, -1)),
        by(n.convolve, x, normal(2, 3), mode="constant", cval=1.0),
        *[by(f, d, size=3) for f in (n.maximum_filter, n.minimum_filter, n.median_filter)],
        by(n.maximum_filter, d, footprint=CROSS, mode="nearest"),
        *[by(f, d, size=3, axis=0) for f in (n.maximum_filter1d, n.minimum_filter1d)],
        by(n.median_filter, d, size=2),
        by(n.rank_filter, d, rank=1, size=3),
        by(n.percentile_filter, d, percentile=30, size=(2, 3)),
    ]


ROWS = rows() if ndimage else []
