"""Stores at an index that is another one in each example of vmap, or whose numbers are not known: as whole arrays.

Such an index is an operand (`gather` and `scatter_add` of indexing.py), so what is stored is an array of zeros with the
values in their places, and a second one says which places these are.
"""

import numpy as np

from pycograd.core import Traced, shape_of, where

from .indexing import gather, is_mask, opened_key, plain, scatter_add


def differs(key):
    """Whether a part of `key` is still watched without its tape: another one in each example, or being captured."""
    if type(key) is tuple:
        return any([isinstance(k, Traced) and isinstance(plain(k), Traced) for k in key])
    return isinstance(key, Traced) and isinstance(plain(key), Traced)


def with_stored(x, key, v):
    """The value `x` with `v` at `key`."""
    if isinstance(key, Traced) and is_mask(key):
        return with_selected(x, key, v)
    key, indices = opened_key(as_tuple(key))
    slot = gather(len(indices)).call(places(x), *indices, key=key)
    v = broadcast_into(v, shape_of(slot))
    if slot.size > 1:
        v = np.where(last_of_its_place(slot), v, 0)
    scatter = scatter_add(len(indices))
    stored = scatter.call(v, *indices, shape=shape_of(x), key=key)
    there = scatter.call(np.ones(shape_of(slot)), *indices, shape=shape_of(x), key=key)
    return np.where(there > 0, stored, x)


def sums_at(x, key, v):
    """What `np.add.at` of `v` adds to the value `x` at `key`: an array of the shape of `x`."""
    key, indices = opened_key(as_tuple(key))
    slot = gather(len(indices)).call(places(x), *indices, key=key)
    v = broadcast_into(v, shape_of(slot))
    return scatter_add(len(indices)).call(v, *indices, shape=shape_of(x), key=key)


def with_selected(x, mask, v):
    """The value `x` with `v` where the `mask` holds."""
    below = len(shape_of(x)) - len(mask.shape)
    if len(shape_of(v)) > below:
        raise TypeError(
            f"a store{where()} by a boolean mask that is {plain(mask).unanswerable}: the number of elements that it "
            "takes is not known; use np.where, or store the same for all of them"
        )
    return np.where(np.reshape(mask, (*mask.shape, *(1,) * below)), v, x)


def broadcast_into(v, shape):
    """`v` as a store has it: axes of length one in front are dropped."""
    extra = len(shape_of(v)) - len(shape)
    if extra > 0 and shape_of(v)[:extra] == (1,) * extra:
        v = np.reshape(v, shape_of(v)[extra:])
    return np.broadcast_to(v, shape)


def as_tuple(key):
    return key if type(key) is tuple else (key,)


def places(x):
    """The number of each element of `x`."""
    return np.reshape(np.arange(x.size), shape_of(x))


def last_of_its_place(slot):
    """Where in `slot`, an array of places, no later element names the same place."""
    flat = np.reshape(slot, (-1,))
    order = np.argsort(flat, kind="stable")
    run = np.take_along_axis(flat, order, 0)
    last = np.concatenate([run[1:] != run[:-1], np.ones(1, bool)])
    return np.reshape(np.take_along_axis(last, np.argsort(order), 0), shape_of(slot))
