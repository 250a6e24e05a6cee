"""Batches of examples: slices of arrays along their first axis, in order or shuffled."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pycograd.core import Traced, told

__all__ = ["DataLoader", "batches"]


class DataLoader:
    """Batches of `arrays`, which have one example per row, as often as it is iterated over.

    batch_size  how many examples a batch has; the last may have fewer
    shuffle     in another order each time, by `rng`
    rng         a numpy Generator, or a seed for one
    drop_last   leave out a last batch that has fewer
    window      T: for one stream, examples are (stream[i:i+T], stream[i+1:i+T+1]) for every i, for models that predict
                what comes next
    A batch is a bare array for one array, a tuple for several, or of a window.
    Raises ValueError for no arrays, lengths that differ, a batch size or window out of range.

    >>> x, y = np.arange(4), np.arange(4) * 10
    >>> list(DataLoader(x, y, batch_size=3))
    [(array([0, 1, 2]), array([ 0, 10, 20])), (array([3]), array([30]))]
    """

    def __init__(
        self,
        *arrays: Any,
        batch_size: int,
        shuffle: bool = False,
        rng: Any = None,
        drop_last: bool = False,
        window: int | None = None,
    ) -> None:
        self.arrays = tuple([a if isinstance(a, np.ndarray | Traced) else np.asarray(a) for a in arrays])
        self.batch_size, self.shuffle, self.drop_last, self.window = batch_size, shuffle, drop_last, window
        self.rng = np.random.default_rng(rng) if shuffle else rng
        self.examples = self._checked()

    def _checked(self) -> int:
        """The number of examples."""
        if not self.arrays:
            raise ValueError(told("batches of no arrays", fix="DataLoader(x, y, batch_size=32)"))
        if not all(a.shape for a in self.arrays):
            raise ValueError(
                told(
                    "batches of a number: an array has no axis of examples",
                    fix="arrays with one example per row",
                )
            )
        lengths = [a.shape[0] for a in self.arrays]
        if len(set(lengths)) > 1:
            raise ValueError(
                told(
                    f"batches of arrays whose lengths differ: {', '.join(map(str, lengths))}",
                    fix="arrays with one row for each example, in the same order",
                )
            )
        if not isinstance(self.batch_size, int | np.integer) or isinstance(self.batch_size, bool):
            raise TypeError(
                told(f"batch_size is a whole number, not {self.batch_size!r}", fix="batch_size=32")
            )
        if self.batch_size <= 0:
            raise ValueError(
                told(f"batch_size must be at least 1, not {self.batch_size}", fix="batch_size=32")
            )
        if self.window is None:
            return lengths[0]
        if len(self.arrays) > 1:
            raise ValueError(
                told(
                    f"window={self.window} is for one stream, not {len(self.arrays)} arrays", fix="one array"
                )
            )
        if not 0 < self.window < lengths[0]:
            raise ValueError(
                told(
                    f"window={self.window} does not fit a stream of {lengths[0]}",
                    fix=f"a window from 1 to {lengths[0] - 1}: an example has window + 1 elements",
                )
            )
        return lengths[0] - self.window

    def __len__(self) -> int:
        return self.examples // self.batch_size if self.drop_last else -(-self.examples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = self.rng.permutation(self.examples) if self.shuffle else None
        for k in range(len(self)):
            part = slice(k * self.batch_size, min((k + 1) * self.batch_size, self.examples))
            yield self._batch(part if order is None else order[part])

    def _batch(self, rows: Any) -> Any:
        """The examples `rows`, a slice or an array of positions."""
        if self.window is None:
            found = tuple(a[rows] for a in self.arrays)
            return found[0] if len(found) == 1 else found
        starts = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        at = starts[:, None] + np.arange(self.window)
        (stream,) = self.arrays
        return stream[at], stream[at + 1]


def batches(
    *arrays: Any,
    batch_size: int,
    shuffle: bool = False,
    rng: Any = None,
    drop_last: bool = False,
    window: int | None = None,
) -> Iterator[Any]:
    """The batches of `arrays`, once: the arguments are those of `DataLoader`, and so are the errors.

    >>> list(batches(np.arange(5), batch_size=2, drop_last=True))
    [array([0, 1]), array([2, 3])]
    >>> next(batches(np.arange(5), batch_size=2, window=3))
    (array([[0, 1, 2],
           [1, 2, 3]]), array([[1, 2, 3],
           [2, 3, 4]]))
    """
    return iter(
        DataLoader(
            *arrays, batch_size=batch_size, shuffle=shuffle, rng=rng, drop_last=drop_last, window=window
        )
    )
