"""Reading at an index: every kind of key that numpy takes, and its transpose, adding at an index.

A plain key is a parameter (`getitem`).  An index that differs between the examples of vmap, or is being captured, is an
operand instead (`gather`): it leaves a hole in the key.  The index of a value on a tape is its plain number, because an
index has no gradient.
"""

import operator
from functools import cache
from types import EllipsisType, NoneType

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, Var, View, note, peeled, relate, shape_of, where

from .families import all_batched, arrayed, linear, pad_rank, rank, watches

BETWEEN = (
    slice,
    EllipsisType,
    NoneType,
)  # what moves the axes of advanced indices to the front, where it parts them
BASIC = (int, np.integer, *BETWEEN)
NUMBERS = {int, NoneType}
EACH, HOLE, BOOL = slice(None), "index", np.dtype(bool)


# ---- what a key selects --------------------------------------------------------------------------------------------
def is_basic(key):
    """Whether the plain `key` selects a view, each element at most once."""
    if isinstance(key, tuple):
        return all(isinstance(k, BASIC) and not isinstance(k, bool) for k in key)
    return isinstance(key, BASIC) and not isinstance(key, bool)


def is_mask(k):
    return isinstance(k, (bool, np.bool_)) or getattr(k, "dtype", None) == BOOL


def selects_once(key):
    """Whether no element can be selected twice: a mask selects once, an array of integers need not."""
    parts = key if type(key) is tuple else (key,)
    return all(isinstance(k, BASIC) or is_mask(k) for k in parts)


def apart(key):
    """Whether a slice, None or Ellipsis parts the advanced indices of `key`, integers among them.

    Then numpy puts their axes in front.
    """
    at = [i for i, k in enumerate(key) if not isinstance(k, BETWEEN)]
    return bool(at) and at[-1] - at[0] + 1 > len(at)


def advanced_rank(key):
    """How many axes the advanced indices of `key` make together."""
    return max(
        [1 if is_mask(k) else rank(k) for k in key if not isinstance(k, BASIC) or is_mask(k)], default=0
    )


def advanced_start(key, ndim):
    """Which axis of an array of `ndim` axes, read at `key`, is the first that the advanced indices make."""
    if apart(key):
        return 0
    start, taken = 0, sum(not isinstance(k, (EllipsisType, NoneType, bool)) for k in key)
    for k in key:
        if not isinstance(k, BETWEEN):
            break
        start += ndim - taken if k is Ellipsis else 1
    return start


# ---- a plain key ---------------------------------------------------------------------------------------------------
def positions(buffer, key):
    """The places of the elements `buffer[key]` in the flat `buffer`."""
    return np.arange(buffer.size).reshape(buffer.shape)[key].reshape(-1)


def add_at(buffer, g, *, key):
    """buffer[key] += g, with repeated indices added up."""
    if type(key) is slice:
        part = buffer[key]
        part += g  # a view: `buffer[key] += g` would write it back once more
    elif type(key) is int or selects_once(key):
        buffer[key] += g
    elif buffer.ndim > 1 and 4 * np.size(g) > max(buffer.size, 512) and buffer.flags.c_contiguous:
        # for rows, numpy is five times as fast with one flat index
        np.add.at(buffer.reshape(-1), positions(buffer, key), np.ravel(g))
    else:
        np.add.at(buffer, key, g)


def scatter(g, *, shape, key):
    """Zeros of `shape`, with `g` added at `key`."""
    buffer = np.zeros(shape, np.result_type(g))
    if selects_once(key):
        buffer[key] = g
    else:
        add_at(buffer, g, key=key)
    return buffer


def example_key(key):
    return (EACH, *key) if type(key) is tuple else (EACH, key)


def batch_getitem(prim, xs, batched, params):
    key = example_key(params["key"])
    y = prim.call(xs[0], key=key)
    return y if is_basic(key) or not apart(key[1:]) else np.moveaxis(y, advanced_rank(key), 0)


def batch_put(prim, xs, batched, params):
    key, g = example_key(params["key"]), xs[0]
    front = 0 if is_basic(key) or not apart(key[1:]) else advanced_rank(key)
    shape = (shape_of(g)[0], *params["shape"])
    return prim.call(np.moveaxis(g, 0, front) if front else g, shape=shape, key=key)


def read_shape(x, *, key):
    return Aval(np.broadcast_to(np.int8(0), x.shape)[key].shape, np.dtype(x.dtype))


getitem = linear(
    lambda x, *, key: x[key],
    lambda g, x_shape, *, key: put.call(g, shape=x_shape, key=key),
    batch=batch_getitem,
    shape=read_shape,
    into=add_at,
    name="getitem",
    kind=View,
)
put = linear(
    scatter,
    lambda g, *, shape, key: getitem.call(g, key=key),
    batch=batch_put,
    shape=lambda g, *, shape, key: Aval(shape, np.dtype(g.dtype)),
    name="put",
)


# ---- a key with watched indices ------------------------------------------------------------------------------------
def filled(key, indices):
    """`key` with `indices` in its holes."""
    left = iter(indices)
    return tuple([next(left) if type(k) is str else k for k in key])


def asking(rule, *names):
    """`rule`, asking for `names` after its first argument."""
    rule.asks = names
    return rule


@cache
def gather(n):
    """The primitive x[key] for a key with `n` holes: the index arrays are operands after `x`."""
    names = [f"i{j}" for j in range(n)]

    def pull(g, *kept, key):
        return scatter_add(n).call(g, *kept[:-1], shape=kept[-1], key=key)

    def push(t, *indices, key):
        return prim.call(t, *indices, key=key)

    prim = Primitive(
        lambda x, *indices, key: x[filled(key, indices)],
        asking(pull, *names, "x_shape"),
        *[None] * n,
        jvp=(asking(push, *names), *[None] * n),
        operands=" ".join(["x", *names]),
        batch=batch_gather,
        shape=lambda x, *indices, key: read_shape(
            x, key=filled(key, [np.zeros(i.shape, int) for i in indices])
        ),
        name="gather",
    )
    return prim


@cache
def scatter_add(n):
    """The primitive that adds `g` to zeros of `shape` at a key with `n` holes: the index arrays are operands too."""
    names = [f"i{j}" for j in range(n)]

    def pull(g, *indices, key, shape):
        return gather(n).call(g, *indices, key=key)

    def push(t, *indices, **params):
        return prim.call(t, *indices, **params)

    prim = Primitive(
        lambda g, *indices, shape, key: scatter(g, shape=shape, key=filled(key, indices)),
        asking(pull, *names),
        *[None] * n,
        jvp=(asking(push, *names), *[None] * n),
        operands=" ".join(["g", *names]),
        batch=batch_scatter_add,
        shape=lambda g, *indices, shape, key: Aval(shape, np.dtype(g.dtype)),
        name="scatter_add",
    )
    return prim


def lined_up(indices, batched, key):
    """`indices` for a batch, the rank of the advanced axes of an example, and the key of one example for its layout."""
    ranks = [rank(i) - b for i, b in zip(indices, batched)]
    top = max([*ranks, *[1 for k in key if isinstance(k, bool)]])
    return [pad_rank(plain(i), top) if b else i for i, b in zip(indices, batched)], top


def numbered(n, top):
    """The number of each example, as an index that goes with advanced axes of rank `top`."""
    return np.reshape(np.arange(n), (n, *(1,) * top))


def inward(start, top):
    """Where the `top` advanced axes of a batch are, behind the batch axis, and where those of an example belong."""
    return tuple(range(1, top + 1)), tuple(range(start + 1, start + top + 1))


def batch_gather(prim, xs, batched, params):
    (x, *indices), key = xs, params["key"]
    indices, top = lined_up(indices, batched[1:], key)
    start = advanced_start(key, rank(x) - batched[0])
    if not batched[0]:
        y = prim.call(x, *indices, key=key)
        return np.moveaxis(y, start, 0) if start else y
    if not any(batched[1:]):
        y = prim.call(x, *indices, key=(EACH, *key))
        return np.moveaxis(y, top, 0) if apart(key) else y
    y = gather(len(xs)).call(x, numbered(shape_of(x)[0], top), *indices, key=(HOLE, *key))
    return np.moveaxis(y, *inward(start, top)) if start and top else y


def batch_scatter_add(prim, xs, batched, params):
    (g, *indices), key = xs, params["key"]
    indices, top = lined_up(indices, batched[1:], key)
    n = shape_of(xs[batched.index(True)])[0]
    shape = (n, *params["shape"])
    if not any(batched[1:]):
        g = np.moveaxis(g, 0, top) if apart(key) else g
        return prim.call(g, *indices, shape=shape, key=(EACH, *key))
    start = advanced_start(key, len(shape) - 1)
    g = g if batched[0] else all_batched([g, xs[batched.index(True)]], [False, True])[0]
    g = np.moveaxis(g, *reversed(inward(start, top))) if start and top else g
    return scatter_add(len(xs)).call(g, numbered(n, top), *indices, shape=shape, key=(HOLE, *key))


# ---- x[key] --------------------------------------------------------------------------------------------------------
def item(x, key):
    """`x[key]` of a watched value, or at a watched index."""
    kind = type(key)
    if kind is int or (kind is slice and type(key.start) in NUMBERS and type(key.stop) in NUMBERS):
        y = getitem.call(x, key=key)
        if type(y) is Var and type(y.value) is np.float64:  # what most are
            return y
        if kind is slice and type(y) is Var and type(x) is Var:
            relate(x, y, getitem, key)
        else:
            note(x, y, getitem, {"key": key})
        return y
    if kind is not tuple:
        key = plain(key)
        return gathered(x, (key,)) if isinstance(key, Traced) else getitem.view(x, key=key)
    key = tuple([plain(k) for k in key])
    for k in key:
        if isinstance(k, Traced):
            return gathered(x, key)
    return getitem.view(x, key=key)


def plain(k):
    """The part `k` of a key: lists as arrays, the plain number of an index on a tape."""
    if isinstance(k, Traced):
        return peeled(k)
    if type(k) is slice:
        return (
            k
            if type(k.start) in NUMBERS and type(k.stop) in NUMBERS
            else slice(*map(bound, (k.start, k.stop, k.step)))
        )
    if isinstance(k, (*BASIC, np.ndarray, str)) or hasattr(k, "__index__"):
        return k
    if watches((k,)):
        return plain(arrayed(k))
    k = np.asarray(k)
    return k if k.size else k.astype(np.intp)  # an empty list selects nothing


def bound(k):
    k = plain(k)
    if isinstance(k, Traced):
        raise TypeError(
            f"a slice{where()} with a bound that is {k.unanswerable}: use np.take(x, start + np.arange(length))"
        )
    return k


def gathered(x, key):
    """`x[key]` where parts of `key` are watched."""
    key, indices = opened_key(key)
    return gather(len(indices)).call(x, *indices, key=key)


def opened_key(key):
    """`key`, of which parts are watched, with holes for all index arrays, and those: they become operands."""
    parts, indices = [], []
    for k in map(plain, key):
        if isinstance(k, Traced) and is_mask(k):
            raise mask_error(k)
        array = isinstance(k, (Traced, np.ndarray))
        found = np.nonzero(k) if array and is_mask(k) else (k,) if array else ()
        if any(i.dtype.kind not in "iu" for i in found):
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
        indices += found
        parts += [HOLE] * len(found) if array else [k]
    return tuple(parts), indices


def mask_error(mask):
    return TypeError(
        f"a selection{where()} by a boolean mask that is {mask.unanswerable} has no fixed shape: use np.where, which "
        "keeps every element"
    )


REGISTRY[operator.getitem] = item
Traced.__getitem__ = item
