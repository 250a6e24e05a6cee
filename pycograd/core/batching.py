"""vmap: `Batched`, many examples as one value.  Axis 0 of `value` is the batch axis, whatever the user's axes were."""

from typing import Any, NoReturn

import numpy as np

from .aval import Aval, aval_of, shape_of
from .catalogue import BranchError
from .errors import told, where
from .traced import Traced

__all__ = ["Batched", "batch_by_loop", "looped", "new_batched"]

looped: set[str] = set()  # the operations that have batched by looping so far, by name


class Batched(Traced):
    """Many examples as one value; operations see the type of one example."""

    __slots__ = ()
    numbers = False
    unanswerable = "different for each example of vmap"

    @property
    def aval(self) -> Aval:
        shape, dtype = aval_of(self.value)
        return Aval(shape[1:], dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.value)[1:]

    def interpret(self, prim: Any, level: float, args: Any, params: Any) -> Any:
        batched = [type(a) is Batched and a.level == level for a in args]
        xs = [a.value if b else a for a, b in zip(args, batched, strict=True)]
        y = prim.batch(prim, xs, batched, params)
        return tuple(new_batched(v, level) for v in y) if prim.outputs else new_batched(y, level)

    def __bool__(self) -> NoReturn:
        raise BranchError(
            told(
                "a Python branch on a value that differs between the examples of vmap",
                f"the condition is {self.aval} for each example",
                fix="np.where(condition, a, b) in place of the branch",
            )
        )

    def __index__(self) -> NoReturn:
        raise TypeError(f"an index or count that differs between the examples of vmap{where()}")

    __int__ = __index__


def new_batched(value: Any, level: float) -> Batched:
    """The examples `value`, batch axis first, as `vmap` at `level` watches them."""
    v = Batched()
    v.value, v.level, v.node = value, level, None
    return v


def batch_by_loop(prim: Any, xs: Any, batched: Any, params: Any) -> Any:
    """The default batch rule: one example after the other, then stacked; noted in `looped`."""
    looped.add(prim.name)
    n = shape_of(xs[batched.index(True)])[0]
    ys = [
        prim.call(*[x[i] if b else x for x, b in zip(xs, batched, strict=True)], **params) for i in range(n)
    ]
    return tuple(map(np.stack, zip(*ys, strict=True))) if prim.outputs else np.stack(ys)
