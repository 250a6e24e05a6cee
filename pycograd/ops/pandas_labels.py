"""pandas: Series and DataFrames as arguments, whose gradients have their labels, and as operands of watched values.

A Series is a node of a pytree with its numbers as the one leaf, a DataFrame one with a leaf per column.  Inside a
function their columns are watched (`pandas_arrays.py`), and the labels are pandas' affair.
"""

import operator
import sys

import numpy as np

from pycograd.core import REGISTRY, Traced, copied, register, registered, shape_of, twin
from pycograd.core.labelled import LABELLED, WHOLE, Labelled
from pycograd.core.lazy import optional
from pycograd.core.memories import HOLDERS
from pycograd.core.traced import seen_as

from .families import watches
from .labels import interpreter, plain
from .pandas_arrays import WatchedArray, boxed

pd = optional("pandas", "pandas")


# ---- pytrees -------------------------------------------------------------------------------------------------------
class Labels:
    """Index, and name or columns, compared by what they say."""

    __slots__ = ("columns", "index", "name")

    def __init__(self, index, name=None, columns=None):
        self.index, self.name, self.columns = index, name, columns

    def __eq__(self, other):
        if not isinstance(other, Labels) or (self.columns is None) != (other.columns is None):
            return False
        return self.index.equals(other.index) and (self.columns is None or self.columns.equals(other.columns))

    def __hash__(self):
        return hash((len(self.index), self.columns is None or len(self.columns)))

    def __repr__(self):
        return f"index {list(self.index[:3])}..." if len(self.index) > 3 else f"index {list(self.index)}"


def numbers_of(column):
    """The numbers of a column, if it has some: a leaf to differentiate; otherwise pandas' array, a leaf that is not."""
    array = column.array
    if isinstance(array, WatchedArray):
        return array.data
    kind = getattr(array.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy() if kind in "fciu" else array
    if kind in "fiu":  # a dtype of pandas' own that knows missing values
        return column.to_numpy(float if column.hasnans else array.dtype.numpy_dtype, na_value=np.nan)
    return array


def as_column(leaf):
    return WatchedArray(twin(leaf)) if isinstance(leaf, Traced) else leaf


def flatten_series(series):
    return (numbers_of(series),), Labels(series.index, series.name), (WHOLE,)


def build_series(labels, children):
    """The Series; what has other axes, as the blocks of a Jacobian, without labels."""
    (leaf,) = children
    if leaf is None or shape_of(leaf) != (len(labels.index),):
        return leaf
    return pd.Series(as_column(leaf), labels.index, name=labels.name, copy=False)


def flatten_frame(frame):
    columns = [numbers_of(frame.iloc[:, i]) for i in range(frame.shape[1])]
    return columns, Labels(frame.index, columns=frame.columns), tuple(frame.columns)


def build_frame(labels, children):
    """The DataFrame; one row of it, under vmap, as a Series."""
    shapes = {shape_of(x) for x in children if x is not None}
    if children and shapes == {()}:
        return pd.Series(boxed(REGISTRY[np.stack](children)), labels.columns)
    if len(shapes) == 1 and shapes != {(len(labels.index),)}:
        return dict(zip(labels.columns, children, strict=True))
    columns = {
        i: pd.Series(as_column(x), labels.index, dtype=object if x is None else None)
        for i, x in enumerate(children)
    }
    frame = pd.DataFrame(columns, index=labels.index, copy=False)
    frame.columns = labels.columns
    return frame


register(pd.Series, flatten_series, build_series)
register(pd.DataFrame, flatten_frame, build_frame)


# ---- operands ------------------------------------------------------------------------------------------------------
KINDS = (pd.Series, pd.DataFrame)


def values_of(x):
    """`x.values`, watched if `x` holds watched numbers."""
    if isinstance(x, pd.DataFrame):
        columns = flatten_frame(x)[0]
        numbers = all(isinstance(c, (Traced, np.ndarray)) for c in columns)
        if numbers and any(isinstance(c, Traced) for c in columns):
            return REGISTRY[np.stack](columns, axis=1)
    elif isinstance(x.array, WatchedArray):
        return x.array.data
    return x.values


def values_if_labelled(x):
    return values_of(x) if isinstance(x, KINDS) else x


def elementwise(function, operands, like, params):
    """`function`, a ufunc or an operator, as pandas does it: a watched operand has the labels of the container."""
    return function(*[labelled_as(x, like) if isinstance(x, Traced) else x for x in operands], **params)


def labelled_as(x, like):
    x = np.broadcast_to(x, like.shape)
    if like.ndim == 1:
        return pd.Series(WatchedArray(x), like.index, name=like.name)
    return frame_of(x, like.index, like.columns)


def frame_of(x, index=None, columns=None):
    """The DataFrame of the watched matrix `x`."""
    frame = pd.DataFrame({i: WatchedArray(x[:, i]) for i in range(shape_of(x)[1])}, index=index)
    if columns is not None:
        frame.columns = columns
    return frame


def product(a, b):
    """`a @ b`, in the labels that pandas gives it."""
    x, y = values_if_labelled(a), values_if_labelled(b)
    if not isinstance(x, Traced) and not isinstance(y, Traced):
        return operator.matmul(a, b)
    if isinstance(a, KINDS) and isinstance(b, KINDS):
        shared = a.columns if isinstance(a, pd.DataFrame) else a.index
        if not shared.equals(b.index):
            operator.matmul(plain(a), plain(b))  # pandas' own error, if they are not aligned
            b = b.reindex(shared)
            y = values_of(b)
    z = np.matmul(x, y)
    index = a.index if isinstance(a, pd.DataFrame) else None
    columns = b.columns if isinstance(b, pd.DataFrame) else None
    if z.ndim == 2 and isinstance(a, KINDS):
        return frame_of(z, index, columns)
    if z.ndim == 1 and (index is not None or columns is not None):
        return pd.Series(boxed(z), columns if index is None else index)
    return z


def table(jacobian, out, argument):
    """A Jacobian of two axes as a DataFrame: rows as the Series that is the output, columns as the argument."""
    if not isinstance(jacobian, np.ndarray | Traced) or len(shape_of(jacobian)) != 2:
        return jacobian
    index, columns = (x.index if isinstance(x, pd.Series) else None for x in (out, argument))
    return frame(jacobian, index, columns)


LABELLED.update(
    dict.fromkeys(KINDS, Labelled(values_of, interpreter(product, elementwise), product, plain, table))
)


# ---- stores into a container, which change arrays that a tape may have saved ---------------------------------------
def memory(x):
    """The plain arrays that a Series or DataFrame consists of."""
    parts = [[a, getattr(a, "_data", None), getattr(a, "_ndarray", None)] for a in x._mgr.arrays]
    return [a for part in parts for a in part if type(a) is np.ndarray]


HOLDERS.update(dict.fromkeys(KINDS, memory))
for _name in ("iloc", "loc", "at", "iat"):
    HOLDERS[type(getattr(pd.Series(dtype=float), _name))] = lambda indexer: memory(indexer.obj)


@registered(pd.Series.to_numpy)
def series_to_numpy(self, dtype=None, copy=False, na_value=pd.api.extensions.no_default, **params):
    return pd.Series.to_numpy(self, dtype, copy, na_value, **params)


@registered(pd.DataFrame.to_numpy)
def frame_to_numpy(self, dtype=None, copy=False, na_value=pd.api.extensions.no_default):
    y = values_of(self)
    if not isinstance(y, Traced):
        return pd.DataFrame.to_numpy(self, dtype, copy, na_value)
    y = y if dtype is None else y.astype(dtype)
    return copied(y) if copy else y


@registered(pd.Series.dot, pd.DataFrame.dot)
def dot(self, other):
    return product(self, other)


@registered(pd.DataFrame.apply)
def apply(self, func, axis=0, raw=False, result_type=None, args=(), **params):
    """`DataFrame.apply`; pandas makes the rows of a table of watched columns from plain numbers."""
    along_rows = axis in (1, "columns") and callable(func) and not raw and result_type is None
    if not along_rows or not len(self) or not isinstance(values_of(self), Traced):
        return pd.DataFrame.apply(self, func, axis, raw, result_type, args, **params)
    results = [func(self.iloc[i], *args, **params) for i in range(len(self))]
    if not all(isinstance(y, pd.Series) for y in results):
        return series(results, self.index)
    return frame_of(REGISTRY[np.stack]([values_of(y) for y in results]), self.index, results[0].index)


@registered(pd.Series)
def series(data=None, index=None, dtype=None, name=None, copy=None):
    """`pandas.Series`; the numbers may be watched."""
    return pd.Series(boxed(listed(data)), index, dtype, name, copy)


def listed(x):
    """`x`, or the array of the list `x` of watched numbers."""
    return REGISTRY[np.array](x) if isinstance(x, (list, tuple)) and watches(x) else x


@registered(pd.DataFrame)
def frame(data=None, index=None, columns=None, dtype=None, copy=None):
    """`pandas.DataFrame`; a matrix, and lists in a dict, may be watched."""
    if isinstance(data, Traced) and len(shape_of(data)) == 2:
        made = frame_of(data, index, columns)
        return made if dtype is None else made.astype(dtype)
    if isinstance(data, dict):
        data = {k: boxed(listed(v)) for k, v in data.items()}
    return pd.DataFrame(data, index, columns, dtype, copy)


# ---- what pandas itself makes a column of ----
Traced.__pandas_priority__ = 5000  # pandas leaves an operation with a watched value to `elementwise`


def kind_for_pandas(self):
    """pandas takes a watched vector for an array of another kind, and asks it for what to hold instead."""
    if from_pandas(sys._getframe(1)) and len(self.shape) == 1:
        return "npy_extension"
    raise AttributeError("_typ")


def column_for_pandas(self):
    if from_pandas(sys._getframe(1)):
        return lambda *args, **params: boxed(self)
    raise AttributeError("to_numpy")


def from_pandas(frame):
    return (frame.f_globals.get("__name__") or "").startswith("pandas.")


def seen(kind, frame):
    """pandas takes scalars of numpy for plain numbers, and computes with scalars of Python as they are."""
    if issubclass(kind, np.number) and from_pandas(frame):
        return {"f": float, "c": complex}.get(np.dtype(kind).kind, int)
    return kind


Traced._typ = property(kind_for_pandas)
Traced.to_numpy = property(column_for_pandas)
seen_as.append(seen)
