"""Rows of diagonals and triangles."""

import numpy as np
from laws.row import normal, row

x, cube, v = normal(3, 4), normal(3, 4, 2), normal(3)
ROWS = [
    row(np.diagonal, x, complex=True),
    row(np.diagonal, x, offset=2),
    row(np.diagonal, x, offset=-1),
    row(np.diagonal, x, offset=-7),
    row(np.diagonal, cube, offset=1, axis1=1, axis2=0),
    row(np.diagonal, cube, axis1=-1, axis2=0),
    row(np.diagonal, cube, call=lambda c: c.diagonal(0, 1, 2)),
    row(np.diag, x, complex=True),
    row(np.diag, x, k=-1),
    row(np.diag, v, complex=True),
    row(np.diag, v, k=2),
    row(np.diag, v, k=-2),
    row(np.diag, normal(1)),
    row(np.diag, normal(0), k=1),
    row(np.diagflat, x, k=1),
    row(np.diagflat, normal()),
    row(np.trace, x, complex=True),
    row(np.trace, x, offset=1),
    row(np.trace, cube, axis1=2, axis2=0),
    row(np.trace, cube, offset=-1, dtype=complex),
    row(np.trace, cube, call=lambda c: c.trace(1)),
    row(np.trace, normal(0, 0)),
    row(np.linalg.diagonal, cube, offset=1),
    row(np.linalg.trace, cube, complex=True),
    row(np.linalg.trace, cube, offset=-2),
    row(np.tril, x, complex=True),
    row(np.tril, x, k=-1),
    row(np.tril, cube, k=1),
    row(np.tril, v),
    row(np.triu, x, complex=True),
    row(np.triu, x, k=2),
    row(np.triu, cube, k=-1),
    row(np.tril_indices_from, x, call=lambda x: x[np.tril_indices_from(x, 1)]),
    row(np.triu_indices_from, x, call=lambda x: x[np.triu_indices_from(x)]),
    row(np.diag_indices_from, normal(3, 3), call=lambda x: x[np.diag_indices_from(x)]),
]
