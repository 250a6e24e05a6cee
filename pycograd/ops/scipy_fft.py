"""`scipy.fft`: Fourier transforms by numpy's, and cosine and sine transforms by eight primitives without norms.

The transposes follow from their matrices (scipy's documentation of `dct` and `dst`): types I and IV are symmetric, II
and III are each other's transposes, all but for the ends of a row or column that has half the weight of the others.
"""

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, result_dtype, shape_of
from pycograd.core.lazy import optional

from .families import arrayed, axes_of, batch_axis, composite, rank
from .fft import INVERSE, resized

fft = optional("scipy.fft", "scipy")


# ---- numpy's functions, with scipy's arguments -----------------------------------------------------------------------
def by_numpy(name, several, default):
    ours, theirs = REGISTRY[getattr(np.fft, name)], getattr(fft, name)

    if several:

        def transform(x, s=None, axes=default, norm=None, overwrite_x=False, workers=None, *, plan=None):
            return ours(x, s, axes, norm)
    else:

        def transform(x, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, *, plan=None):
            return ours(x, n, axis, norm)

    transform.__name__ = transform.__qualname__ = name
    composite(theirs)(transform)


for _name in "fft ifft rfft irfft hfft ihfft".split():
    by_numpy(_name, False, None)
for _name in "fft ifft rfft irfft".split():
    by_numpy(f"{_name}2", True, (-2, -1))
    by_numpy(f"{_name}n", True, None)


def hermitian(func, default):
    """Register the transforms of several axes that numpy lacks, of and to Hermitian symmetry."""
    inverse = func.__name__.startswith("i")

    @composite(func)
    def transform(x, s=None, axes=default, norm=None, overwrite_x=False, workers=None, *, plan=None):
        x, norm = arrayed(x), INVERSE.get(norm, norm)
        if inverse:
            return np.conjugate(np.fft.rfftn(x, s, axes, norm))
        return np.fft.irfftn(np.conjugate(x), s, axes, norm)


for _name, _default in (("hfft2", (-2, -1)), ("ihfft2", (-2, -1)), ("hfftn", None), ("ihfftn", None)):
    hermitian(getattr(fft, _name), _default)
for _name in "fftshift", "ifftshift":
    REGISTRY[getattr(fft, _name)] = REGISTRY[getattr(np.fft, _name)]


# ---- cosine and sine transforms --------------------------------------------------------------------------------------
def ends(n, value, *places):
    """Ones, with `value` at some of the `n` places."""
    w = np.ones(n)
    w[list(places)] = value
    return w


def along(w, x, axis):
    """The weights `w` along one axis of `x`, in its precision."""
    dtype = np.zeros((), np.result_type(x.dtype, np.float32)).real.dtype
    return np.reshape(w.astype(dtype), [-1 if i == axis % rank(x) else 1 for i in range(rank(x))])


def raw_shape(x, *, axis):
    dtype = np.dtype(result_dtype(x))
    return Aval(x.shape, dtype if dtype.kind == "c" or dtype.char in "fdg" else np.dtype(float))


def declare(func, kind, transpose):
    return Primitive(
        lambda x, *, axis: func(x, kind, axis=axis),
        transpose,
        linear="each",
        batch=batch_axis,
        shape=raw_shape,
        name=f"{func.__name__}{kind}",
    )


def family(func, halved):
    """The transforms of all types without norm; `halved` are the places where type III has half the weight."""

    def swap(g, axis):
        return along(ends(shape_of(g)[axis], 2.0, *halved), g, axis)

    def of_first(g, *, axis):
        if func is fft.dst:
            return raw[1].call(g, axis=axis)
        w = along(ends(shape_of(g)[axis], 2.0, 0, -1), g, axis)
        return raw[1].call(g * w, axis=axis) / w

    raw = {
        1: declare(func, 1, of_first),
        2: declare(func, 2, lambda g, *, axis: raw[3].call(g * swap(g, axis), axis=axis)),
        3: declare(func, 3, lambda g, *, axis: raw[2].call(g, axis=axis) / swap(g, axis)),
        4: declare(func, 4, lambda g, *, axis: raw[4].call(g, axis=axis)),
    }
    return raw


RAW = {"dct": family(fft.dct, (0,)), "dst": family(fft.dst, (-1,))}
INVERTED = {1: 1, 2: 3, 3: 2, 4: 4}
OUTER = {("dct", 1): (1, (0, -1)), ("dct", 2): (2, (0,)), ("dct", 3): (3, (0,)),
         ("dst", 2): (2, (-1,)), ("dst", 3): (3, (-1,))}  # fmt: skip


def transformed(name, x, kind, n, axis, norm, orthogonal):
    """One transform along one axis: `name` is dct or dst, and the inverse ones with an i before it."""
    base, inverse = name.removeprefix("i"), name.startswith("i")
    if kind not in INVERTED or norm not in (None, "backward", "ortho", "forward"):
        raise ValueError(f"invalid type {kind} or norm {norm!r} of {name}")
    kind = INVERTED[kind] if inverse else kind
    x = resized(x, n, axis)
    n = shape_of(x)[axis]
    period = 2 * (n + {"dct": -1, "dst": 1}[base] * (kind == 1))
    scaled = {None: inverse, "backward": inverse, "ortho": 0.5, "forward": not inverse}[norm]
    if orthogonal is None or np.dtype(x.dtype).kind == "c":  # scipy does not heed it for complex numbers
        orthogonal = norm == "ortho"
    rule, places = OUTER.get((base, kind), (4, ())) if orthogonal else (4, ())
    if rule in (1, 3):
        x = x * along(ends(n, 2**0.5, *places), x, axis)
    y = RAW[base][kind].call(x, axis=axis)
    if rule in (1, 2):
        y = y * along(ends(n, 0.5**0.5, *places), y, axis)
    return y * along(np.array([float(period) ** -scaled]), y, axis)


def one_axis(name):
    @composite(getattr(fft, name))
    def transform(x, type=2, n=None, axis=-1, norm=None, overwrite_x=False, workers=None, orthogonalize=None):
        x = arrayed(x)
        return transformed(name, x, type, n, axes_of(axis, rank(x))[0], norm, orthogonalize)


def all_axes(name):
    @composite(getattr(fft, f"{name}n"))
    def transform(
        x, type=2, s=None, axes=None, norm=None, overwrite_x=False, workers=None, *, orthogonalize=None
    ):
        x = arrayed(x)
        if s is not None and axes is None:
            axes = tuple(range(-len(s), 0))
        axes = axes_of(axes, rank(x))
        for n, axis in zip([None] * len(axes) if s is None else s, axes, strict=True):
            x = transformed(name, x, type, n, axis, norm, orthogonalize)
        return x


for _name in "dct", "idct", "dst", "idst":
    one_axis(_name)
    all_axes(_name)
