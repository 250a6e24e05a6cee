"""Watched columns of pandas: `WatchedArray` holds a watched value where a Series would hold an array.

It is an extension array, pandas' own way to put other arrays under its labels, so that indexing, alignment, groups,
joins and reductions are pandas' own code.  What pandas asks of the numbers to decide (which are missing, in which order
they are, of which group) is answered by the plain ones.
"""

import operator
import sys
from typing import Any

import numpy as np

from pycograd.core import (
    CONVERSIONS,
    REGISTRY,
    Handle,
    Traced,
    aval_of,
    copied,
    shape_of,
    told,
    value_of,
    without_tape,
)
from pycograd.core.catalogue import MissingRuleError
from pycograd.core.foreign import lost
from pycograd.core.lazy import optional

pd = optional("pandas", "pandas")
cast = optional("pandas.core.dtypes.cast", "pandas")
extensions: Any = pd.api.extensions
ExtensionDtype: Any = extensions.ExtensionDtype
ExtensionArray: Any = extensions.ExtensionArray
PANDAS = (pd.Series, pd.Index, pd.DataFrame)


class WatchedDtype(ExtensionDtype):
    """The dtype of a watched column: equal to numpy's dtype of its numbers, and printed like it."""

    _metadata = ("numpy_dtype",)
    na_value = np.nan
    _is_numeric = True

    def __init__(self, dtype):
        self.numpy_dtype = np.dtype(dtype)

    @property
    def name(self):
        return self.numpy_dtype.name

    @property
    def type(self):
        return self.numpy_dtype.type

    @property
    def kind(self):
        return self.numpy_dtype.kind

    @property
    def itemsize(self):
        return self.numpy_dtype.itemsize

    @classmethod
    def construct_array_type(cls):
        return WatchedArray

    @classmethod
    def construct_from_string(cls, string):
        raise TypeError(f"no watched dtype is made from {string!r}")

    def __eq__(self, other):
        return self.numpy_dtype == getattr(other, "numpy_dtype", other)

    def __hash__(self):
        return hash(self.numpy_dtype)

    def _get_common_dtype(self, dtypes):
        kinds = [getattr(d, "numpy_dtype", d) for d in dtypes]
        if all(isinstance(d, np.dtype) and d.kind in "fciu" for d in kinds):
            return WatchedDtype(np.result_type(*kinds))
        return None


class WatchedArray(ExtensionArray):
    """One column of watched numbers, `data`, a watched value or a plain array of one axis."""

    __array_priority__ = 1001

    def __init__(self, data):
        self.data = data

    # ---- what it is ----
    @property
    def dtype(self):
        return WatchedDtype(aval_of(self.data).dtype)

    def __len__(self):
        return shape_of(self.data)[0]

    @property
    def nbytes(self):
        return len(self) * self.dtype.itemsize

    def plain(self):
        """The numbers, to decide by; raises TypeError if they differ between examples of vmap."""
        x = self.data
        while isinstance(x, Traced):  # not by without_tape, which tells debuggers that a gradient ends
            if not isinstance(x, Handle) and type(x).numbers is False:
                without_tape(x)
            x = x.current() if isinstance(x, Handle) else x.value
        return np.asarray(x)

    def isna(self):
        return np.isnan(self.plain()) if self.dtype.kind in "fc" else np.zeros(len(self), bool)

    # ---- made of others ----
    @classmethod
    def _from_sequence(cls, scalars, *, dtype=None, copy=False):
        dtype = getattr(dtype, "numpy_dtype", dtype)
        if isinstance(scalars, WatchedArray):
            scalars = scalars.data
        elif not isinstance(scalars, Traced):
            scalars = [np.nan if x is None or x is pd.NA else x for x in scalars]
        return cls(REGISTRY[np.array](scalars, dtype))

    @classmethod
    def _from_scalars(cls, scalars, *, dtype=None):
        if not any(isinstance(x, Traced) for x in scalars):
            raise TypeError("none of the numbers is watched")
        return cls._from_sequence(scalars)

    @classmethod
    def _empty(cls, shape, dtype):
        return cls(REGISTRY[np.array](np.zeros(shape, dtype.numpy_dtype)))

    @classmethod
    def _concat_same_type(cls, to_concat):
        return cls(np.concatenate([unboxed(x) for x in to_concat]))

    def copy(self):
        return WatchedArray(copied(self.data))

    def view(self, dtype=None):
        return WatchedArray(self.data) if dtype is None else self.astype(dtype)

    def astype(self, dtype, copy=True):
        kind = pd.api.types.pandas_dtype(dtype)
        kind = getattr(kind, "numpy_dtype", kind) if isinstance(kind, WatchedDtype) else kind
        if kind == np.dtype(object):
            return self.__array__(object)
        if isinstance(kind, np.dtype) and kind.kind in "fc":
            return WatchedArray(self.data.astype(kind))
        return pd.array(self.plain()).astype(dtype)  # whole numbers, texts, categories: without a slope

    # ---- elements ----
    def __getitem__(self, item):
        item = pd.api.indexers.check_array_indexer(self, item)
        return boxed(self.data[item])

    def __setitem__(self, key, value):
        key = pd.api.indexers.check_array_indexer(self, key)
        if not isinstance(self.data, Traced):
            self.data = REGISTRY[np.array](self.data)
        self.data[key] = unboxed(value)

    def take(self, indices, *, allow_fill=False, fill_value=None):
        indices = np.asarray(indices, np.intp)
        if not allow_fill or not (indices < 0).any():
            return WatchedArray(np.take(self.data, indices, axis=0))
        if (indices < -1).any():
            raise ValueError("take: an index below -1 where -1 stands for a missing value")
        found = np.take(self.data, indices, axis=0) if len(self) else np.zeros(len(indices))
        return WatchedArray(np.where(indices < 0, np.nan if fill_value is None else fill_value, found))

    def unique(self):
        return self.take(np.sort(np.unique(self.plain(), return_index=True)[1]))

    # ---- out of pandas ----
    def to_numpy(self, dtype=None, copy=False, na_value=extensions.no_default):
        if sys._getframe(1).f_code.co_name == "as_array":
            return objects(self)  # the numbers of a table of one column, for pandas itself
        if dtype is None:
            return copied(self.data) if copy else self.data
        return self.__array__(object) if np.dtype(dtype) == object else self.data.astype(dtype)

    def __array__(self, dtype=None, copy=None):
        if dtype is None or np.dtype(dtype) != object:
            if not isinstance(self.data, Traced):
                return np.asarray(self.data, dtype)
            raise lost("conversion to a plain array", self.data)
        return objects(self)

    def _formatter(self, boxed=False):
        return lambda x: str(value_of(x))

    # ---- decided by the plain numbers ----
    def _values_for_argsort(self):
        return self.plain()

    def factorize(self, use_na_sentinel=True):
        return pd.factorize(self.plain(), use_na_sentinel=use_na_sentinel)

    def isin(self, values):
        return pd.array(self.plain()).isin(np.asarray(without_tape(unboxed(values))))

    def searchsorted(self, value, side="left", sorter=None):
        return np.searchsorted(self.plain(), without_tape(unboxed(value)), side, sorter)

    def value_counts(self, dropna=True):
        return pd.Series(self.plain()).value_counts(dropna=dropna)

    def duplicated(self, keep="first"):
        return pd.Series(self.plain()).duplicated(keep=keep).to_numpy()

    # ---- arithmetic; the binary operators are below ----
    def __neg__(self):
        return boxed(-self.data)

    def __pos__(self):
        return boxed(+self.data)

    def __abs__(self):
        return boxed(abs(self.data))

    def __array_ufunc__(self, ufunc, method, *inputs, **params):
        if any(isinstance(x, PANDAS) for x in inputs):
            return NotImplemented
        if params.get("out"):
            (out,) = params.pop("out")
            out[:] = getattr(ufunc, method)(*map(unboxed, inputs), **params)
            return out
        y = getattr(ufunc, method)(*map(unboxed, inputs), **params)
        return tuple(map(boxed, y)) if isinstance(y, tuple) else boxed(y)

    def __array_function__(self, func, types, args, params):
        y = func(*unboxed(args), **{k: unboxed(v) for k, v in params.items()})
        return boxed(y) if func is np.concatenate else y

    def round(self, decimals=0, *args, **params):
        return WatchedArray(np.round(self.data, decimals))

    def _accumulate(self, name, *, skipna=True, **params):
        functions = {"cumsum": (np.cumsum, 0.0), "cumprod": (np.cumprod, 1.0)}
        if name not in functions:
            raise no_rule(f"Series.{name}")
        function, neutral = functions[name]
        missing = self.isna()
        if not (skipna and missing.any()):
            return WatchedArray(function(self.data))
        return WatchedArray(np.where(missing, np.nan, function(np.where(missing, neutral, self.data))))

    def _reduce(self, name, *, skipna=True, keepdims=False, **params):
        if name not in REDUCTIONS:
            raise no_rule(f"Series.{name}")
        plain, skipping = REDUCTIONS[name]
        given = {"ddof": params["ddof"]} if "ddof" in params else {}
        y = (skipping if skipna else plain)(self.data, **given)
        least = params.get("min_count", 0)
        if least > 0 and least > len(self) - np.sum(self.isna()) * bool(skipna):
            y = y * np.nan
        return boxed(np.reshape(y, (1,))) if keepdims else y

    def interpolate(self, **params):
        raise no_rule("Series.interpolate")

    def _quantile(self, qs, interpolation):
        return WatchedArray(np.nanquantile(self.data, qs, method=interpolation))

    def _groupby_op(self, *, how, has_dropped_na, min_count, ngroups, ids, **params):
        if how not in REDUCTIONS and how not in ("first", "last"):
            raise no_rule(f"groupby(...).{how}")
        order = np.argsort(ids, kind="stable")
        starts = np.searchsorted(ids[order], np.arange(ngroups + 1))
        least = max(min_count, 0)
        if how in ("sum", "mean") and not least and np.all(np.diff(starts)) and params.get("skipna", True):
            return WatchedArray(self._segments(how, order[starts[0] :], starts[:-1] - starts[0]))
        groups = [order[a:b] for a, b in zip(starts[:-1], starts[1:], strict=True)]
        if how in ("first", "last"):
            kept = ~self.isna()
            return self.take([g[kept[g]][0 if how == "first" else -1] for g in groups])
        return self._from_sequence(
            [WatchedArray(self.data[g])._reduce(how, min_count=least, **params) for g in groups]
        )

    def _segments(self, how, order, starts):
        """The sum or mean of each segment of the numbers in `order`."""
        missing = self.isna()
        numbers = np.where(missing, 0.0, self.data) if missing.any() else self.data
        sums = np.add.reduceat(np.take(numbers, order), starts)
        return sums if how == "sum" else sums / np.add.reduceat((~missing[order]).astype(float), starts)


def sem(x, ddof=1):
    return np.std(x, ddof=ddof) / np.sqrt(len(x))


def nansem(x, ddof=1):
    return np.nanstd(x, ddof=ddof) / np.sqrt(np.sum(~np.isnan(x)))


# pandas' name -> numpy's function of all numbers, and of those that are not missing
REDUCTIONS = {
    "sum": (np.sum, np.nansum), "prod": (np.prod, np.nanprod), "mean": (np.mean, np.nanmean),
    "min": (np.min, np.nanmin), "max": (np.max, np.nanmax), "median": (np.median, np.nanmedian),
    "var": (np.var, np.nanvar), "std": (np.std, np.nanstd), "sem": (sem, nansem),
    "any": (np.any, np.any), "all": (np.all, np.all),
}  # fmt: skip


def no_rule(name):
    return MissingRuleError(
        told(f"no derivative for pandas' {name}", fix="write it with numpy, on the values: s.to_numpy()")
    )


def boxed(y):
    """`y` as pandas shall hold it: a column of watched numbers in an array of ours, what is plain as it is."""
    if isinstance(y, Traced):
        if aval_of(y).dtype == bool:
            return np.asarray(without_tape(y))
        return WatchedArray(y) if len(shape_of(y)) == 1 else y
    return y


def unboxed(x):
    """`x`, or the value in an array of ours, or a list or tuple of such."""
    if isinstance(x, WatchedArray):
        return x.data
    if isinstance(x, (list, tuple)):
        return type(x)(map(unboxed, x))
    if isinstance(x, (pd.Series, pd.Index)):
        return unboxed(x.array)
    if isinstance(x, np.ndarray) and x.dtype == object and any(isinstance(v, Traced) for v in x.flat):
        return np.reshape(REGISTRY[np.array](list(x.flat)), x.shape)
    return np.asarray(x) if isinstance(x, ExtensionArray) else x


def objects(items):
    """`items` in an array of objects, which does not look into them."""
    found = np.empty(len(items), object)
    for i, x in enumerate(items):
        found[i] = x
    return found


def as_object(x):
    """The watched number `x` in an array of objects, where pandas makes one of a list."""
    if shape_of(x):
        raise lost("conversion to a plain array", x)
    return objects([x]).reshape(())


CONVERSIONS[cast.construct_1d_object_array_from_listlike.__code__] = as_object


def operated(name, reflected=False):
    function = getattr(operator, name, None) or getattr(operator, f"{name}_", None) or divmod

    def method(self, other):
        if isinstance(other, PANDAS):
            return NotImplemented
        a, b = (unboxed(other), self.data) if reflected else (self.data, unboxed(other))
        y = function(a, b)
        return tuple(map(boxed, y)) if isinstance(y, tuple) else boxed(y)

    return method


for name in "add sub mul truediv floordiv mod pow divmod matmul".split():
    setattr(WatchedArray, f"__{name}__", operated(name))
    setattr(WatchedArray, f"__r{name}__", operated(name, reflected=True))
for name in "lt le gt ge eq ne".split():
    setattr(WatchedArray, f"__{name}__", operated(name))
WatchedArray.__hash__ = None


def method_of_arrays(name):
    """numpy's method, for code that is not woven, to which `s.values` is this array: not pandas' own of that name."""

    def call(self, *args, **params):
        return getattr(self.data, name)(*map(unboxed, args), **params)

    return call


for name in "sum mean std var min max prod dot reshape cumsum cumprod clip flatten squeeze trace".split():
    setattr(WatchedArray, name, method_of_arrays(name))
