"""`scipy.interpolate`: values at scattered points, linear on their triangles, or those of the nearest point.

The triangles are of the plain points; within one the value is linear in the values at its corners and in the place.
"""

import numpy as np

from pycograd.core import shape_of, without_tape
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank, watches
from .scipy_piecewise import of_class
from .selection import np_take

interpolate = optional("scipy.interpolate", "scipy")
spatial = optional("scipy.spatial", "scipy")


def table_of(points):
    """Points or places, a table or a tuple of coordinates, as a table."""
    if isinstance(points, tuple):
        return np.stack(np.broadcast_arrays(*map(arrayed, points)), axis=-1)
    return arrayed(points)


class OnTriangles:
    """`scipy.interpolate.LinearNDInterpolator`."""

    def __init__(self, points, values, fill_value=np.nan, rescale=False):
        if watches((points,)) or rescale:
            raise no_rule(interpolate.LinearNDInterpolator, "rescale" if rescale else "points")
        known = points if isinstance(points, spatial.Delaunay) else spatial.Delaunay(table_of(points))
        self.triangles, self.values, self.fill = known, arrayed(values), fill_value

    def __call__(self, *places):
        x = table_of(places if len(places) > 1 else places[0])
        d = self.triangles.points.shape[1]
        flat = np.reshape(x, (-1, d))
        found = self.triangles.find_simplex(without_tape(flat))
        frame = self.triangles.transform[found]
        shares = np.sum(frame[:, :d, :] * (flat - frame[:, d, :])[:, None, :], -1)
        shares = np.concatenate([shares, 1 - np.sum(shares, 1, keepdims=True)], 1)
        corners = np_take(self.values, self.triangles.simplices[found], axis=0)
        behind = (1,) * (rank(self.values) - 1)
        y = np.sum(corners * np.reshape(shares, (*shape_of(shares), *behind)), axis=1)
        y = np.where(np.reshape(found < 0, (-1, *behind)), self.fill, y)
        return np.reshape(y, (*shape_of(x)[:-1], *shape_of(self.values)[1:]))


of_class(interpolate.LinearNDInterpolator)(OnTriangles)


@composite(interpolate.griddata)
def griddata(points, values, xi, method="linear", fill_value=np.nan, rescale=False):
    """`scipy.interpolate.griddata`, linear or nearest, in the values and the places."""
    known = table_of(points)
    if rank(known) == 1 or method not in ("linear", "nearest"):
        raise no_rule(interpolate.griddata, "method")
    if method == "linear":
        return OnTriangles(known, values, fill_value, rescale)(xi)
    if watches((points,)) or rescale:
        raise no_rule(interpolate.griddata, "rescale" if rescale else "points")
    nearest = spatial.KDTree(known).query(without_tape(table_of(xi)))[1]
    y = np_take(arrayed(values), nearest, axis=0)
    return y.astype(np.result_type(y.dtype, float))
