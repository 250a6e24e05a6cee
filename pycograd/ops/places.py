"""Reading and storing at a place: `get`, `set_` and `add_at`, which transposition takes to one another.

The transpose of reading is adding; that of adding reads; that of storing reads, and clears the place.
"""

import numpy as np

from pycograd.core import Aval, Buffer, Place, Primitive, Store, opened, shape_at, shape_of, view_at
from pycograd.core.tape import pull_saved

from .families import pad_rank, rank
from .indexing import add_at as add_at_key
from .indexing import advanced_rank, apart, example_key, getitem


# ---- on plain arrays -----------------------------------------------------------------------------------------------
def read(x, *, at, copy=False):
    part, key = opened(x, at)
    y = part[key]
    return y.copy(order="K") if copy and type(y) is np.ndarray and y.base is not None else y


def overwrite(x, v, at):
    part, key = opened(x, at)
    part[key] = v


def add_in(x, v, at):
    part, key = opened(x, at)
    if (
        type(at) is Place and 0 in part.strides and key is ...
    ):  # numpy's broadcast views: one element in many places
        wide = tuple(i for i, s in enumerate(part.strides) if s == 0)
        v = np.sum(np.broadcast_to(v, part.shape), axis=wide, keepdims=True)
        part = part[tuple([slice(1) if i in wide else slice(None) for i in range(part.ndim)])]
    if view_at(key):
        part[key] += v
    else:
        add_at_key(part, v, key=key)


def stored(x, v, *, at):
    x = np.array(x, order="C")
    overwrite(x, v, at)
    return x


def added(x, v, *, at):
    x = np.array(x, order="C")
    add_in(x, v, at)
    return x


# ---- on batches ----------------------------------------------------------------------------------------------------
def batch_place(at, shape, n):
    """The place in a batch of `n` arrays of `shape` that is `at` in each of them, and where its batch axis is."""
    if type(at) is not Place:
        key = example_key(at)
        return key, advanced_rank(key) if not view_at(at) and apart(key[1:]) else 0
    w, size = at.window, int(np.prod(shape))
    key = w.key if w.key is None else example_key(w.key)
    window = w._replace(shape=(n, *w.shape), strides=(size, *w.strides), key=key)
    if at.key is ...:
        return Place(window), 0
    key = example_key(at.key)
    return Place(window, key), advanced_rank(key) if not view_at(at.key) and apart(key[1:]) else 0


def batch_get(prim, xs, batched, params):
    n, *shape = shape_of(xs[0])
    at, front = batch_place(params["at"], tuple(shape), n)
    y = prim.call(xs[0], **{**params, "at": at})
    return np.moveaxis(y, front, 0) if front else y


def batch_parts(x, v, batched, at):
    """The operands and the place of a store in each array of a batch."""
    n = shape_of(x)[0] if batched[0] else shape_of(v)[0]
    if not batched[0]:
        x = np.broadcast_to(x, (n, *shape_of(x)))
    slot = shape_at(shape_of(x)[1:], at)
    place, front = batch_place(at, shape_of(x)[1:], n)
    if batched[1]:
        v = pad_rank(v, len(slot))
        extra = rank(v) - 1 - len(slot)
        if extra > 0:  # axes of length one in front, which numpy ignores in a store
            v = np.reshape(v, (n, *shape_of(v)[1 + extra :]))
    if front:
        v = np.broadcast_to(v, (n, *slot))
        v = np.moveaxis(v, 0, front)
    return x, v, place


def batch_write(prim, xs, batched, params):
    x, v, at = batch_parts(*xs, batched, params["at"])
    return prim.call(x, v, at=at)


# ---- the three operations ------------------------------------------------------------------------------------------
get_ = Primitive(
    read,
    lambda g, x_shape, *, at, copy: add_at.call(np.zeros(x_shape, np.result_type(g)), g, at=at),
    linear="each",
    batch=batch_get,
    shape=lambda x, *, at, copy: Aval(shape_at(x.shape, at), np.dtype(x.dtype)),
    into=lambda buffer, g, *, at, copy: add_in(buffer, g, at),
    name="get",
)


def same_aval(x, v, *, at):
    return Aval(x.shape, np.dtype(x.dtype))


set_ = Store(
    stored,
    lambda g, *, at: set_.call(g, 0.0, at=at),
    lambda g, *, at: get_.call(g, at=at, copy=True),
    linear="joint",
    batch=batch_write,
    shape=same_aval,
    into=overwrite,
    operands="x v",
    name="set",
)
add_at = Store(
    added,
    lambda g, *, at: g,
    lambda g, *, at: get_.call(g, at=at, copy=True),
    linear="joint",
    batch=batch_write,
    shape=same_aval,
    into=add_in,
    operands="x v",
    name="add_at",
)
set_.overwrite, add_at.overwrite = overwrite, add_in
set_.batch_parts = add_at.batch_parts = batch_parts
Buffer.read = get_


# ---- the way back through a store ----------------------------------------------------------------------------------
def pull_both(g, node):
    at = node[3]
    return (node[7], node[1].vjp[0].rule(g, at=at)), (node[8], get_.call(g, at=at, copy=True))


def pull_x(g, node):
    return ((node[7], node[1].vjp[0].rule(g, at=node[3])),)


def pull_v(g, node):
    return ((node[7], get_.call(g, at=node[3], copy=True)),)


def moves(g, node):
    """Read the place and, after a store, clear it; the array `g` itself goes on to the older contents."""
    to_x, to_v = watched_operands(node)
    at = node[6]["at"] if node[6] else node[3]
    pairs = [(node[-1], read(g, at=at, copy=True))] if to_v else []
    if to_x:
        if node[1] is set_:
            overwrite(g, 0.0, at)
        pairs.append((node[7], g))
    return pairs


def hand_on(g, node, mine):
    """The same for a watched `g`; each cotangent with whether its arrays belong to nobody else."""
    to_x, to_v = watched_operands(node)
    at = node[6]["at"] if node[6] else node[3]
    if to_v:
        yield node[-1], get_.call(g, at=at, copy=True), False
    if to_x and node[1] is add_at:
        yield node[7], g, mine
    elif to_x:
        yield node[7], set_.in_place(g, 0.0, at) if mine else set_.call(g, 0.0, at=at), True


WHICH = {pull_both: (True, True), pull_x: (True, False), pull_v: (False, True)}
WHICH_OF_TEMPLATE = {"pull_ab": (True, True), "pull_a": (True, False), "pull_b": (False, True)}


def watched_operands(node):
    """Whether x and v of the store `node` are watched, however it was recorded."""
    pull = node[2]
    if pull is pull_saved:
        rules = [rule for rule, _ in node[3]]
        return tuple([entry.rule in rules for entry in node[1].vjp])
    return WHICH.get(pull) or WHICH_OF_TEMPLATE[pull.__name__]


for prim in (set_, add_at):
    prim.pulls = pull_both, pull_x, pull_v
    prim.moves, prim.hand_on = moves, hand_on
get_.adds = lambda params: (add_at, params["at"])
getitem.adds = lambda params: (add_at, params["key"])
