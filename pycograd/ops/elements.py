"""Functions of the user on each element of a watched array: ufuncs of `np.frompyfunc`, `np.nditer`.

numpy calls them; what they return is kept, and numpy puts numbers, or positions, in its place.  So shapes, the order of
calls and errors are numpy's.
"""

from functools import partial
from itertools import product

import numpy as np

from pycograd.core import REGISTRY, UFUNC_METHODS, Aval, Traced, registered, shape_of, value_of

from .families import arrayed, no_rule, watches

MADE = frozenset("O->")  # the signs in the types of a ufunc that np.frompyfunc made


def gathered(pieces, places, dtype=None):
    """The array of those elements, counted through all `pieces`, that `places` tells; cast to `dtype`."""
    if all(not shape_of(piece) for piece in pieces):
        flat = np.stack(pieces)
    else:
        flat = np.concatenate([np.ravel(piece) for piece in pieces])
    in_order = places.size == flat.size and np.array_equal(np.ravel(places), np.arange(flat.size))
    found = np.reshape(flat, places.shape) if in_order else np.take(flat, places)
    return found if dtype is None or found.dtype == dtype else found.astype(dtype)


def counted(pieces):
    """For each piece the positions of its elements among those of all."""
    start = 0
    for piece in pieces:
        shape = shape_of(piece)
        size = int(np.prod(shape))
        yield np.arange(start, start + size).reshape(shape)
        start += size


# ---- ufuncs of np.frompyfunc -----------------------------------------------------------------------------------------
def is_made(func):
    """Whether `func` is a ufunc that np.frompyfunc made."""
    return isinstance(func, np.ufunc) and MADE.issuperset("".join(func.types))


def each(ufunc, *args, **params):
    """`ufunc(*args)`: watched results as one array, where numpy has an array of objects."""
    if params:
        raise no_rule(ufunc, next(iter(params)))
    results = ufunc(*[objects(a) for a in args])
    found = tuple([joined(y) for y in (results if ufunc.nout > 1 else (results,))])
    return found if ufunc.nout > 1 else found[0]


def objects(x):
    """The array of objects whose elements are those of `x`, watched or not."""
    x = arrayed(x)
    if not isinstance(x, Traced):
        return x
    found = np.empty(x.shape, object)
    for index in np.ndindex(x.shape):
        found[index] = (x[index] if index else x).item()
    return found


def joined(y):
    """The elements of an array of objects as one watched array, if one of them is."""
    if isinstance(y, Traced) or not isinstance(y, np.ndarray) or not watches(y.flat):
        return y
    return np.reshape(np.stack(list(y.flat)), y.shape)


def fold(ufunc, array, axis=0, dtype=None, out=None, keepdims=False, **params):
    """`ufunc.reduce`, one slice after the other."""
    if out is not None or params or not isinstance(axis, int):
        raise no_rule(ufunc, "reduce")
    slices = list(np.moveaxis(arrayed(array), axis, 0))
    y = slices[0]
    for more in slices[1:]:
        y = each(ufunc, y, more)
    return np.expand_dims(y, axis) if keepdims else y


def running(ufunc, array, axis=0, dtype=None, out=None):
    """`ufunc.accumulate`."""
    if out is not None:
        raise no_rule(ufunc, "out")
    slices = list(np.moveaxis(arrayed(array), axis, 0))
    found = slices[:1]
    for more in slices[1:]:
        found.append(each(ufunc, found[-1], more))
    return np.moveaxis(np.stack(found), 0, axis)


def of_made(name, usual, ours):
    """Let method `name` of a ufunc of np.frompyfunc be `ours`, and that of others what it was."""
    UFUNC_METHODS[name] = lambda ufunc, *args, **params: (ours if is_made(ufunc) else usual)(
        ufunc, *args, **params
    )


for _name, _ours in (("__call__", each), ("reduce", fold), ("accumulate", running)):
    of_made(_name, UFUNC_METHODS[_name], _ours)
REGISTRY.makers.append(lambda func: partial(each, func) if is_made(func) else None)


# ---- np.nditer -------------------------------------------------------------------------------------------------------
class Elements:
    """`np.nditer` of watched arrays that are only read: their elements as numpy orders them in memory."""

    def __init__(self, op, flags):
        arrays = np.broadcast_arrays(*(op if isinstance(op, (list, tuple)) else (op,)))
        self._several = isinstance(op, (list, tuple)) and len(op) > 1
        self._items = [(index, [a[index] for a in arrays]) for index in in_memory_order(arrays)]
        self._shape = shape_of(arrays[0])
        self.flags, self.itersize, self.iterindex, self.finished = flags, len(self._items), 0, not self._items

    def __iter__(self):
        for i, (index, values) in enumerate(self._items):
            self.iterindex, self.multi_index = i, index
            yield tuple(values) if self._several else values[0]
        self.finished = True

    @property
    def index(self):
        """The place of the element in the order of rows."""
        return int(np.ravel_multi_index(self.multi_index, self._shape))

    def __len__(self):
        return self.itersize

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


def in_memory_order(arrays):
    """The indices of `arrays`, of one shape, as `np.nditer` takes their numbers; by rows if there are none."""
    shape, numbers = shape_of(arrays[0]), list(map(value_of, arrays))
    if any(shape_of(x) != shape for x in numbers) or any(isinstance(x, Aval) for x in numbers) or 0 in shape:
        return product(*map(range, shape))
    plain = np.nditer(numbers, ["multi_index"])
    return [plain.multi_index for _ in plain]


@registered(np.nditer)
def nditer(op, flags=(), op_flags=None, *args, **params):
    """`np.nditer`: to read watched arrays."""
    if not watches((op,)):
        return np.nditer(op, flags, op_flags, *args, **params)
    written = [
        flag for each_op in op_flags or () for flag in ([each_op] if isinstance(each_op, str) else each_op)
    ]
    if args or params or set(written) - {"readonly"} or set(flags) - {"multi_index", "c_index", "refs_ok"}:
        raise no_rule(np.nditer, "op_flags" if op_flags else "flags")
    return Elements(op, flags)
