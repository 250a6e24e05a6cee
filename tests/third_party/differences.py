"""Derivatives of functions of arrays with labels, by central differences on the numbers alone: the witness here."""

import numpy as np


def numbers_of(x):
    """The numbers of a Series, DataFrame, DataArray, Dataset, array or number, as one flat vector."""
    if hasattr(x, "data_vars"):
        return np.concatenate([np.ravel(v.values).astype(float) for v in x.data_vars.values()])
    if hasattr(x, "columns"):
        numeric = [x.iloc[:, i] for i in range(x.shape[1]) if x.dtypes.iloc[i].kind in "fiu"]
        return np.concatenate([np.asarray(column, float) for column in numeric])
    return np.ravel(np.asarray(x, float))


def with_numbers(x, numbers):
    """A container like `x` with other numbers, made by its own package."""
    if hasattr(x, "data_vars"):
        found, at = x.astype(float).copy(deep=True), 0
        for name, variable in found.data_vars.items():
            found[name] = (variable.dims, numbers[at : at + variable.size].reshape(variable.shape))
            at += variable.size
        return found
    if hasattr(x, "columns"):
        parts, at = [], 0
        for i in range(x.shape[1]):
            column = x.iloc[:, i]
            if column.dtype.kind in "fiu":
                column = type(column)(numbers[at : at + len(column)], column.index, name=column.name)
                at += len(column)
            parts.append(column)
        found = type(x)(dict(enumerate(parts)), index=x.index)
        found.columns = x.columns
        return found
    if hasattr(x, "dims"):
        return x.copy(data=numbers.reshape(x.shape))
    if hasattr(x, "index"):
        return type(x)(numbers, x.index, name=x.name)
    return numbers.reshape(np.shape(x)) if np.ndim(x) else float(numbers[0])


def differences(f, x, step=1e-6):
    """The gradient of the scalar function `f` at `x`, as a flat vector."""
    at = numbers_of(x)
    found = np.zeros(len(at))
    for i in range(len(at)):
        moved = np.array([at, at])
        moved[0, i] += step
        moved[1, i] -= step
        above, below = (float(f(with_numbers(x, numbers))) for numbers in moved)
        found[i] = (above - below) / (2 * step)
    return found
