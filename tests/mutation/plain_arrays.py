"""Programs that write plain numbers into plain arrays which the tape has saved: made outside, or plain by other means.

Each is a function of `x`, a vector of three, and a fresh `Box` of arrays; the law is that of plain numpy.
"""

import functools
import operator
import random

import numpy as np

from pycograd import checkpoint, custom_vjp, unweave, vmap
from pycograd.examples import models  # any module: attributes of one are as good as a global

ROWS = np.arange(1.0, 10.0).reshape(3, 3)
PROGRAMS = {}


def program(f):
    """Decorator: `f` is held to the law."""
    PROGRAMS[f.__name__] = f
    return f


@unweave
class Box:
    """Arrays made outside the function."""

    def __init__(self):
        self.zero, self.one, self.two = range(3)
        self.a = np.array([1.0, 2.0, 3.0])
        self.b = np.array([3.0, 1.0, 2.0])
        self.m = np.eye(3) + 1.0
        self.z = np.array([1.0 + 2.0j, 0.5, -1.0j])
        self.i = np.array([0, 1, 2])
        self.mask = np.array([True, False, True])
        self.all = [self.a, self.b]

    @property
    def reversed(self):
        return self.a[::-1]

    def arrays(self):
        return [self.a, self.b, self.m, self.z, self.i, self.mask]


def use(x, a):
    """A number whose gradient and second derivative depend on what `a` holds now."""
    return np.sum(np.sin(x * a) * a)


# ---- statements ----------------------------------------------------------------------------------------------------
@program
def whole(x, box):
    total = 0.0
    for k in range(3):
        box.a[:] = k
        total = total + use(x, box.a)
    return total


@program
def by_a_name(x, box):
    a, total = box.a, 0.0
    for k in range(3):
        a[k] = 7.0
        total = total + use(x, a)
    a[...] = 0.0
    return total


@program
def an_element_at_a_computed_index(x, box):
    a, total = box.a, 0.0
    for k in range(3):
        a[int(k)] = len("abcd") + k
        a[slice(0, int(box.two))] = k
        box.b[int(k)] = k
        total = total + use(x, a) + use(x, box.b)
    return total


@program
def slices_masks_and_lists(x, box):
    total = use(x, box.a)
    box.a[1:] = 5.0
    total += use(x, box.a)
    box.a[[0, 2]] = 4.0
    total += use(x, box.a)
    box.a[box.mask] = 3.0
    total += use(x, box.a)
    box.a[box.a > 3.5] = 2.0
    total += use(x, box.a)
    box.m[1, ::2] = 9.0
    total += np.sum(box.m @ np.sin(x))
    box.m[:, 0] = 8.0
    return total + use(x, box.m[1]) + use(x, box.m.T[0])


@program
def augmented(x, box):
    a, total = box.a, 0.0
    for _ in range(3):
        a += 1.0
        total = total + use(x, a)
        a *= 1.5
        box.b -= 0.5
        total = total + use(x, a) * np.sum(x * box.b)
        box.m[0] += 2.0
        box.m[1, 1] /= 3.0
        total = total + np.sum(np.cos(box.m @ x))
    a **= 2
    a //= 2
    return total + use(x, a)


@program
def augmented_by_what_uses_the_array(x, box):
    a, total = box.a, [0.0]

    def seen():
        total[0] = total[0] + use(x, a)
        return 1.0

    a += seen()
    a[int(box.one)] += seen()
    a[1] -= seen()
    box.a[2] += seen()
    box.all[0][0] *= 2.0 * seen()
    box.reversed[0] += seen()
    (lambda: a)()[1] += seen()
    box.all[0] += seen()
    return total[0] + use(x, a)


@program
def several_targets(x, box):
    a = box.a
    total = use(x, a)
    a[0], a[2] = a[2], a[0]
    total += use(x, a)
    a[0] = box.b[1] = 4.0
    total += use(x, a) + use(x, box.b)
    (a[0], [a[1], *_]) = 1.0, [2.0, 3.0]
    total += use(x, a)
    for a[1] in (5.0, 6.0):
        total += use(x, a)
    for k, box.b[0] in enumerate((5.0, 6.0)):
        total += use(x, box.b) * k
    a[2]: float = 3.0
    return total + use(x, a)


@program
def attributes_of_arrays(x, box):
    total = use(x, box.a)
    box.a.flat = 3.0
    total += use(x, box.a)
    box.a.flat[1] = 4.0
    total += use(x, box.a)
    it = box.a.flat
    it[2] = 5.0
    total += use(x, box.a)
    box.a.real = 2.0
    total += use(x, box.a)
    total += np.sum(np.abs(x * box.z))
    box.z.imag = 2.0
    total += np.sum(np.abs(x * box.z))
    box.z.real += 1.0
    return total + np.sum(np.abs(x * box.z))


@program
def another_shape(x, box):
    y = x * box.b
    box.b.shape = (3, 1)
    total = np.sum(np.sin(y)) + np.sum(np.sin(x * box.b))
    box.b[2] = 0.0
    box.b.shape = (3,)
    return total + use(x, box.b)


@program
def in_a_class_body(x, box):
    total = use(x, box.a)
    bufs = [box.a]

    class Inner:
        bufs[0][1] += 3.0
        box.a[int(box.zero)] += 1.0
        box.a[int(box.two)] = 9.0

        def method(self):
            bufs[0][int(box.zero)] += 3.0
            return use(x, box.a)

    assert not [name for name in vars(Inner) if name.startswith("__pg_")]
    return total + use(x, box.a) + Inner().method() + use(x, box.a)


# ---- views and other names ------------------------------------------------------------------------------------------
@program
def views(x, box):
    row, column, back = box.m[1], box.m[:, 2], box.a[::-1]
    total = 0.0
    for k in range(3):
        row[:] = k
        total = total + np.sum(np.sin(box.m @ x))
        column += k
        total = total + use(x, box.m[2]) + use(x, row)
        back[0] = 10.0 * k
        total = total + use(x, box.a)
        box.m.T[2, 0] = k
        box.m.reshape(-1)[4] = k
        total = total + use(x, box.m.diagonal())
    return total


@program
def other_views(x, box):
    windows = np.lib.stride_tricks.sliding_window_view(box.a, 2, writeable=True)
    buffer = np.frombuffer(box.b)
    memory = memoryview(box.a)
    total = use(x, box.a) + np.sum(np.sin(windows * x[:2]))
    windows[1, 0] = 7.0
    total += use(x, box.a) + use(x, buffer)
    buffer[1] = 6.0
    total += use(x, box.b) + use(x, buffer)
    memory[0] = 5.0
    total += use(x, box.a) + np.sum(np.sin(windows * x[:2]))
    for each in np.nditer(box.a, op_flags=[["readwrite"]]):
        each[...] = each * 2
        total += use(x, box.a)
    return total + use(x, np.broadcast_to(box.b[:1], (3,))) + write_first(box.b) * 0 + use(x, box.b)


def write_first(a):
    a[0] = 11.0
    return 0.0


@program
def what_a_helper_writes(x, box):
    total = 0.0
    for k in range(3):
        write_first(box.a)
        total = total + use(x, box.a)
        fill_with(box, k)
        total = total + use(x, box.a)
    return total


def fill_with(box, k):
    for a in box.all:
        a[...] = k


@program
def appended_to_a_list(x, box):
    rows = []
    total = 0.0
    for k in range(3):
        rows.append(box.a)
        rows[0][:] = k + 1
        total = total + use(x, rows[-1])
    return total


@program
def made_inside_before_anything_is_watched(x, box):
    table = {"a": np.linspace(0.0, 1.0, 3)}
    rows = [row for row in np.arange(6.0).reshape(2, 3)]
    total = 0.0
    for k in range(3):
        table["a"][k] = k + 2
        rows[0][:] = k
        total = total + use(x, table["a"]) + use(x, rows[0])
    return total


@program
def constants_that_are_written_and_restored(x, box):
    a = box.a
    kept = a.copy()
    total = use(x, a)
    a[:] = 0.0
    total += use(x, a)
    a[:] = kept
    return total + use(x, a)


# ---- calls ----------------------------------------------------------------------------------------------------------
@program
def methods(x, box):
    a = box.a
    total = use(x, a)
    a.fill(4.0)
    total += use(x, a)
    a.put([0, 2], [5.0, 1.0])
    total += use(x, a)
    a.sort()
    total += use(x, a)
    box.b.partition(1)
    total += use(x, box.b)
    box.m[0].sort()
    a.__setitem__(1, 8.0)
    total += use(x, a)
    a.__iadd__(1.0)
    total += use(x, a) + use(x, box.m[0])
    box.i.setfield(1, int)
    total += np.sum(np.sin(x)[box.i])
    box.i.byteswap(inplace=True)
    box.i.byteswap(True)
    return total + np.sum(np.sin(x)[box.i])


@program
def methods_by_other_names(x, box):
    total = use(x, box.a)
    fill, put = box.a.fill, np.ndarray.put
    fill(4.0)
    total += use(x, box.a)
    put(box.a, [1], 3.0)
    total += use(x, box.a)
    set_item = box.a.__setitem__
    set_item(0, 7.0)
    total += use(x, box.a)
    list(map(box.a.fill, [2.0]))
    total += use(x, box.a)
    functools.partial(np.copyto, box.a)(5.0)
    total += use(x, box.a)
    sort = box.b.sort
    sort()
    return total + use(x, box.b)


@program
def functions_of_operator(x, box):
    total = use(x, box.a)
    operator.setitem(box.a, slice(None), 2.0)
    total += use(x, box.a)
    operator.iadd(box.a, 1.0)
    total += use(x, box.a)
    functools.reduce(operator.imul, [2.0, 3.0], box.a)
    return total + use(x, box.a)


@program
def functions_that_write(x, box):
    a, m = box.a, box.m
    total = use(x, a)
    np.copyto(a, 2.0)
    total += use(x, a)
    np.put(a, [0, 1], [3.0, 4.0])
    total += use(x, a)
    np.place(a, a > 2.5, [1.0, 0.5])
    total += use(x, a)
    np.putmask(a, box.mask, [6.0, 5.0, 4.0])
    total += use(x, a)
    np.put_along_axis(m, np.array([[0], [1], [2]]), 7.0, 1)
    total += np.sum(np.sin(m @ x))
    np.fill_diagonal(m, 3.0)
    total += np.sum(np.sin(m @ x))
    np.add.at(a, [0, 0, 2], 1.0)
    total += use(x, a)
    np.nan_to_num(np.divide(a, a - a[0], out=a, where=a != a[0]), copy=False)
    return total + use(x, a)


@program
def functions_by_other_names(x, box):
    a, total = box.a, use(x, box.a)
    for write, arguments in (
        (np.copyto, (a, 2.0)),
        (np.put, (a, [1], 4.0)),
        (np.fill_diagonal, (box.m, 4.0)),
    ):
        write(*arguments)
        total += use(x, a) + use(x, box.m[1])
    for write in (np.copyto, np.fill_diagonal):
        write(box.m, 6.0)
        total += use(x, box.m[1])
    return total


@program
def out_keyword(x, box):
    a, b = box.a, box.b
    total = use(x, a)
    np.add(b, 1.0, out=a)
    total += use(x, a)
    np.multiply(b, 2.0, out=(a,))
    total += use(x, a)
    box.m.sum(axis=0, out=a)
    total += use(x, a)
    np.cumsum(b, out=a)
    total += use(x, a)
    np.negative(b, where=box.mask, out=box.all[0])
    total += use(x, a)
    np.clip(a, 0.0, 1.0, out=a)
    total += use(x, a)
    np.dot(box.m, b, out=a)
    total += use(x, a)
    np.divmod(b, 2.0, out=(a, box.m[0]))
    return total + use(x, a) + use(x, box.m[0])


@program
def out_by_position(x, box):
    a, b, m = box.a, box.b, box.m
    total = use(x, a)
    np.add(b, 1.0, a)
    total += use(x, a)
    np.negative(b, a)
    total += use(x, a)
    m.sum(0, None, a)
    total += use(x, a)
    np.sum(m, 1, None, a)
    total += use(x, a)
    np.dot(m, b, a)
    total += use(x, a)
    np.clip(b, 1.5, 2.5, a)
    total += use(x, a)
    np.round(b / 3, 1, a)
    total += use(x, a)
    np.add.reduce(m, 0, None, a)
    total += use(x, a)
    b.cumsum(None, None, a)
    total += use(x, a)
    m.max(*(0, a))
    total += use(x, a)
    np.multiply(*(b, 2.0), a)
    return total + use(x, a)


@program
def out_of_functions_by_other_names(x, box):
    a, b, total = box.a, box.b, use(x, box.a)
    for f, arguments in (
        (np.add, (b, 1.0, a)),
        (np.negative, (b, a)),
        (np.clip, (b, 1.5, 2.5, a)),
        (np.add.reduce, (box.m, 1, None, a)),
        (box.m.mean, (0, None, a)),
    ):
        f(*arguments)
        total += use(x, a)
    for f in (np.negative, np.exp, np.sqrt):
        f(b, a)
        total += use(x, a)
    for f in (np.add, np.multiply):
        f(b, 3.0, a)
        total += use(x, a)
    return total


@program
def random_numbers(x, box):
    rng, total = np.random.default_rng(0), 0.0
    for _ in range(2):
        rng.standard_normal(out=box.a)
        total = total + use(x, box.a)
        rng.shuffle(box.b)
        total = total + use(x, box.b)
    random.Random(0).shuffle(box.b)
    total += use(x, box.b)
    shuffle = rng.shuffle
    shuffle(box.b)
    return total + use(x, box.b)


# ---- what is saved besides operands ----------------------------------------------------------------------------------
@program
def indices_and_conditions(x, box):
    total = np.sum(np.sin(x[box.i]) * ROWS[0])
    box.i[:] = 0
    total += np.sum(np.sin(x[box.i]) * ROWS[0])
    box.i[1:] = 2
    total += np.sum(np.take(np.sin(x), box.i) * ROWS[1])
    box.i[:] = 1
    y = np.where(box.mask, np.sin(x), x * x)
    z = np.sin(x)[box.mask]
    box.mask[:] = False
    return total + np.sum(y * y) + np.sum(z * z)


@program
def results_of_operations_on_it(x, box):
    y = np.einsum("ij,j->i", box.m, np.sin(x))
    box.m[:] = 0.0
    z = np.convolve(x, box.a)
    box.a[:] = 0.0
    u = np.interp(x, box.b.cumsum(), box.b)
    box.b += 5.0
    return np.sum(y * y) + np.sum(z * z) + np.sum(u)


@program
def under_vmap(x, box):
    total = 0.0
    for k in range(3):
        box.a[:] = k + 1
        total = total + np.sum(vmap(lambda row: use(row, box.a))(np.stack([x, x * x])))
        box.a[int(k)] = 9.0
    return total


@program
def in_a_checkpoint(x, box):
    total = 0.0
    for k in range(3):
        box.a[:] = k + 1
        total = total + checkpoint(lambda x: use(x, box.a) * np.sum(x))(x)
    box.a[:] = 0.0
    return total


@program
def written_by_what_is_checkpointed(x, box):
    def part(x, k):
        box.a += 1.0
        y = use(x, box.a)
        box.a[int(k)] = 4.0
        return y * use(x, box.a)

    part, total = checkpoint(part), 0.0
    for k in range(3):
        total = total + part(x, k)
    return total


@custom_vjp
def scaled(x, a):
    return np.sum(np.sin(x) * a)


def scaled_forward(x, a):
    return np.sum(np.sin(x) * a), (x, a)


def scaled_backward(saved, g):
    x, a = saved
    return g * np.cos(x) * a, None


scaled.defvjp(scaled_forward, scaled_backward)


@program
def residuals_of_a_custom_rule(x, box):
    total = 0.0
    for k in range(3):
        box.a[:] = k + 1
        total = total + scaled(x, box.a)
    box.a[:] = 0.0
    return total


@program
def an_attribute_of_a_module(x, box):
    models.scratch = box.a
    total = 0.0
    for k in range(3):
        models.scratch[k] = 0.5
        total = total + use(x, models.scratch)
    del models.scratch
    return total
