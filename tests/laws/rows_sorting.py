"""Sorting, positions, unique values."""

import numpy as np
from laws.row import distinct, row

D, D3 = distinct(3, 4), distinct(2, 3, 4)
TIED = np.array([2.0, 1.0, 2.0, 1.0])
BINS = np.array([-1.0, -0.2, 0.1, 0.3])
DEPENDS = {
    "vmap": "how many unique values there are depends on the numbers of each example",
    "vmap_gradient": "how many unique values there are depends on the numbers of each example",
    "capture": "how many unique values there are depends on numbers, which a symbol does not have",
    "float32": "how many unique values there are depends on numbers, which a symbol does not have",
    "every_dtype": "how many unique values there are depends on numbers, which a symbol does not have",
    "every_order": "how many unique values there are depends on the numbers of each example",
    "every_in_axes": "how many unique values there are depends on the numbers of each example",
    "capture_gradient": "how many unique values there are depends on numbers, which a symbol does not have",
}

ROWS = [
    *[row(func, D, axis=axis) for func in (np.sort, np.argsort) for axis in (None, 0, 1, -1)],
    row(np.sort, D3, axis=1, kind="stable"),
    row(np.sort, D3, axis=-2, stable=True),
    row(np.sort, distinct(1)),
    row(np.sort, np.zeros((0, 3)), axis=0),
    row(
        np.sort, TIED, call=lambda x: np.sort(x) * np.arange(4.0), expected=(np.array([2.0, 0.0, 3.0, 1.0]),)
    ),
    row(np.sort, np.array([np.nan, 2.0, 1.0])),
    row(np.argsort, D3, axis=1, kind="heapsort"),
    row(np.argsort, TIED, stable=True),
    row(np.sort_complex, D),
    *[
        row(func, distinct(3, 7), kth=kth, axis=axis)
        for func in (np.partition, np.argpartition)
        for kth, axis in ((2, -1), (1, 0), ([0, 3], 1), (5, None))
    ],
    row(np.lexsort, D, call=lambda x: np.lexsort(x)),
    row(np.lexsort, D3, call=lambda x: np.lexsort(x, axis=0)),
    row(np.lexsort, TIED, distinct(4), call=lambda a, b: np.lexsort((b, a))),
    row(np.lexsort, distinct(4), call=lambda a: np.lexsort(a)),
    row(np.searchsorted, np.sort(distinct(5)), D),
    row(np.searchsorted, np.sort(distinct(5)), distinct(5), side="right"),
    row(np.searchsorted, np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, np.nan]), side="right"),
    row(np.searchsorted, np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 0.0])),
    row(np.searchsorted, distinct(5).copy(), 0.05, sorter=np.argsort(distinct(5))),
    row(np.digitize, D, call=lambda x: np.digitize(x, BINS)),
    row(np.digitize, D, call=lambda x: np.digitize(x, BINS[::-1], right=True)),
    row(np.unique, TIED, expected=(np.array([1.0, 1.0, 0.0, 0.0]),), exempt=DEPENDS),
    row(np.unique, D, exempt=DEPENDS),
    row(np.unique, D, axis=1, exempt=DEPENDS),
    row(np.unique, D, return_index=True, return_inverse=True, return_counts=True, exempt=DEPENDS),
    row(np.unique, np.array([np.nan, 1.0, np.nan, 2.0]), equal_nan=False, exempt=DEPENDS),
    *[
        row(func, D, exempt=DEPENDS)
        for func in (np.unique_all, np.unique_counts, np.unique_inverse, np.unique_values)
    ],
]
