"""The working dtype: what numbers become that bring none of their own, Python scalars and parameters.

It is a default for what is made: a floating array that is passed in keeps its dtype.  Each thread and each task has its
own.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .lazy import optional

__all__ = ["computed_in", "current_dtype", "dtype", "numbers", "resolve_dtype", "working_for"]

NAMES = {
    "f64": "float64", "float64": "float64", "double": "float64",
    "f32": "float32", "float32": "float32", "single": "float32", "float": "float64",
    "f16": "float16", "float16": "float16", "half": "float16",
    "bf16": "bfloat16", "bfloat16": "bfloat16",
    "c64": "complex64", "complex64": "complex64",
    "c128": "complex128", "complex128": "complex128", "complex": "complex128",
}  # fmt: skip
FLOAT = np.dtype(float)
working: ContextVar[Any] = ContextVar("working dtype", default=FLOAT)


def resolve_dtype(spec: Any = None) -> np.dtype[Any]:
    """The dtype that `spec` means: a name (`"f32"`, `"bfloat16"`), a numpy dtype or type, or None for float64.

    Raises ValueError for a name that nobody knows, and for a dtype that is not a floating-point or complex one.

    >>> resolve_dtype("f32"), resolve_dtype(complex)
    (dtype('float32'), dtype('complex128'))
    """
    if spec is None:
        return np.dtype(float)
    name = NAMES.get(spec) if isinstance(spec, str) else None
    if name == "bfloat16":
        return np.dtype(optional("ml_dtypes", "bfloat16").bfloat16)
    try:
        found = np.dtype(name or spec)
    except TypeError:
        if not re.fullmatch(r"[iu]\d+", str(spec)):
            known = ", ".join(NAMES)
            raise ValueError(f"unknown dtype {spec!r}; the names are {known}") from None
        found = np.dtype(int)
    if found.kind not in "fc" and found.name != "bfloat16":
        raise ValueError(
            f"{spec!r} is not a floating-point dtype: what is differentiated, or computed with, has a fraction"
        )
    return found


@contextmanager
def dtype(spec: Any) -> Iterator[None]:
    """While this lasts, `spec` is the working dtype of this thread or task: of new parameters, and of Python scalars.

    spec  as `resolve_dtype` takes it
    Floating arrays that are passed in keep their dtype.

    >>> with dtype("f32"):
    ...     print(current_dtype())
    float32
    """
    before = working.set(resolve_dtype(spec))
    try:
        yield
    finally:
        working.reset(before)


def current_dtype() -> np.dtype[Any]:
    """The working dtype: float64, unless `with dtype(...)` says otherwise.

    >>> current_dtype()
    dtype('float64')
    """
    found: np.dtype[Any] = working.get()
    return found


def numbers(value: Any) -> np.ndarray[Any, Any]:
    """`value` as an array of the working dtype; of its complex counterpart, if `value` is complex.

    No copy is made of an array that has that dtype.  Raises TypeError if `value` holds no numbers.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "biufc" and array.dtype.name != "bfloat16":
        raise TypeError(f"a {type(value).__name__} of {array.dtype} holds no numbers")
    return array.astype(working_for(array.dtype), copy=False)


def computed_in(dtype: Any) -> np.dtype[Any]:
    """The dtype that functions of real numbers compute in: that of floating values, else float64.

    Of bfloat16 it is float32, as in numpy, whose products of it with anything else are that.
    """
    dtype = np.dtype(dtype)
    if dtype.kind in "fc":
        return dtype
    return np.dtype(np.float32 if dtype.name == "bfloat16" else float)


def working_for(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The working dtype for values of `dtype`: its complex counterpart if they are complex."""
    found: np.dtype[Any] = working.get()
    if dtype.kind != "c" or found.kind == "c":
        return found
    return np.result_type(found if found.kind == "f" else np.float32, np.complex64)
