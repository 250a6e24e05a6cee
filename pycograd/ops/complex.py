"""Complex numbers.

For a real loss L(z), z = x + iy, the gradient is dL/dx - i dL/dy, and for a holomorphic f it is f'(z): the
convention of JAX and HIPS autograd (PyTorch returns the conjugate).  Rules are plain transposes; a cotangent of a
real operand keeps its real part, and so does the tangent of a real result, in the one place where they are fitted.
"""

import math

import numpy as np

from .arithmetic import real_dtype
from .families import arrayed, composite, elementwise

real = elementwise(np.real, lambda t: t, dtype=real_dtype)
imag = elementwise(np.imag, lambda t: -1j * t, dtype=real_dtype)
conjugate = elementwise(np.conjugate, lambda t: np.conj(t))


@composite(np.angle)
def angle(z, deg=False):
    """`np.angle`; slope 0 at the origin."""
    z = arrayed(z)
    theta = np.arctan2(np.imag(z), np.real(z))
    return theta * (180 / math.pi) if deg else theta
