"""scipy.optimize with exact derivatives: your function of a pytree, as functions of a vector.

>>> import numpy as np
>>> import pycograd
>>> o = pycograd.scipy.objective(lambda p: (p["a"] - 3.0) ** 2 + np.sum(p["b"] ** 2), {"a": 0.0, "b": np.ones(2)})
>>> o.fun(o.x0), o.jac(o.x0)
(11.0, array([-6.,  2.,  2.]))
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .core import (
    Traced,
    aval_of,
    is_ambient,
    shape_of,
    stand_in,
    told,
    tree_flatten,
    tree_leaves,
    tree_paths,
)
from .nn import ParamDict
from .nn.ambient import globals_of, within
from .nn.objective import takes
from .transforms import hessian as hessian_of
from .transforms import jacfwd, linearize, make_hvp, reverse_at, vmap
from .transforms.arguments import Selection
from .transforms.edge import described
from .transforms.recording import settled
from .weave import woven

__all__ = ["Objective", "objective"]


class Objective:
    """What `objective` makes: `fun, x0, jac, hessp` for scipy.optimize, which unpack in this order, and more.

    x0      the leaves of the pytree in one vector
    fun     x, *args -> the value: a float, or a vector
    jac     x, *args -> its gradient, or Jacobian; after `fun` at the same place without another run of `f`
    hessp   x, p, *args -> the Hessian times p; at one x the gradient is linearized once, for all p
    hess    x, *args -> the Hessian
    unravel a vector -> the pytree
    curve, curve_jac  the same with scipy's arguments of `curve_fit`: (data, *numbers)
    """

    def __init__(self, f: Callable[..., Any], x0: Any) -> None:
        if not callable(f):
            raise TypeError(
                told(
                    f"objective takes a function and where it starts, not a {type(f).__name__}",
                    fix="objective(f, x0)",
                )
            )
        self._f, self._tree = f, x0
        self._selection = Selection(f, 0, (x0,), {})
        self._leaves = self._selection.leaves
        refuse_complex(f, x0, self._leaves)
        self._owners = owners(self._selection)
        self._spans, end = {}, 0
        for i in sorted(set(self._owners)):
            start, end = end, end + aval_of(self._leaves[i]).size
            self._spans[i] = slice(start, end)
        self.x0 = in_line([np.asarray(self._leaves[i], float) for i in self._spans])
        self._last: tuple[Any, ...] | None = None
        self._tall = False
        self._products: tuple[Any, ...] | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter((self.fun, self.x0, self.jac, self.hessp))

    def __repr__(self) -> str:
        return f"<pycograd.scipy.objective of {described(self._f)}, {self.x0.size} numbers>"

    # ---- vectors and trees -----------------------------------------------------------------------------------------
    def unravel(self, x: Any) -> Any:
        """The pytree whose leaves are the numbers of the vector `x`."""
        if shape_of(x) != self.x0.shape:
            raise ValueError(
                told(
                    f"unravel: a vector of shape {shape_of(x)}, and there are {self.x0.size} numbers",
                    fix="a vector like x0",
                )
            )
        parts = [shaped(x[self._spans[i]], leaf) for i, leaf in zip(self._owners, self._leaves, strict=True)]
        return self._selection.call(lambda tree: tree, parts)

    def put(self, x: Any) -> None:
        """Put the numbers of `x`, a solution, into the parameters, in place."""
        if not isinstance(self._tree, ParamDict):
            raise TypeError(
                told(
                    f"put: x0 is a {type(self._tree).__name__}, no ParamDict",
                    fix="solution = unravel(result.x)",
                )
            )
        self._tree._take(self.unravel(x))

    def _flat(self, x: Any, *args: Any) -> Any:
        """The value at `x`: a number as it is, anything else in one vector."""
        tree = self.unravel(x)
        with ambient(self._tree, tree, self._f):
            given = (tree, *args) if takes(self._f, tree, *args) else args
            leaves = tree_leaves(settled(woven(self._f)(*given)))
        if len(leaves) == 1 and not shape_of(leaves[0]):
            return leaves[0]
        return in_line(leaves)

    # ---- for scipy -------------------------------------------------------------------------------------------------
    def fun(self, x: Any, *args: Any) -> Any:
        """The value at `x`; how it came about is recorded, for `jac`."""
        self._products = None  # what `f` closes over may have changed since
        self._last = self._recorded(np.array(x, float), args)
        return self._last[2]

    def jac(self, x: Any, *args: Any) -> Any:
        """The gradient at `x`, or the Jacobian (outputs, numbers)."""
        last, self._last = self._last, None  # used once: it holds the memory of a tape
        if last is None or not same(last, x, args):
            last = self._recorded(np.array(x, float), args)
        _, _, value, back, along = last
        if along is not None:
            return vmap(along, out_axes=1)(np.eye(len(self.x0)))
        if type(value) is float:
            return np.asarray(back(1.0), float)
        if self._tall:  # the first time
            return jacfwd(self._flat)(np.asarray(x, float), *args)
        return vmap(back)(np.eye(len(value)))

    def hessp(self, x: Any, p: Any, *args: Any) -> Any:
        """The Hessian at `x` times the vector `p`."""
        if self._products is None or not same(self._products, x, args):
            x = np.array(x, float)
            self._products = x, args, make_hvp(self._flat)(x, *args)
        return self._products[2](np.asarray(p, float))

    def hess(self, x: Any, *args: Any) -> Any:
        """The Hessian at `x`."""
        return hessian_of(self._flat)(np.asarray(x, float), *args)

    def curve(self, data: Any, *numbers: Any) -> Any:
        """`fun` with the arguments of scipy's `curve_fit`: f(parameters, data)."""
        return self.fun(np.array(numbers), data)

    def curve_jac(self, data: Any, *numbers: Any) -> Any:
        """`jac` with the arguments of scipy's `curve_fit`."""
        return self.jac(np.array(numbers), data)

    def _recorded(self, x: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """x, args, the value there, and either its pullback or its derivative along a vector.

        A function with more outputs than numbers, once that is known, is linearized: one pass forward for each number
        is less than one back for each output.
        """
        back = along = None
        if self._tall:
            value, along = linearize(lambda x: self._flat(x, *args), x)
        else:
            back, value = reverse_at(self._flat)(x, *args)
        value = plain(self._f, value)
        self._tall = np.size(value) > len(self.x0)
        return x, args, value, back, along


def objective(f: Callable[..., Any], x0: Any) -> Objective:
    """The function `f` of a pytree like `x0`, for scipy.optimize: `fun, x0, jac, hessp` of a vector, exact.

    f   f(tree, *args) -> one real number for `minimize`; an array, or a tree of them, for `least_squares` and `root`;
        f(tree, data) -> predictions for `curve_fit`.  For weights, a function of no tree that uses them by name
    x0  a number, an array or a pytree of real numbers; frozen parameters stay what they are
    `fun` records what `jac` at the same place goes back through, so a step costs one run of `f`.
    Raises TypeError for complex numbers.

    >>> def rosenbrock(p):
    ...     x, y = p
    ...     return (1 - x) ** 2 + 100 * (y - x**2) ** 2
    >>> from scipy.optimize import minimize
    >>> o = objective(rosenbrock, (-1.2, 1.0))
    >>> result = minimize(o.fun, o.x0, jac=o.jac, hessp=o.hessp, method="trust-ncg")
    >>> x, y = o.unravel(result.x)
    >>> round(x, 4), round(y, 4)
    (1.0, 1.0)
    """
    return Objective(f, x0)


# ---- parts ---------------------------------------------------------------------------------------------------------
def in_line(leaves: list[Any]) -> Any:
    parts = [np.ravel(leaf) for leaf in leaves]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def owners(selection: Selection) -> list[int]:
    """For each leaf the place of the first that it is tied to: its own, mostly."""
    found = list(range(len(selection.leaves)))
    for tie, places in selection.ties.items():
        values = [np.asarray(selection.leaves[i]) for i in places]
        if not all(np.array_equal(v, values[0]) for v in values):
            raise ValueError(
                told(
                    f"objective: parameters tied by {tie!r} start from different values, and are varied as one",
                    fix="the same value for all of them",
                )
            )
        for i in places:
            found[i] = places[0]
    return found


def shaped(part: Any, leaf: Any) -> Any:
    """The numbers `part` in the shape and dtype of `leaf`; those of integers stay fractions."""
    if not isinstance(leaf, np.ndarray | np.generic | Traced):
        return part[0] if type(part) is not np.ndarray else part.item()
    value = np.reshape(part, shape_of(leaf))
    return value.astype(leaf.dtype) if leaf.dtype.kind == "f" and leaf.dtype != value.dtype else value


def plain(f: Any, value: Any) -> Any:
    """The value as scipy takes it."""
    numeric = isinstance(value, Traced) or np.asarray(value).dtype.kind in "biufc"
    if not numeric or np.dtype(aval_of(value).dtype).kind not in "biuf":
        found = aval_of(value) if numeric else f"a {type(value).__name__}"
        raise TypeError(
            told(
                f"objective: {described(f)} returned {found}, and scipy.optimize takes real numbers",
                fix="np.real, np.abs, or the real and the imaginary part as two outputs",
            )
        )
    return np.asarray(value, float) if shape_of(value) else float(value)


def refuse_complex(f: Any, tree: Any, leaves: list[Any]) -> None:
    if not leaves:
        raise TypeError(
            told(
                f"objective: x0 of {described(f)} has no numbers that can be varied",
                fix="a pytree of real numbers",
            )
        )
    for path, leaf in zip(tree_paths(tree), tree_flatten(tree, whole=True)[0], strict=True):
        if np.dtype(getattr(leaf, "dtype", type(leaf) if isinstance(leaf, complex) else float)).kind == "c":
            raise TypeError(
                told(
                    f"objective: {path or 'x0'} is complex, and scipy.optimize varies real numbers",
                    fix="the real and the imaginary part as two leaves",
                )
            )


def same(last: tuple[Any, ...], x: Any, args: tuple[Any, ...]) -> bool:
    """Whether `last` was computed for these arguments."""
    there, before = last[:2]
    alike = len(before) == len(args) and all([a is b for a, b in zip(args, before, strict=True)])
    return alike and np.array_equal(there, x)


@contextlib.contextmanager
def ambient(weights: Any, tree: Any, f: Any) -> Iterator[None]:
    """While this lasts, the parameters in `tree` stand in the places of those in `weights`, by name too."""
    originals, given = tree_flatten(weights, whole=True)[0], tree_flatten(tree, whole=True)[0]
    places = {
        id(p): [p, q.now()] for p, q in zip(originals, given, strict=True) if is_ambient(p) and p.trainable
    }
    with contextlib.ExitStack() as stack:
        if places:
            stack.enter_context(stand_in(places))
        if isinstance(weights, ParamDict):
            stack.enter_context(within(weights, weights._names(), globals_of(f)))
        yield
