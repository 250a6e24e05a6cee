"""xarray: DataArray and Dataset as arguments, whose gradients have their labels, and as operands of watched values.

xarray holds any array that answers numpy's protocols, so a watched value lies in a DataArray as it is.  A DataArray is
a node of a pytree with its data as the one leaf, a Dataset one with a leaf per data variable; coordinates are labels.
"""

import operator

import numpy as np

from pycograd.core import Traced, copied, register, registered, shape_of, twin
from pycograd.core.labelled import LABELLED, WHOLE, Labelled
from pycograd.core.lazy import optional
from pycograd.core.memories import HOLDERS
from pycograd.core.traced import seen_as

from .labels import interpreter, plain

xr = optional("xarray", "pandas")


# ---- pytrees -------------------------------------------------------------------------------------------------------
class Template:
    """A container without its data, compared by what its labels say."""

    __slots__ = ("like",)

    def __init__(self, like):
        self.like = like

    def __eq__(self, other):
        a, b = self.like, other.like
        same = type(a) is type(b) and a.dims == b.dims and set(a.coords) == set(b.coords)
        return same and all(a.coords[k].equals(b.coords[k]) for k in a.coords)

    def __hash__(self):
        return hash((type(self.like), tuple(self.like.dims)))

    def __repr__(self):
        return f"{type(self.like).__name__} of {dict(self.like.sizes)}"


def flatten_array(array):
    return (array.data,), Template(array), (WHOLE,)


def build_array(template, children):
    """The DataArray; what has other axes, as the blocks of a Jacobian, without labels."""
    (leaf,) = children
    if leaf is None or shape_of(leaf) != template.like.shape:
        return leaf
    return template.like.copy(deep=False, data=own(leaf))


def own(leaf):
    return twin(leaf) if isinstance(leaf, Traced) else np.asarray(leaf)


def flatten_dataset(dataset):
    variables = dataset.data_vars
    return [v.data for v in variables.values()], Template(dataset), tuple(variables)


def build_dataset(template, children):
    """The Dataset; variables of other axes in a dict."""
    like = template.like.data_vars
    data = {
        name: np.full(variable.shape, None) if leaf is None else own(leaf)
        for (name, variable), leaf in zip(like.items(), children, strict=True)
    }
    if any(shape_of(data[name]) != variable.shape for name, variable in like.items()):
        return data
    return template.like.copy(deep=False, data=data)


register(xr.DataArray, flatten_array, build_array)
register(xr.Dataset, flatten_dataset, build_dataset)


# ---- operands ------------------------------------------------------------------------------------------------------
def values_of(x):
    """`x.values`, watched if `x` holds a watched value."""
    if isinstance(x, xr.Dataset):
        return x.values
    return x.data if isinstance(x.data, Traced) else x.values


def elementwise(function, operands, like, params):
    """`function`, a ufunc or an operator, as xarray does it, which takes any array beside a container."""
    if not isinstance(function, np.ufunc):
        return NotImplemented
    return like.__array_ufunc__(function, "__call__", *operands, **params)


KINDS = (xr.DataArray, xr.Dataset, xr.Variable)
LABELLED.update(
    dict.fromkeys(
        KINDS, Labelled(values_of, interpreter(operator.matmul, elementwise), operator.matmul, plain)
    )
)


# ---- stores into a container, which change arrays that a tape may have saved ---------------------------------------
def memory(x):
    """The plain arrays that a container consists of."""
    variables = x.variables.values() if isinstance(x, xr.Dataset) else [x]
    return [v.data for v in variables if type(v.data) is np.ndarray]


HOLDERS.update(dict.fromkeys(KINDS, memory))
HOLDERS[type(xr.DataArray(0.0).loc)] = lambda indexer: memory(indexer.data_array)
HOLDERS[type(xr.Dataset().loc)] = lambda indexer: memory(indexer.dataset)


@registered(xr.DataArray.to_numpy)
def to_numpy(self):
    y = values_of(self)
    return copied(y) if isinstance(y, Traced) else y


@registered(xr.DataArray.item)
def item(self, *args):
    return values_of(self).item(*args)


# ---- what xarray takes for an array --------------------------------------------------------------------------------
def seen(kind, frame):
    """The type of a watched value to the code that `frame` runs: to xarray an array that is not numpy's, which it
    keeps as it is.
    """
    if issubclass(kind, (np.ndarray, np.generic)) and (frame.f_globals.get("__name__") or "").startswith(
        "xarray."
    ):
        return Traced
    return kind


seen_as.append(seen)
