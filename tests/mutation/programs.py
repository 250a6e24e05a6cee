"""Programs that write: ordinary numpy code from a vector of six numbers to a number, each a law for every transform."""

import copy

import numpy as np

N = 6
W = np.random.default_rng(1).normal(size=(N, N)) + 2.0
PROGRAMS = {}
EXEMPT = {}


def program(f=None, **exempt):
    """Decorator: `f` is held to the laws, except to those named, for the reason given."""
    if f is None:
        return lambda f: program(f, **exempt)
    PROGRAMS[f.__name__], EXEMPT[f.__name__] = f, exempt
    return f


def weigh(a):
    """A number that depends on every element of `a` and on its place."""
    return np.sum(np.sin(a) * np.reshape(W, (-1,))[: a.size].reshape(a.shape))


@program
def store_in_a_loop(x):
    out = np.zeros(N)
    for i in range(N):
        out[i] = np.sin(x[i]) * x[i - 1]
    return np.sum(out * out)


@program
def recurrence(x):
    out = np.empty(N)
    out[0] = x[0]
    for i in range(1, N):
        out[i] = out[i - 1] * x[i] + np.sin(out[i - 1])
    return weigh(out)


@program
def blocks(x):
    B = np.ones((3, 3))
    B[:2, :2] = np.reshape(x[:4], (2, 2))
    B[2] = x[3:] * B[0]
    return weigh(B) + np.sum(B * B)


@program
def masks(x):
    y = x * x
    y[x < 0] = 0
    y[np.array([True, False] * 3)] = x[:3]
    y[y > 1.5] = 1.5
    return weigh(y)


@program
def shifted_sums(x):
    y = x.copy()
    y[1:] += y[:-1]
    y[:-1] *= y[1:]
    y[1:] = y[:-1]
    y[::-1][1:] = y[::-1][:-1] * 2
    return weigh(y)


@program
def copies_of_the_copy_module(x):
    y, z, held = copy.copy(x), copy.deepcopy(x * 2), copy.deepcopy({"a": [x]})
    y[0] = x[1] ** 2
    z[1:3] *= y[:2]
    held["a"][0][2] = z[1] * x[3]
    return weigh(x) + weigh(y) * np.sum(z) + weigh(held["a"][0])


@program
def rows_write_through(x):
    M = np.zeros((3, 2))
    row = M[0]
    row[:] = x[:2]
    M[1] = row * 3
    row[0] = x[5]
    row += 1.0
    M[0, 1] = x[4] * M[0, 0]
    return weigh(M) + row[1]


@program
def rows_of_a_result(x):
    M = np.reshape(x * x, (3, 2))
    row = M[1]
    row[0] = 5 * x[0]
    M[1, 1] = x[1]
    return weigh(M) + np.sum(row * row)


@program
def names_of_one_array(x):
    a = b = np.zeros(3)
    a[0] = x[0]
    c = b
    c[1] = a[0] * x[1]
    d = e = x * 2
    d[0] = x[1] * x[1]
    d += x
    f = e
    f = f + x
    f[0] = 0
    return weigh(b) * np.sum(a) + weigh(e) + weigh(f)


@program
def sums_at_indices(x):
    h = np.zeros(4)
    index = np.array([0, 1, 1, 3, 0, 1])
    np.add.at(h, index, x * x)
    index[:] = 0
    np.subtract.at(h, (index[:2],), x[:2])
    return weigh(h)


@program
def out_keyword(x):
    buf = np.empty(N)
    np.multiply(x, W[0], out=buf)
    np.sin(buf, out=buf)
    np.add(buf[:3], x[3:], buf[3:])
    rows = np.zeros((2, 3))
    np.sum(np.reshape(x, (2, 3)) ** 2, axis=0, out=rows[1])
    np.exp(x[:3], out=rows[0], where=np.array([True, False, True]))
    return weigh(buf) + weigh(rows)


@program
def accumulate(x):
    acc = np.zeros(N)
    keep = acc
    total = 0.0
    for i in range(3):
        acc += x * W[i]
        acc -= np.sin(acc)
        acc *= 0.5
        acc /= 1.0 + x[0] ** 2
        total += x[i]
    return weigh(keep) * total


@program
def heat(x):
    u = x.copy()
    for _ in range(5):
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
        u[1:-1] += 0.1 * u[1:-1] * (u[2:] - 2 * u[1:-1] + u[:-2])
    return weigh(u)


@program
def cholesky(x):
    n = 3
    A = np.zeros((n, n))
    A[np.tril_indices(n)] = 0.1 * x
    A = A + A.T + 4 * np.eye(n)
    L = np.zeros_like(A)
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - np.sum(L[j, :j] * L[j, :j]))
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
    return weigh(L)


@program
def tridiagonal(x):
    """Thomas' algorithm, written into copies of its arguments."""
    lower, upper = np.full(N, 0.3), np.full(N, -0.2)
    diagonal, right = 3.0 + 0.1 * x, x * x
    for i in range(1, N):
        m = lower[i] / diagonal[i - 1]
        diagonal[i] -= m * upper[i - 1]
        right[i] -= m * right[i - 1]
    y = np.empty(N)
    y[-1] = right[-1] / diagonal[-1]
    for i in range(N - 2, -1, -1):
        y[i] = (right[i] - upper[i] * y[i + 1]) / diagonal[i]
    return weigh(y)


@program
def soft_alignment(x):
    """A table of dynamic programming: each cell from three neighbours."""
    D = np.full((4, 4), 10.0)
    D[0, 0] = 0.0
    for i in range(1, 4):
        for j in range(1, 4):
            cost = (x[i - 1] - x[j + 2]) ** 2
            D[i, j] = cost - np.log(np.exp(-D[i - 1, j]) + np.exp(-D[i, j - 1]) + np.exp(-D[i - 1, j - 1]))
    return D[-1, -1] + D[2, 3]


@program
def kalman(x):
    m, P = np.zeros(2), np.eye(2)
    F, H = np.array([[1.0, 0.1], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    means = np.empty((N, 2))
    likelihood = 0.0
    for t in range(N):
        m, P = F @ m, F @ P @ F.T + 0.1 * np.eye(2)
        S = (H @ P @ H.T)[0, 0] + 0.5
        K = P @ H[0] / S
        r = x[t] - m[0]
        m = m + K * r
        P -= np.outer(K, K) * S
        means[t] = m
        likelihood -= 0.5 * (np.log(S) + r * r / S)
    return likelihood + weigh(means)


@program
def writers(x):
    y = np.zeros(N)
    np.copyto(y, x * x)
    np.copyto(y, x, where=np.array([True, False] * 3))
    np.put(y, [0, 2], x[3] * x[1])
    np.place(y, np.array([False, True] * 3), x[:2])
    np.putmask(y, np.array([False, False, True] * 2), x * 2)
    M = np.zeros((3, 3))
    np.fill_diagonal(M, x[:3])
    np.put_along_axis(M, np.array([[0], [2], [0]]), np.reshape(x[3:], (3, 1)), axis=1)
    w = np.empty(2)
    w.fill(x[0])
    return weigh(y) + weigh(M) + weigh(w)


@program(vmap="sorting gathers by an index that differs between examples")
def sort_in_place(x):
    y = x * W[0]
    z = y[2:4]
    y.sort()
    z[0] = z[1] * x[2]
    p = x + 0.0
    p.partition(2)
    return weigh(y) + np.sum(p[:2]) * p[2]


class Holder:
    def __init__(self, n):
        self.buf = np.zeros(n)

    def fill(self, x):
        for i in range(len(self.buf)):
            self.buf[i] = x[i] * (self.buf[i - 1] + 1)


@program
def held_in_objects(x):
    h = Holder(4)
    h.fill(x)
    h.buf[1:3] += x[:2]
    h.buf += x[5]
    rows = [np.zeros(2) for _ in range(3)]
    named = {"a": rows[0], "b": x * 3}
    named["a"][1] = x[0]
    rows[0][0] = named["a"][1] * x[1]
    named["b"][2] = rows[0][0]
    rows[2][:] = named["b"][1:3]
    return weigh(h.buf) + weigh(rows[0]) + weigh(rows[2]) + weigh(named["b"])


def scale_into(a, k, x):
    a[k:] = a[k:] * x[k] + 1
    a[0] += x[0]


@program
def functions_that_write(x):
    y = np.ones(N)
    scale_into(y, 1, x)
    scale_into(y[2:], 0, x)
    z = x * x
    scale_into(z, 2, x)
    return weigh(y) + weigh(z)


@program(checkpoint="it writes into its argument, which a second run would see")
def argument_written(x):
    y = np.sin(x)
    x[0] = 0
    x[1:3] = y[:2] * x[3]
    x += 1.0
    half = x[::2]
    half *= x[1::2]
    return weigh(x) + weigh(y)


@program
def views_of_views(x):
    M = np.zeros((4, 3))
    v = M.T[1:][:, ::-1][::-1, 1:]
    v[0] = x[:3]
    v[1, ::2] = x[3:5] * v[0, ::2]
    s = v[:, 1]
    s *= x[5]
    M.flat[::5] = x[:3]
    M.T.flat[1] = x[4]
    return weigh(M) + weigh(v) + M.flat[0]


@program
def reshaped(x):
    y = x * x
    M = y.reshape(2, 3)
    M[1, 2] = x[0] * y[1]
    y[0] = 7 * x[1]
    f = M.T.ravel()  # numpy copies here
    f[0] = 100.0
    M.ravel()[1] = x[5]
    return weigh(y) + weigh(f) + weigh(M)


@program
def reversed_and_broadcast(x):
    y = x.copy()
    r = y[::-1]
    r[:3] = r[3:] * 2
    y[5] = r[1] + x[5]
    r[-1] = y[1]
    M = np.zeros((3, 6))
    M[:] = x
    M[:, 1] = x[0]
    M[1:] += x[1]
    M[1:, None, 2:4] = x[2:4]
    return weigh(y) + np.sum(r * r) + weigh(M)


@program
def written_after_it_was_saved(x):
    y = x * 2
    a = np.sin(y)  # keeps y
    b = y[1:] * y[:-1]  # keeps views of y
    c = y * y
    y[:] = 0.5
    y[2] = x[0]
    d = np.exp(y)
    d[3] = 0  # exp keeps its result
    return weigh(a) + weigh(b) + weigh(c) * weigh(y) + weigh(d)


@program
def old_values_kept(x):
    y = np.zeros(3)
    y[0] = x[0]
    s = y[0]
    t = y[0:1]
    u = y.copy()
    v = y + 0
    y[0] = 5 * x[1]
    return s * x[2] + t[0] + weigh(u) + weigh(v)


@program
def dead_versions(x):
    u = x.copy()
    s = 0.0
    for i in range(3):
        s = s + u[i] * u[i + 1]
        u[:] = u * x[i]
        s = s + np.sum(u[:2])
    u[:] = 1.0
    return s


@program
def index_arrays(x):
    y = np.zeros((4, 3))
    rows = np.array([2, 0])
    y[rows] = np.reshape(x, (2, 3))
    rows[:] = 3
    y[rows, [1, 2]] = x[:2]
    y[[1, 1, 1], 0] = x[:3]  # the last one stays
    y[1:, [0, 2]] += x[2]
    z = y[[0, 2]]
    z[0] = 1.0
    return weigh(y) + weigh(z)


@program
def constants_written(x):
    c = np.ones(N)
    y = x * c
    c[2] = 5.0
    k = c[1:4]
    z = y[1:4] * k
    c[:] = 0
    k[1] = x[0]
    d = 2.0 * W[0]
    d[1] = x[1]
    e = W[1].copy()
    e[0] = x[2]
    return weigh(y) + weigh(z) + weigh(c) + weigh(d) + weigh(e)


@program
def nested_lists(x):
    R = np.array([[x[0], -x[1]], [x[1], 1.0]])
    R[1, 1] = np.sin(x[0])
    S = np.array([x[i] * x[i + 1] for i in range(3)])
    S[0] += 1.0
    return weigh(R) + weigh(S)


@program
def questions_about_types(x):
    out = np.zeros(2)
    if isinstance(out, np.ndarray) and isinstance(x, np.ndarray) and not isinstance(len(x), np.ndarray):
        out[0] = x[0] * x[1]
    if out.size and out.shape == (2,) and len(out) == 2 and out.dtype == float:
        out[1] = max(1, out.ndim)
    return weigh(out)


@program
def whole_reads_between_stores(x):
    out = np.zeros(N)
    s = 0.0
    for i in range(N):
        out[i] = x[i] * x[i - 1]
        s = s + np.sum(np.sin(out) * out)
    return s


@program
def array_of_no_axes(x):
    a = np.array(1.0)
    a[()] = x[0]
    a += x[1] * a
    n = x[2] * 1.0
    m = n
    m += 1.0
    return np.sin(a) * n * m


@program
def numbers_from_written_arrays(x):
    counts = np.zeros(3, int)
    for i in range(N):
        counts[i % 3] += i
    weights = np.arange(3.0)
    weights[counts > 4] = 2.0
    order = np.argsort(-counts)
    picked = x[order] * weights
    picked[counts[0] % 3] = 1.0
    return weigh(picked) * float(counts[0])


@program
def histogram(x):
    h = np.zeros((2, 4))
    place = np.array([0, 3, 3, 1, 0, 2])
    np.add.at(h, (place % 2, place), x)
    np.add.at(h[1], place[:2], 1.0)
    return weigh(h)


def weigh_complex(z):
    return weigh(np.real(z)) + np.sum(np.cos(z.imag) * np.reshape(W, (-1,))[: z.size].reshape(z.shape))


@program
def parts_of_a_complex_array(x):
    z = np.zeros(N, complex)
    z.real = x
    z.imag[1:3] = x[:2] * x[2]
    z.imag += 0.5 * x[::-1]
    re, im = z.real, z.imag
    z[0] = (2.0 + 1.0j) * x[1]
    im[np.array([3, 4, 3])] = x[3:]
    re *= im
    re[re > 0.4] = 0.3
    return weigh_complex(z) + weigh(re) * np.sum(im)


@program
def parts_of_a_watched_result(x):
    z = x * (1.0 - 0.5j) + 0.2j * np.sin(x)
    kept, im, part = z * 1.0, np.imag(z), np.real(z)[1:4]
    rows = z.imag.reshape(3, 2)
    part[0] = 5.0 * x[0]
    rows[1] = x[:2]
    rows.T[0] *= 2.0
    z[5] += x[4]
    im += x
    return weigh_complex(z) + weigh(part) + weigh(rows) + weigh_complex(kept) + np.sum(im[::-1] * part[0])


@program
def parts_written_by_functions(x):
    z = np.reshape(np.exp(1j * x), (2, 3))
    np.multiply(x[:3], x[3:], out=z[0].real)
    np.copyto(z.imag, np.reshape(x, (2, 3)))
    np.add.at(z.real[1], np.array([0, 0, 2]), x[:3])
    z.real[0].sort()
    z.imag[1].fill(0.7)
    z.real.flat[4] = x[5]
    np.fill_diagonal(z.imag, x[2])
    total = sum(z.real[0]) + z.imag[0, 1] ** 2
    y = x * 2.0
    y.real[1:] = x[:-1]
    y.real += 1.0
    return weigh_complex(z) * total + weigh(y)


@program
def parts_that_are_only_read(x):
    z = x * (1.0 + 1.0j)
    a, b = z.real, z.imag
    c = np.sin(a) + b
    c[0] = a[1]
    b = b * 2.0
    b[0] = 1.0
    return weigh(a) + weigh(b) + weigh(c)


def as_it_lies(a):
    """Depends on the order of `a` in memory."""
    return (
        np.sum(np.sin(a.ravel(order="K")) * W[0, 0] * np.arange(1.0, a.size + 1)) + 3 * a.flags.f_contiguous
    )


@program
def orders_of_memory(x):
    m = np.zeros((2, 3), order="F")
    m[0, 1] = x[0]
    m[1] = x[:3]
    row, turned = m[0], np.asfortranarray(np.reshape(x, (2, 3)) * 2.0)
    row += x[3:]
    copy = turned.copy()
    turned[1, 1:] = row[1:] * x[0]
    doubled = m * 2.0
    doubled[0] = 1.0
    return as_it_lies(m) + as_it_lies(turned) * as_it_lies(doubled) + as_it_lies(copy)


@program
def orders_of_memory_of_copies(x):
    a = np.reshape(x, (3, 2)).T * 1.0
    b, c, d = np.ascontiguousarray(a), np.asfortranarray(a), np.array(a, order="C")
    b[0] = x[:3]
    d[1, 1] = 2.0 * x[0]
    a[0, 2] = 5.0
    c[1] *= x[3:]
    e, f = np.zeros_like(a), np.full((2, 3), x[0] * x[1], order="F")
    e[0] = x[1:4]
    f[1, 1] = 2.0
    g = np.reshape(a, -1, order="A") + np.copy(a).flatten(order="F") + a.copy("F").ravel(order="K")
    return sum([as_it_lies(array) for array in (a, b, c, d, e, f)]) + weigh(g)


@program
def axes_in_another_order_of_memory(x):
    t = np.transpose(np.reshape(np.outer(x[:4], x[:3]), (2, 2, 3)), (2, 0, 1)) * 1.0
    t[0] = np.reshape(x[:4], (2, 2))
    side = t[:, 1]
    side[1] += x[4]
    return as_it_lies(t) + weigh(side)
