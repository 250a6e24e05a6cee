"""scipy.ndimage: splines through the pixels, in all border modes and orders, inside and outside of the image."""

import numpy as np
from laws.row import normal
from laws.rows_scipy_ndimage import by

try:
    from scipy import ndimage
except ModuleNotFoundError:
    ndimage = None

image, volume = normal(5, 6), normal(3, 4, 5)
points = np.array([[-1.3, 0.4, 2.3, 3.9, 5.2], [0.2, -2.6, 3.4, 4.8, 2.7]])
turn, more = np.array([[0.9, 0.1], [-0.2, 1.1]]), np.array([[0.9, 0.1, 0.21], [-0.2, 1.1, 0.33]])
MODES = "constant grid-constant nearest mirror reflect grid-mirror grid-wrap wrap".split()
SHAPED = dict.fromkeys(
    ["capture", "capture_gradient", "vmap", "vmap_gradient"], "the angle decides on the shape"
)


def rows():
    n = ndimage
    return [
        *[
            by(n.map_coordinates, image, points, order=order, mode=mode, cval=0.3)
            for i, mode in enumerate(MODES)
            for order in (3, (0, 1, 2, 5)[i % 4])
        ],
        by(n.map_coordinates, volume, normal(3, 2, 2), order=1),
        by(n.map_coordinates, image, points, prefilter=False, order=4),
        *[by(n.shift, image, np.array([0.3, -1.4]), mode=mode, cval=0.3) for mode in MODES],
        *[by(n.affine_transform, image, turn, offset=[0.31, 0.23], mode=mode, output_shape=(4, 5)) for mode in MODES],
        by(n.affine_transform, image, np.array([0.9, 1.2]), offset=0.23),
        by(n.affine_transform, image, more),
        *[
            by(n.zoom, image, zoom=(1.7, 0.6), mode=mode, grid_mode=grid)
            for mode, grid in (("constant", False), ("nearest", False), ("grid-constant", True), ("grid-wrap", True))
        ],
        by(n.zoom, volume, zoom=1.5, order=2),
        by(n.rotate, image, np.float64(20.0), exempt=SHAPED),
        by(n.rotate, volume, np.float64(20.0), axes=(0, 2), reshape=False, mode="nearest"),
        *[by(n.spline_filter, image, order=order, mode=mode) for order, mode in ((3, "mirror"), (4, "grid-wrap"))],
        by(n.spline_filter1d, image, order=2, axis=0, mode="reflect"),
        *[
            by(f, image, complex=True, call=lambda f, x, size=size: f(x, size))
            for f, size in ((n.fourier_gaussian, 1.5), (n.fourier_uniform, 2.0), (n.fourier_ellipsoid, [2, 3]))
        ],
        by(n.fourier_shift, image + 0.5j, call=lambda f, x: f(x, [1, 2])),
    ]  # fmt: skip


ROWS = rows() if ndimage else []
