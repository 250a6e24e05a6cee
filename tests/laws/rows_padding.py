"""Rows of np.pad in all its modes."""

import numpy as np
from laws.row import distinct, normal, row

from pycograd.core import REGISTRY

ROWS = [
    row(np.pad, normal(2, 3), pad_width=1, complex=True),
    row(np.pad, normal(2, 3), pad_width=((1, 0), (0, 2))),
    row(np.pad, normal(2, 3), pad_width=(1, 2), constant_values=3.5),
    row(
        np.pad,
        normal(2, 3),
        1.5,
        call=lambda x, c: REGISTRY[np.pad](x, 1, constant_values=((0, c), (c * c, 2))),
    ),
    row(np.pad, normal(0), pad_width=2),
    row(np.pad, normal(1), pad_width=0),
    *[
        row(np.pad, normal(3, 2), pad_width=((2, 1), (0, 5)), mode=mode)
        for mode in ("edge", "reflect", "symmetric", "wrap", "mean")
    ],
    *[row(np.pad, distinct(3, 2), pad_width=((2, 1), (0, 5)), mode=mode) for mode in ("minimum", "maximum")],
    row(np.pad, distinct(5), pad_width=2, mode="median", stat_length=3),
    row(np.pad, normal(5), pad_width=(2, 1), mode="mean", stat_length=2),
    row(np.pad, normal(3, 3), pad_width=2, mode="mean", stat_length=((1, 2), (3, 9))),
    *[
        row(np.pad, normal(n), pad_width=(7, 4), mode=mode, reflect_type="odd")
        for mode in ("reflect", "symmetric")
        for n in (1, 3, 6)
    ],
    row(np.pad, normal(3, 2), pad_width=((2, 1), (0, 3)), mode="linear_ramp"),
    row(
        np.pad,
        normal(4),
        0.5,
        call=lambda x, e: REGISTRY[np.pad](x, 3, mode="linear_ramp", end_values=(e, 2.0)),
    ),
    row(np.pad, normal(1, 2), pad_width=2, mode="edge"),
]
if np.lib.NumpyVersion(np.__version__) >= "2.2.0":
    ROWS.append(row(np.pad, normal(2, 3), pad_width={-1: (1, 2)}, mode="wrap"))
