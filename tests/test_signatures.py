"""Every keyword of every signature: honoured, in its value and its gradient, or refused by its name.

`CALLS` has calls of each function and values to try for each of its keywords.  numpy's own signature says which
keywords there are; one without a value fails, so nothing that a user may write is swallowed.  The witness is numpy:
what the function gives for plain arrays, and central differences of that.
"""

import inspect
from copy import deepcopy
from functools import partial

import numpy as np
import pytest

from pycograd import MissingRuleError, value_and_grad, value_of

RNG = np.random.default_rng(0)
A, B = RNG.uniform(0.5, 2, (2, 3, 4))
C = RNG.uniform(0.5, 2, (2, 3, 4))
V, W = RNG.uniform(0.5, 2, (2, 5))
N = np.where(np.eye(3, 4, 1) > 0, np.nan, A)
Z = A + 1j * B
M = RNG.uniform(-1, 1, (3, 3))
S = M @ M.T + 3 * np.eye(3)
MASK = A > 0.8
MASK[0] = MASK[:, 0] = True
SINGLE = np.float32
OUT = object()  # stands for: None, and an array that takes the result

DTYPE = {"dtype": [SINGLE, None]}
CAST = {**DTYPE, "casting": ["same_kind", "unsafe"]}
LIKE = {
    **DTYPE,
    "order": ["C", "F", "A", "K"],
    "subok": [True, False],
    "shape": [(2, 2)],
    "device": ["cpu", None],
}
MAKE = {
    **DTYPE,
    "order": ["C", "F", "K"],
    "copy": [True, None],
    "device": ["cpu"],
    "like": [None],
    "subok": [True, False],
    "ndmin": [0, 3],
    "ndmax": [0],
}
AXES = {"axis": [None, 0, -1, (0, 1), (-2,)], "keepdims": [True, False], "out": OUT}
REDUCE = {**AXES, **DTYPE, "initial": [0.7], "where": [MASK, True]}
SPREAD = {
    **AXES,
    **DTYPE,
    "ddof": [1, 0.5],
    "where": [MASK],
    "mean": [np.nanmean(N, keepdims=True)],
    "correction": [1],
}
ORDER = {**AXES, "overwrite_input": [False, True]}
METHODS = [
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]
SCAN = {"axis": [None, 0, -1], **DTYPE, "out": OUT}
INDEX = {"axis": [None, 0, -1], "out": OUT, "keepdims": [True, False]}
SORT = {"axis": [None, 0, -1], "kind": ["quicksort", "stable", None], "order": [None], "stable": [True, None]}
SORT["descending"] = [True, False]  # since numpy 2.5
FFT = {"n": [3, 4, 6, None], "axis": [0, -1], "norm": ["ortho", "forward", "backward", None], "out": OUT}
FFTN = {"s": [(2, 3), (3, 6), None], "axes": [(0, 1), (1, 0)], "norm": ["ortho", "forward", None], "out": OUT}
UFUNC = {"out": OUT, "where": [True], "casting": ["unsafe"], "order": ["C"], **DTYPE, "subok": [False]}
UNARY = {**UFUNC, "signature": ["f->f", "d->d"]}
BINARY = {**UFUNC, "signature": ["ff->f", "dd->d"]}
TEST = {**UFUNC, "dtype": [bool, None]}
CORE = {
    **UFUNC,
    "axes": [[(0,), (0,), ()]],
    "axis": [0, -1],
    "keepdims": [True, False],
    "signature": ["ff->f"],
}

CALLS = {}  # name -> [(arguments, {keyword: values})]


def calls(names, *args, **keywords):
    for name in names.split():
        CALLS.setdefault(name, []).append((args, keywords))


# fmt: off
# ---- ufuncs
calls("negative positive absolute fabs abs sign exp exp2 log log2 log10 expm1 log1p sqrt square cbrt reciprocal sin "
      "cos sinh cosh tanh arcsinh asinh arctan atan rad2deg deg2rad degrees radians conj conjugate", A, **UNARY)
calls("rint floor ceil trunc", np.floor(A) + 0.3, **UNARY)
calls("arcsin asin arccos acos arctanh atanh tan", A / 3, **UNARY)
calls("arccosh acosh", A + 1, **UNARY)
calls("add subtract multiply divide true_divide floor_divide power pow remainder mod fmod maximum minimum fmax fmin "
      "logaddexp logaddexp2 hypot arctan2 atan2 copysign heaviside", A, B[::-1].copy(), **BINARY)
calls("float_power", A, B, **UFUNC | {"dtype": [float]}, signature=["dd->d"])
calls("add subtract multiply divide power maximum hypot arctan2 remainder float_power", 1.25, A)
calls("add subtract multiply divide power maximum hypot arctan2 remainder float_power", A, 1.25)
calls("divmod", A, B[::-1].copy(), **UFUNC | {"out": []}, signature=["ff->ff"])
calls("greater greater_equal less less_equal equal not_equal logical_and logical_or logical_xor", A, B, **TEST,
      signature=["dd->?"])
calls("isnan isfinite isinf signbit logical_not", A, **TEST, signature=["d->?"])
calls("matmul", A, B.T, **CORE | {"axes": [[(0, 1), (0, 1), (0, 1)]], "axis": [], "keepdims": [], "where": []})
calls("vecdot", A, B, **CORE | {"where": []})
# ---- numbers
calls("clip", A, 0.8, 1.5, out=OUT)
calls("clip", A, None, 1.2, **DTYPE)
calls("clip", A, min=[0.8, None, B], max=[1.5, None, B], **DTYPE)
calls("angle", Z, deg=[True, False])
calls("real imag", Z)
calls("nan_to_num", N, copy=[True, False], nan=[2.0], posinf=[3.0], neginf=[4.0])
calls("sinc real imag isreal iscomplex iscomplexobj isrealobj shape ndim nonzero flatnonzero argwhere", A)
calls("fix isneginf isposinf", A, out=[None])
calls("unwrap", np.cumsum(3 * A, 1), discont=[4.0, None], axis=[0, -1], period=[5.0])
calls("round around", A, decimals=[1, 0, -1], out=OUT)
# ---- reductions
calls("sum prod mean ptp all any", A, **REDUCE)
calls("nansum nanprod nanmean", N, **REDUCE)
calls("max min amax amin", A, **REDUCE | {"where": [True]})
calls("nanmax nanmin", N, **REDUCE | {"where": [True]})
calls("max min", A, 0, None, True, 0.7, MASK)
calls("var std", A, **SPREAD)
calls("nanvar nanstd", N, **SPREAD)
calls("median", A, **ORDER)
calls("nanmedian", N, **ORDER)
calls("quantile", A, 0.3, **ORDER, method=METHODS, weights=[None])
calls("percentile", A, [30.0, 70.0], **ORDER, method=METHODS, weights=[None])
calls("nanquantile", N, 0.37, **ORDER, method=METHODS[:4], weights=[None])
calls("nanpercentile", N, 37.0, **ORDER, method=METHODS[4:], weights=[None])
calls("quantile", A, 0.3, 0, None, False, "inverted_cdf", weights=[B])
calls("cumsum cumprod", A, **SCAN)
calls("nancumsum nancumprod", N, **SCAN)
calls("cumulative_sum cumulative_prod", V, **SCAN, include_initial=[True])
calls("argmax argmin", A, **INDEX)
calls("nanargmax nanargmin", N, **INDEX)
calls("average", A, axis=[None, 0, -1, (0, 1)], weights=[B, None], returned=[True, False], keepdims=[True])
calls("average", A, 0, weights=[V[:3]])
calls("count_nonzero", A, axis=[None, 0, -1, (0, 1)], keepdims=[True])
# ---- products
calls("dot", A, B.T, out=OUT)
calls("dot", V, 2.0)
calls("inner vdot", A, B)
calls("kron", A, M)
calls("vdot", Z, Z + 1)
calls("outer", V, W, out=OUT)
calls("tensordot", A, B, axes=[2, 0, (1, 1), ([0, 1], [0, 1])])
calls("einsum", "ij,ij->i", A, B, out=OUT, optimize=[True, False, "greedy", "optimal"], order=["C", "K"],
      dtype=[None, complex], casting=["safe", "unsafe"])
calls("einsum", A, [0, 1], B, [0, 1], [1])
calls("einsum", "ij,jk,kl", A, B.T, A, optimize=[True])
calls("cross", A[:, :3], M, axisa=[0], axisb=[0], axisc=[0], axis=[0, -1, None])
calls("trace", C, offset=[1, -1], axis1=[2], axis2=[2], out=OUT, **DTYPE)
calls("convolve correlate", V, W[:3], mode=["full", "same", "valid"])
# ---- movement
calls("reshape", A, (2, 6), order=["C", "F", "A"], copy=[True, False, None])
calls("reshape", A, -1)
calls("ravel", A, order=["C", "F", "A", "K"])
calls("transpose permute_dims", C, axes=[None, (1, 0, 2), [-1, 0, 1]])
calls("moveaxis", C, (0, 1), (1, 2))
calls("swapaxes", C, 0, -1)
calls("rollaxis", C, 2, start=[1, 0])
calls("squeeze", A[None], axis=[0, (0,), None, -3])
calls("expand_dims", A, (0, -1))
calls("broadcast_to", A, (2, 3, 4), subok=[True, False])
calls("broadcast_arrays", A, V[:4], subok=[True, False])
calls("atleast_1d atleast_2d atleast_3d", V)
calls("concatenate concat", (A, B), axis=[0, -1, None], out=OUT, **CAST)
calls("stack", (A, B), axis=[0, 1, -1], out=OUT, **CAST)
calls("vstack hstack", (A, B), **CAST)
calls("dstack column_stack", (A, B))
calls("append", A, B, axis=[0, 1, None])
calls("block", [[A, B], [B, A]])
calls("split array_split", C, 2, axis=[0, 2, -1])
calls("hsplit", A, 2)
calls("vsplit dsplit", C, 2)
calls("unstack", A, axis=[0, 1])
calls("tile", A, (2, 1))
calls("repeat", A, 2, axis=[None, 0, -1])
calls("roll", A, 1, axis=[None, 0, -1, (0, 1)])
calls("rot90", A, k=[1, 2, -1], axes=[(1, 0)])
calls("flip", A, axis=[None, 0, -1, (0, 1)])
calls("fliplr flipud", A)
calls("pad", A, ((1, 2), (0, 1)), mode=["edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "maximum"],
      constant_values=[1.5, (1.0, 2.0)])
calls("pad", A, 1, "linear_ramp", end_values=[1.5])
calls("pad", A, 1, "mean", stat_length=[2])
calls("pad", A, 1, "reflect", reflect_type=["even", "odd"])
calls("tril triu", A, k=[0, 1, -1])
calls("diag", V, k=[0, 1, -1])
calls("diag", A, k=[0, 1, -1])
calls("diagflat", A, k=[0, 1])
calls("diagonal", C, offset=[1], axis1=[2], axis2=[2])
calls("matrix_transpose", C)
# ---- selection
calls("take", A, [0, 2], axis=[None, 0, -1], out=OUT, mode=["raise", "wrap", "clip"])
calls("take_along_axis", A, np.argsort(A, 1), axis=[1, -1])
calls("choose", [0, 1, 0, 1], [V[:4], W[:4]], out=OUT, mode=["raise", "wrap", "clip"])
calls("compress", [True, False, True], A, axis=[0, None], out=OUT)
calls("extract", MASK, A)
calls("select", [MASK, ~MASK], [A, B], default=[2.0])
calls("where", MASK, A, B)
calls("where", MASK, 1.5, A)
calls("piecewise", A, [MASK, ~MASK], [np.sin, np.cos])
calls("sort argsort", A, **SORT)
calls("partition argpartition", A, 1, axis=[None, 0, -1], kind=["introselect"], order=[None])
calls("unique", V, return_index=[True], return_inverse=[True], return_counts=[True], axis=[0, None], equal_nan=[False],
      sorted=[True])
calls("searchsorted", np.sort(V), W, side=["left", "right"], sorter=[np.arange(5)])
calls("digitize", V, np.sort(W), right=[True])
# ---- calculus and data
calls("diff", A, n=[0, 1, 2], axis=[0, -1], prepend=[0.0, B], append=[1.0, B])
calls("ediff1d", A, to_end=[1.5, V], to_begin=[2.5, V])
calls("gradient", A, axis=[None, 0, -1, (0, 1)], edge_order=[1, 2])
calls("gradient", A, 2.0, 3.0)
calls("trapezoid", A, x=[np.cumsum(B, 1), None], dx=[0.5], axis=[0, -1])
calls("interp", V, np.arange(4.0), W[:4], left=[1.5], right=[2.5], period=[1.7])
calls("polyval", W[:3], V)
calls("polyfit", V, W, 2, rcond=[None], full=[True, False], w=[np.arange(1.0, 6)], cov=[False, True, "unscaled"])
calls("bincount", [0, 2, 1, 1, 0], weights=[V], minlength=[6])
calls("histogram", V, bins=[3, np.array([0.4, 1, 2.1]), "auto"], range=[(0.0, 3.0)], density=[True], weights=[W])
calls("histogram_bin_edges", V, bins=[3, np.array([0.4, 1, 2.1]), "auto"], range=[(0.0, 3.0)], weights=[W])
calls("cov", A, y=[B], rowvar=[False], bias=[True], ddof=[0], fweights=[np.array([1, 2, 1, 1])], aweights=[V[:4]],
      **DTYPE)
calls("corrcoef", A, y=[B], rowvar=[False], **DTYPE)
# ---- creation
calls("meshgrid", V, W, copy=[True, False], sparse=[True], indexing=["xy", "ij"])
calls("linspace", 1.5, 3.0, num=[4, 1], endpoint=[False], retstep=[True], axis=[0, -1], device=["cpu"], **DTYPE)
calls("linspace", V, W, 4, axis=[0, -1, 1], endpoint=[False], retstep=[True])
calls("logspace", V / 3, W / 3, 3, endpoint=[False], base=[2.5], axis=[-1], **DTYPE)
calls("geomspace", V, W, 3, endpoint=[False], axis=[-1], **DTYPE)
calls("arange", 0.5, 3.2, 0.7, device=["cpu"], like=[None], **DTYPE)
calls("arange", 0.5, stop=[3.2, None], step=[0.2])
calls("astype", A, SINGLE, copy=[True, False], device=["cpu", None])
calls("copy", A, order=["C", "F", "K"], subok=[True])
calls("array asarray asanyarray ascontiguousarray asfortranarray", A, **MAKE)
calls("array asarray asanyarray", [V, W], **{k: v for k, v in MAKE.items() if k != "ndmax"})
calls("array asarray", 1.5)
calls("full", (2, 3), 1.5, order=["F"], device=["cpu"], like=[None], **DTYPE)
calls("full", (2, 5), V)
calls("full_like", A, B, **{k: v for k, v in LIKE.items() if k != "shape"})
calls("full_like", A, 1.5, **LIKE)
calls("zeros_like ones_like", A, **LIKE)
calls("vander", V, N=[3], increasing=[True])
calls("delete", A, 1, axis=[0, 1, None])
calls("insert", A, 1, 2.0, axis=[0, 1, None])
calls("resize", A, (5, 3))
calls("size", A, axis=[None, 0, -1])
calls("allclose isclose", A, B, rtol=[10.0], atol=[10.0], equal_nan=[True])
calls("array_equal", A, B, equal_nan=[True])
calls("array_equiv", A, B)
# ---- linear algebra and Fourier transforms
calls("linalg.norm", A, ord=["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf], axis=[None, 0, -1, (0, 1)], keepdims=[True])
calls("linalg.norm", V, ord=[None, 0, 1, 3, -2, np.inf, -np.inf, 2.5])
calls("linalg.vector_norm", A, axis=[None, 0, (0, 1)], keepdims=[True], ord=[1, 3, np.inf])
calls("linalg.matrix_norm", C, keepdims=[True], ord=["fro", "nuc", 1, 2, np.inf, -2])
calls("linalg.solve", S, A)
calls("linalg.inv linalg.det linalg.slogdet", S)
calls("linalg.cholesky", S, upper=[True])
calls("linalg.eigh linalg.eigvalsh", S, UPLO=["L", "U"])
calls("linalg.svd", A, full_matrices=[False, True], compute_uv=[False], hermitian=[False])
calls("linalg.svd", S, hermitian=[True])
calls("linalg.svdvals", A)
calls("linalg.qr", A.T, mode=["reduced", "complete", "r", "raw"])
calls("linalg.lstsq", A.T, W[:4], rcond=[None])
calls("linalg.pinv", A, rcond=[None], rtol=[None], hermitian=[False])
calls("linalg.pinv", S, hermitian=[True])
calls("linalg.matrix_power", S, -2)
calls("linalg.multi_dot", [A, B.T, A], out=OUT)
calls("fft.fft fft.ifft fft.rfft fft.irfft", A, **FFT)
calls("fft.fft2 fft.ifft2 fft.rfft2 fft.irfft2 fft.fftn fft.ifftn fft.rfftn fft.irfftn", A, **FFTN)
calls("fft.fftshift fft.ifftshift", A, axes=[None, 0, (0, 1)])
# fmt: on

# One triangle is all they read.
SYMMETRIC = {"linalg.cholesky", "linalg.eigh", "linalg.eigvalsh", "linalg.svd", "linalg.pinv"}


OLD = np.lib.NumpyVersion(np.__version__) < "2.1.0"  # the calls above are written for a newer one


def find(name):
    """numpy's function, or None where this numpy is too old to have it."""
    found = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def parameters(func):
    """numpy's names for the parameters; none for a ufunc of a numpy that does not say."""
    try:
        return inspect.signature(func).parameters
    except ValueError:
        return {}


NAMES = [name for name in CALLS if find(name)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_each_keyword_is_honoured_or_refused_by_name(name):
    func = find(name)
    known = parameters(func)
    flexible = not known or any(p.kind is p.VAR_KEYWORD for p in known.values())
    for args, keywords in CALLS[name]:
        check(name, partial(func), args)
        first = list(known.values())[: len(args)]
        if len(first) == len(args) and all(p.kind is p.POSITIONAL_OR_KEYWORD for p in first):
            check(name, by_names(func, [p.name for p in first]), args)
        for keyword, values in keywords.items():
            if keyword not in known and not flexible:
                continue
            for value in nothing_and_an_array(func, args) if values is OUT else values:
                check(name, by_names(func, [keyword], len(args)), (*args, value), keyword)
                gap = (
                    list(known.values())[len(args) : list(known).index(keyword)] if keyword in known else None
                )
                if gap is not None and known[keyword].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
                    if not any(p.kind is p.VAR_POSITIONAL for p in known.values()):
                        defaults = tuple(p.default for p in gap)
                        check(name, func, (*args, *defaults, value), keyword)


@pytest.mark.skipif(OLD, reason="numpy 2.0 has keywords that are gone since")
def test_each_keyword_is_tried():
    untried = []
    for name in NAMES:
        known = parameters(find(name))
        tried = {keyword for _, keywords in CALLS[name] for keyword in keywords}
        given = max(len(args) for args, _ in CALLS[name])
        for i, p in enumerate(known.values()):
            if p.default is not p.empty and i >= given and p.name not in tried:
                untried.append(f"{name}({p.name}=)")
    assert not untried, untried


def by_names(func, names, after=0):
    """`func` with the arguments from the `after`-th on given by keyword."""
    return lambda *args: func(*args[:after], **dict(zip(names, args[after:], strict=True)))


def nothing_and_an_array(func, args):
    return [None, np.empty_like(func(*args))]


# ---- one call ------------------------------------------------------------------------------------------------------
def check(name, call, args, keyword=None):
    """`call(*args)` gives numpy's value, and the slope of that, or refuses `keyword`."""
    what = f"{name} with {keyword}={args[-1]!r}" if keyword else name
    args = deepcopy(args)  # copy=False and overwrite_input=True write
    try:
        expected = leaves(call(*deepcopy(args)))
    except TypeError as error:
        if OLD and "argument" in str(error):
            return  # this numpy does not have that keyword
        raise
    out = keyword == "out" and args[-1] is not None
    xs, rebuild = watched(args[:-1] if keyword in CONTROLS or out else args)
    rest = args[-1:] if keyword in CONTROLS or out else ()
    weights = [randoms(i, y) if floating(y) else None for i, y in enumerate(expected)]
    seen = []

    def loss(*vs):
        ys = leaves(call(*rebuild(vs), *rest))
        seen[:] = ys
        return weighted(ys, weights)

    try:
        _, grads = value_and_grad(loss)(*xs)
    except (MissingRuleError, TypeError, ValueError) as error:
        assert keyword and keyword in str(error), f"{what}: {type(error).__name__}: {error}"
        return
    if out:  # a constant function: it has no gradient to lose
        compare(what, leaves(rest[0]), expected)
        return
    compare(what, [value_of(y) for y in seen], expected)
    vs = [randoms(i, x) for i, x in enumerate(xs)]
    if name in SYMMETRIC:
        vs = [v + v.T if np.ndim(v) == 2 and len(v) == len(v.T) else v for v in vs]
    single = any(getattr(y, "dtype", None) in (np.float32, np.complex64) for y in expected)
    step, tolerance = (1e-2, 2e-2) if single else (1e-6, 1e-6)
    above, below = (
        weighted(leaves(call(*rebuild([x + h * v for x, v in zip(xs, vs)]), *rest)), weights)
        for h in (step, -step)
    )
    slope = sum(np.sum(np.real(np.where(np.isfinite(x), v, 0) * g)) for x, v, g in zip(xs, vs, grads))
    witness = (above - below) / (2 * step)
    assert abs(slope - witness) <= tolerance * max(1, abs(witness)), (
        f"{what}: slope {slope}, numpy's {witness}"
    )


CONTROLS = set(  # numbers that choose: they have no slope
    "ddof correction rtol atol equal_nan discont period range num optimize n constant_values end_values".split()
)


def leaves(y):
    return [v for part in y for v in leaves(part)] if isinstance(y, (list, tuple)) else [y]


def floating(x):
    return isinstance(x, (float, complex)) or isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"


def randoms(seed, x):
    return np.where(np.isfinite(x), np.random.default_rng(seed).uniform(0.5, 1.5, np.shape(x)), 0.0)[()]


def weighted(ys, weights):
    return (
        sum(np.sum(np.real(w * np.where(w == 0, 0.0, y))) for w, y in zip(weights, ys) if w is not None) + 0.0
    )


def watched(args):
    """The floating leaves of `args`, and the function that puts others in their places."""
    xs = [x for x in leaves(args) if floating(x)]

    def rebuild(vs):
        left = iter(vs)

        def fill(x):
            if isinstance(x, (list, tuple)):
                return type(x)(map(fill, x))
            return next(left) if floating(x) else x

        return fill(args)

    return xs, rebuild


def compare(what, ours, numpys):
    assert len(ours) == len(numpys), what
    for a, b in zip(ours, numpys):
        assert type(a) is type(b), f"{what}: {type(a)}, numpy's is {type(b)}"
        if isinstance(b, (np.ndarray, np.generic)):
            assert (a.shape, a.dtype) == (b.shape, b.dtype), (
                f"{what}: {a.shape} {a.dtype}, not {b.shape} {b.dtype}"
            )
            low = b.dtype in (np.float32, np.complex64)
            np.testing.assert_allclose(
                a, b, rtol=1e-4 if low else 1e-11, atol=1e-6 if low else 1e-12, err_msg=what
            )
        elif isinstance(b, float):
            assert abs(a - b) < 1e-11, what
        else:
            assert a == b, what


# ---- what was once swallowed or lost -------------------------------------------------------------------------------
def test_a_tolerance_may_be_watched():
    def share(x, tolerance):
        return np.sum(x * np.isclose(x, x + 1, atol=tolerance)) if np.allclose(x, x, tolerance) else x[0]

    _, (slope, zero) = value_and_grad(share)(V, 2.0)
    assert np.array_equal(slope, np.ones(5)) and zero == 0


def test_watched_edges_of_a_histogram_keep_their_slope():
    def between(low, high):
        return np.sum(np.histogram(V, bins=2, range=(low, high))[1] * [1.0, 2.0, 4.0])

    assert value_and_grad(between)(0.0, 3.0)[1] == (2.0, 5.0)
    edges = np.array([0.0, 1.0, 3.0])
    _, (slope,) = value_and_grad(lambda e: np.sum(np.histogram(V, e)[1] * edges))(edges)
    assert np.array_equal(slope, edges)


def test_a_ufunc_of_plain_arrays_in_a_watched_function_may_write_into_one():
    def f(x):
        sums, squares, cubes = np.empty((3, 5))
        np.add(V, W, sums)
        return np.sum(x * sums * np.square(*(V, squares)) * np.power(V, 3, **{"out": cubes}))

    _, (slope,) = value_and_grad(f)(V)
    np.testing.assert_allclose(slope, (V + W) * V**5)
