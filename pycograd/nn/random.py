"""Random numbers as pure functions of a key: the same key, the same numbers, in any order of calls.

A key is 4 numbers of uint32, an array like any other: it can be stored, mapped by vmap and handed to `checkpoint`.
numpy's SeedSequence hashes it into the state of the counter-based generator Philox (Salmon et al. 2011), with a salt
for each purpose: what is drawn from a key, its children by `split` and those by `fold_in` have nothing in common.
"""

import operator

import numpy as np

from pycograd.core import Aval, Primitive, Traced, current_dtype, peeled, shape_of, where
from pycograd.ops.families import arrayed

__all__ = ["bernoulli", "fold_in", "key", "normal", "randint", "split", "uniform"]

WORDS = 4
DRAW, SPLIT, FOLD = 0x64726177, 0x73706C74, 0x666F6C64  # the letters of "draw", "splt", "fold"


def each_key(function):
    """`function(key, **params)` of plain keys that lie along the last axis of an array with any axes before it."""

    def run(k, **params):
        keys = np.asarray(k).reshape(-1, WORDS)
        out = np.empty((len(keys), *drawn_shape(**params)), drawn_dtype(**params))
        for i, words in enumerate(keys.tolist()):
            out[i] = function(words, **params)
        return out.reshape((*np.shape(k)[:-1], *out.shape[1:]))[()]

    return run


def drawn_shape(*, shape=(), **_):
    return shape


def drawn_dtype(*, kind="key", dtype=None, **_):
    return {"key": np.dtype(np.uint32), "integers": np.dtype(np.int64)}.get(kind, dtype)


def working():
    """The working dtype, or its real part."""
    dtype = current_dtype()
    return np.zeros(0, dtype).real.dtype if dtype.kind == "c" else dtype


def from_key(function, name):
    """The operation that makes random numbers of keys; it has no derivative."""
    return Primitive(
        each_key(function),
        operands="k",
        batch=lambda prim, xs, batched, params: prim.call(xs[0], **params),
        shape=lambda k, **params: Aval((*k.shape[:-1], *drawn_shape(**params)), drawn_dtype(**params)),
        name=name,
    )


def draw(words, *, kind, shape, dtype=None, limits=()):
    generator = np.random.Generator(np.random.Philox(np.random.SeedSequence([*words, DRAW])))
    if kind == "integers":
        return generator.integers(*limits, shape)
    precise = dtype if dtype in (np.float32, np.float64) else np.float32
    return generator.standard_normal(shape, precise) if kind == "normal" else generator.random(shape, precise)


def child(words, *, salt, shape):
    """New keys, as many as the first of `shape` says; `salt` is what they are made for."""
    state = np.random.SeedSequence([*words, *salt]).generate_state(int(np.prod(shape, dtype=int)), np.uint32)
    return state.reshape(shape)


draw_ = from_key(draw, "random")
child_ = from_key(child, "split")


def checked(k, function):
    """`k` as a key, or a mapped one."""
    k = peeled(arrayed(k))
    k = k if isinstance(k, Traced) else np.asarray(k)
    if shape_of(k) != (WORDS,) or k.dtype.kind not in "iu":
        raise ValueError(
            f"pycograd.random.{function}: a key is {WORDS} integers, as pycograd.random.key(seed) makes them, not "
            f"{k.dtype} of shape {shape_of(k)}{where()}"
        )
    return k


def sizes(shape):
    found = (operator.index(shape),) if np.ndim(shape) == 0 else tuple(map(operator.index, shape))
    if any(n < 0 for n in found):
        raise ValueError(f"pycograd.random: a shape has no negative sizes{where()}, and this is {shape}")
    return found


# ---- keys ----------------------------------------------------------------------------------------------------------
def key(seed):
    """The key of `seed`, an integer of at least 0: an array of 4 numbers, uint32.

    >>> key(0)
    array([2968811710, 3677149159,  745650761, 2884920346], dtype=uint32)
    """
    seed = operator.index(seed)
    if seed < 0:
        raise ValueError(f"pycograd.random.key: the seed must be at least 0, not {seed}{where()}")
    return np.random.SeedSequence(seed).generate_state(WORDS, np.uint32)


def split(k, num=2):
    """`num` new keys, independent of each other and of what is drawn from `k`: an array (num, 4), uint32.

    >>> first, second = split(key(0))
    >>> first.shape
    (4,)
    """
    num = operator.index(num)
    if num < 1:
        raise ValueError(f"pycograd.random.split: num must be at least 1, not {num}{where()}")
    return child_.call(checked(k, "split"), salt=(SPLIT,), shape=(num, WORDS))


def fold_in(k, data):
    """The key that `k` and the integer `data` (of at least 0) determine: of a step of training, of a layer.

    >>> bool(np.all(fold_in(key(0), 1) == fold_in(key(0), 1)))
    True
    """
    data = operator.index(data)
    if data < 0:
        raise ValueError(f"pycograd.random.fold_in: data must be at least 0, not {data}{where()}")
    return child_.call(checked(k, "fold_in"), salt=(FOLD, data), shape=(WORDS,))


# ---- numbers -------------------------------------------------------------------------------------------------------
def uniform(k, shape=(), low=0.0, high=1.0):
    """Numbers uniform in [low, high), of `shape` and the working dtype; `low` and `high` broadcast, and have gradients.

    >>> uniform(key(0), (2,)).round(3)
    array([0.104, 0.891])
    """
    u = draw_.call(checked(k, "uniform"), kind="uniform", shape=sizes(shape), dtype=working())
    if type(low) is type(high) is float and (low, high) == (0.0, 1.0):
        return u
    return low + (high - low) * u


def normal(k, shape=()):
    """Numbers of the standard normal distribution, of `shape` and the working dtype.

    >>> normal(key(0), (2,)).round(3)
    array([-0.953,  0.287])
    """
    return draw_.call(checked(k, "normal"), kind="normal", shape=sizes(shape), dtype=working())


def bernoulli(k, p, shape=()):
    """1.0 with probability `p`, else 0.0: of `shape`, against which `p` broadcasts, and the working dtype.

    It has no derivative.  Raises ValueError if `p` is not between 0 and 1.

    >>> bernoulli(key(0), 0.5, (4,))
    array([1., 0., 1., 0.])
    """
    p = peeled(arrayed(p))
    if not isinstance(p, Traced) and not np.all((np.asarray(p) >= 0) & (np.asarray(p) <= 1)):
        raise ValueError(f"pycograd.random.bernoulli: p must be between 0 and 1, not {p}{where()}")
    u = draw_.call(checked(k, "bernoulli"), kind="uniform", shape=sizes(shape), dtype=working())
    return np.less(u, p).astype(u.dtype)


def randint(k, low, high, shape=()):
    """Integers from `low` to `high` - 1, equally likely: int64 of `shape`.

    >>> randint(key(0), 0, 10, (4,))
    array([1, 1, 1, 8])
    """
    low, high = operator.index(low), operator.index(high)
    if low >= high:
        raise ValueError(f"pycograd.random.randint: no integer is at least {low} and below {high}{where()}")
    return draw_.call(checked(k, "randint"), kind="integers", shape=sizes(shape), limits=(low, high))
