"""Random programs of stores, views, in-place operators and reads, against plain numpy: values, aliases, gradients.

The second kind also has plain arrays, made outside, which are used with watched ones and written before and after.
"""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycograd import grad, jvp, linearize, unweave, value_and_grad, vjp, vmap

KINDS = (
    "zeros result copy row col rev part reshape T store scalar iadd imul isub out mask fancy at keep "
    "same flat fill window read"
).split()
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), *[st.integers(0, 999)] * 3), min_size=4, max_size=14)


def run(steps, x):
    """A number that depends on all arrays that the program made."""
    arrays, total = [x, x * 0.5], 0.0
    for kind, i, j, k in steps:
        a, b = arrays[i % len(arrays)], arrays[j % len(arrays)]
        if a.ndim == 0 or a.size == 0:
            continue
        new, total = step(kind, a, b, j, k, x, total)
        if new is not None:
            arrays.append(new)
    for i, a in enumerate(arrays):
        total = total + np.sum(np.sin(a) * (0.1 * i + 1))
    return total


def step(kind, a, b, j, k, x, total):
    """The array that one step makes, if any; and `total`."""
    n, c = a.shape[0], 0.3 + k % 7 * 0.1
    new = None
    if kind == "zeros":
        new = np.zeros(a.shape)
    elif kind == "result":
        new = np.sin(a) * c + a
    elif kind == "copy":
        new = a.copy()
    elif kind == "row" and a.ndim > 1:
        new = a[j % n]
    elif kind == "col" and a.ndim > 1:
        new = a[:, j % a.shape[1]]
    elif kind == "rev":
        new = a[::-1]
    elif kind == "part" and n > 2:
        new = a[1 : 1 + k % n + 1]
    elif kind == "window" and n > 1:
        new = a[: n - 1 : 2]
    elif kind == "reshape":
        new = a.reshape(2, -1) if a.size % 2 == 0 else a.reshape(-1)
    elif kind == "T":
        new = a.T
    elif kind == "store" and b.ndim and b.shape[0]:
        m = min(a.shape[0], b.shape[0])
        if a.ndim == b.ndim == 1:
            a[:m] = b[b.shape[0] - m :]
        elif a.shape == b.shape:
            a[:] = b
    elif kind == "scalar":
        at = tuple(j % s for s in a.shape)
        a[at] = c * x[k % 6] * a[at]
    elif kind == "iadd" and a.shape == b.shape:
        a += b
    elif kind == "isub":
        a -= c
    elif kind == "imul" and a.shape == b.shape:
        a *= b
    elif kind == "out" and a.shape == b.shape:
        np.multiply(np.sin(b), c, out=a)
    elif kind == "mask":
        a[a > c] = c
    elif kind == "fancy":
        a[np.array([j % n, k % n])] = c * x[k % 6]
    elif kind == "at":
        np.add.at(a, np.array([j % n, j % n]), x[k % 6])
    elif kind == "flat":
        a.flat[j % a.size] = x[k % 6]
    elif kind == "fill":
        a[k % n :].fill(c)
    elif kind == "keep":
        total = total + np.sum(a * a * c)  # a tape keeps a
    elif kind == "read":
        total = total + c * a[tuple(j % s for s in a.shape)] ** 2
    elif kind == "same":
        new = a
    return new, total


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


X = np.array([0.317, -1.131, 0.723, 1.419, -0.237, 0.941])
V = np.array([1.0, -0.5, 0.3, 0.8, -1.2, 0.4])


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_random_programs(steps):
    def f(x):
        return run(steps, x)

    plainly, left = X.copy(), X.copy()
    y = f(plainly)
    got, g = value_and_grad(f, 0)(left)
    close(got, y)
    close(left, plainly)
    if abs(y) > 1e6:
        return
    h = 1e-6
    slope = (f(X + h * V) - f(X - h * V)) / (2 * h)
    np.testing.assert_allclose(g @ V, slope, rtol=1e-4, atol=1e-5 * (1 + abs(y)))
    close(jvp(f, (X.copy(),), (V,))[1], g @ V)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_random_programs_in_second_order_and_batches(steps):
    def f(x):
        return run(steps, x)

    if abs(f(X.copy())) > 1e3:
        return
    h = jvp(grad(f, 0), (X.copy(),), (V,))[1]
    close(grad(lambda x: np.sum(grad(f, 0)(x) * V), 0)(X.copy()), h)
    close(vmap(grad(f, 0))(np.stack([X, X]))[1], grad(f, 0)(X.copy()))


# ---- plain arrays that are used and written -------------------------------------------------------------------------
WRITES = "slot tail iadd imul isub fill sort out copyto flat index view back T alias".split()
USES = "use mix where take into dot at stack same_shape".split()
MIXED = st.lists(
    st.tuples(st.sampled_from(WRITES + USES + USES + KINDS), *[st.integers(0, 999)] * 3),
    min_size=4,
    max_size=16,
)


@unweave
def plain_arrays():
    """Arrays that the function does not make."""
    return [np.linspace(0.2, 1.2, 6), np.linspace(-1.0, 1.0, 6).reshape(3, 2)], np.array([0, 2, 1])


def run_mixed(steps, x, plain=None, index=None):
    """A number that depends on all arrays that the program made, and on the plain ones as they were when used."""
    if plain is None:
        plain, index = plain_arrays()
    plain, arrays, total = list(plain), [x, x * 0.5], 0.0
    for kind, i, j, k in steps:
        a, b = arrays[i % len(arrays)], arrays[j % len(arrays)]
        p, q = plain[i % len(plain)], plain[j % len(plain)]
        new = None
        if kind in WRITES:
            view = write(kind, p, q, index, j, k)
            if view is not None:
                plain.append(view)
        elif a.ndim == 0 or a.size == 0:
            continue
        elif kind in USES:
            new, total = use(kind, a, p, index, k, total)
        else:
            new, total = step(kind, a, b, j, k, x, total)
        if new is not None:
            arrays.append(new)
    for i, a in enumerate(arrays):
        total = total + np.sum(np.sin(a) * (0.1 * i + 1))
    return total


def write(kind, p, q, index, j, k):
    """One write into a plain array, or another view of it."""
    c = 0.3 + k % 7 * 0.1
    if kind == "slot":
        p[tuple(j % s for s in p.shape)] = c
    elif kind == "tail":
        p[j % p.shape[0] :] = c
    elif kind == "iadd":
        p += c
    elif kind == "imul" and p.shape == q.shape:
        p *= q
    elif kind == "isub":
        p[k % p.shape[0]] -= c
    elif kind == "fill":
        p.fill(c)
    elif kind == "sort":
        p.sort(axis=0)
    elif kind == "out":
        np.multiply(p, c, out=p)
    elif kind == "copyto" and p.shape == q.shape:
        np.copyto(p, q[::-1])
    elif kind == "flat":
        p.flat[j % p.size] = c
    elif kind == "index":
        index[j % 3] = k % 3
    elif kind == "view" and p.shape[0] > 1:
        return p[1:]
    elif kind == "back":
        return p[::-1]
    elif kind == "T":
        return p.T
    elif kind == "alias":
        return p
    return None


def use(kind, a, p, index, k, total):
    """The array that a use of the plain array `p` with the watched array `a` makes, if any; and `total`."""
    c, m = 0.3 + k % 7 * 0.1, min(a.size, p.size)
    flat, row = a.reshape(-1)[:m], p.reshape(-1)[:m]
    new = None
    if kind == "use":
        total = total + np.sum(np.sin(flat * row) * c)
    elif kind == "mix":
        new = np.cos(flat) * row + flat / (2.0 + row * row)
    elif kind == "where":
        new = np.where(row > c, flat, flat * flat)
    elif kind == "take" and a.size > 2:
        new = a.reshape(-1)[index] * c
    elif kind == "into" and a.shape == p.shape:
        a[...] = p
    elif kind == "dot":
        total = total + np.dot(flat, row)
    elif kind == "at" and a.ndim == 1 and a.size > 2:
        np.add.at(a, index, c)
    elif kind == "stack":
        new = np.concatenate([flat, row]) * c
    elif kind == "same_shape" and a.shape == p.shape:
        new = np.maximum(a, p) * p
    return new, total


@settings(max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(MIXED)
def test_random_programs_with_plain_arrays(steps):
    mine, theirs, left, plainly = plain_arrays(), plain_arrays(), X.copy(), X.copy()
    y = run_mixed(steps, plainly, *theirs)
    got, g = value_and_grad(run_mixed_of(steps), 0)(left, *mine)
    close(got, y)
    close(left, plainly)
    for a, b in zip([*mine[0], mine[1]], [*theirs[0], theirs[1]]):
        close(a, b)
    if abs(y) > 1e5:
        return

    def f(x):
        return run_mixed(steps, x)

    h = 1e-6
    slope = (f(X + h * V) - f(X - h * V)) / (2 * h)
    np.testing.assert_allclose(g @ V, slope, rtol=1e-4, atol=1e-5 * (1 + abs(y)))
    close(jvp(f, (X.copy(),), (V,))[1], g @ V)
    mine, x = plain_arrays(), X.copy()
    _, pullback = vjp(lambda x: run_mixed(steps, x, *mine), x)
    _, along = linearize(lambda x: run_mixed(steps, x, *mine), X.copy())
    for a in [*mine[0], x]:
        a[...] = 100.0
    mine[1][:] = 0
    if not any(kind == "index" for kind, *_ in steps):
        close(pullback(1.0)[0], g)


def run_mixed_of(steps):
    return lambda x, plain, index: run_mixed(steps, x, plain, index)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(MIXED)
def test_random_programs_with_plain_arrays_composed(steps):
    def f(x):
        return run_mixed(steps, x)

    if abs(f(X.copy())) > 1e3:
        return
    h = jvp(grad(f, 0), (X.copy(),), (V,))[1]
    close(grad(lambda x: np.sum(grad(f, 0)(x) * V), 0)(X.copy()), h)
    close(vmap(grad(f, 0))(np.stack([X, X]))[1], grad(f, 0)(X.copy()))
