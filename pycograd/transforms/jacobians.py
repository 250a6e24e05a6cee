"""Jacobians, Hessians and products with them: vmap over basis vectors of one pullback or pushforward, never a
Python loop."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import (
    aval_of,
    cotangent_aval,
    new_batched,
    running,
    shape_of,
    tree_flatten,
    tree_unflatten,
    zeros,
)
from pycograd.core.labelled import labelled
from pycograd.core.node import Node

from .arguments import Argnums, Selection
from .edge import Transformed, also_argnum, described, name_of
from .forward import jvp, linearize, push
from .reverse import Recording, grad
from .staleness import check_live
from .vectorize import apart, in_chunks

__all__ = [
    "hessian",
    "hessian_vector_product",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "make_ggnvp",
    "make_hvp",
]


@also_argnum
def jacrev(
    f: Callable[..., Any], argnums: Argnums = 0, *, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The Jacobian of `f` by reverse mode: one pass back for all outputs at once, dear where there are many.

    argnums  an int or a parameter's name, or a sequence of them (`argnum` is a synonym)

    Shape `(*out, *in)`; for pytrees, the output's structure with the argument's inside.  `chunk_size` bounds how many
    outputs go back at a time.

    >>> jacrev(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return pulled_back(Recording(f, numbers_in(f, argnums, args, kwargs), "jacobian"), chunk_size)

    return Transformed(jacrev, f, call, argnums=argnums, chunk_size=chunk_size)


@also_argnum
def jacfwd(
    f: Callable[..., Any], argnums: Argnums = 0, *, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The Jacobian of `f` by forward mode: one pass for all inputs at once, dear where there are many.

    Shapes and structures as `jacrev`; `chunk_size` bounds how many inputs go forward at a time.

    >>> jacfwd(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        return pushed_forward(f, numbers_in(f, argnums, args, kwargs), chunk_size)

    return Transformed(jacfwd, f, call, argnums=argnums, chunk_size=chunk_size)


@also_argnum
def jacobian(
    f: Callable[..., Any], argnums: Argnums = 0, *, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The Jacobian of `f`, by the mode that takes fewer directions: reverse unless there are more outputs than inputs.

    >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0]]))(np.array([3.0, 4.0]))
    array([[4., 3.],
           [1., 0.]])
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        selection = numbers_in(f, argnums, args, kwargs)
        run = Recording(f, selection, "jacobian")
        outputs = sum(aval_of(y).size for y in tree_flatten(run.out)[0])
        if outputs > sum(aval_of(x).size for x in selection.leaves):
            return pushed_forward(f, selection, chunk_size)
        return pulled_back(run, chunk_size)

    return Transformed(jacobian, f, call, argnums=argnums, chunk_size=chunk_size)


def numbers_in(f: Any, argnums: Argnums, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Selection:
    """The arguments of one call; raises TypeError if the selected ones hold no numbers."""
    selection = Selection(f, argnums, args, kwargs)
    if not selection.leaves:
        raise TypeError(
            f"the Jacobian of {described(f)}: argnums={argnums} selects no numbers to differentiate by"
        )
    return selection


def pulled_back(run: Recording, chunk_size: int | None) -> Any:
    """The Jacobian of a recorded function, from one cotangent per element of its output."""
    leaves, treedef = tree_flatten(run.out)
    check_live(run.f, run.selection, map(run.value_of, leaves))
    run.look_at([run.node_of(y) for y in leaves])
    blocks = [rows(run, run.node_of(y), aval_of(run.value_of(y)), chunk_size) for y in leaves]
    jacobian = tree_unflatten(treedef, [run.selection.wrap(block) for block in blocks])
    return in_labels(jacobian, run.out, run.selection.only)


def rows(run: Recording, node: Node | None, aval: Any, chunk_size: int | None) -> list[Any]:
    """d output / d input for one array of the output and each input, of shapes (*out, *in)."""
    shapes = [(*aval.shape, *shape_of(x)) for x in run.selection.leaves]
    if node is None:
        dtypes = [cotangent_aval(aval_of(x)).dtype for x in run.selection.leaves]
        return [np.zeros(shape, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    found = [
        mapped_over_basis(lambda g: run.gradients([(node, g)]), aval, c)
        for c in chunks(aval.size, chunk_size)
    ]
    columns = zip(*found, strict=True)
    inputs = run.selection.leaves
    return [number_like(np.reshape(in_one(c), s), x) for c, s, x in zip(columns, shapes, inputs, strict=True)]


def number_like(block: Any, x: Any) -> Any:
    """A block of a Jacobian; of one number with respect to a number, the kind of number that the argument `x` is."""
    if type(block) is not np.ndarray or block.shape or isinstance(x, np.ndarray):
        return block
    return block.item() if type(x) in (float, int, complex) else block[()]


def pushed_forward(f: Callable[..., Any], selection: Selection, chunk_size: int | None) -> Any:
    """The Jacobian of `f`, from one tangent per element of its inputs."""
    inputs = selection.leaves
    out: Any = None
    columns: list[list[Any]] = []
    for i, x in enumerate(inputs):
        aval = cotangent_aval(aval_of(x))

        def tangents_of(t: Any, i: int = i) -> list[Any]:
            nonlocal out
            ts = [t if j == i else zeros(aval_of(v)) for j, v in enumerate(inputs)]
            out, tangent = push(f, selection, ts)
            return tree_flatten(tangent)[0]

        found = [mapped_over_basis(tangents_of, aval, c) for c in chunks(aval.size, chunk_size)]
        joined = [in_one(column) for column in zip(*found, strict=True)]
        shaped = [np.reshape(np.moveaxis(y, 0, -1), (*shape_of(y)[1:], *aval.shape)) for y in joined]
        columns.append([number_like(y, x) for y in shaped])
    blocks = [selection.wrap(list(block)) for block in zip(*columns, strict=True)]
    return in_labels(tree_unflatten(tree_flatten(out)[1], blocks), out, selection.only)


def in_labels(jacobian: Any, out: Any, argument: Any) -> Any:
    """The Jacobian of a Series, or to one, as a table with labels; anything else as it is."""
    known = labelled(type(argument)) or labelled(type(out))
    return jacobian if known is None else known.table(jacobian, out, argument)


def chunks(n: int, size: int | None) -> list[slice]:
    return in_chunks(n, size) if size is not None and n else [slice(0, n)]


def mapped_over_basis(linear: Callable[[Any], list[Any]], aval: Any, chunk: slice) -> list[Any]:
    """`linear` of each basis vector of `aval` that `chunk` selects, stacked along axis 0."""
    basis = np.eye(aval.size, dtype=aval.dtype)[chunk].reshape(-1, *aval.shape)
    with running("vmap") as level:
        ys = linear(new_batched(basis, level))
    return apart(
        [
            y.value if getattr(y, "level", None) == level else np.broadcast_to(y, (len(basis), *shape_of(y)))
            for y in ys
        ]
    )


def in_one(parts: Any) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@also_argnum
def hessian(
    f: Callable[..., Any], argnums: Argnums = 0, *, chunk_size: int | None = None
) -> Callable[..., Any]:
    """The Hessian of the scalar function `f`, forward over reverse; shape `(*in, *in)`.

    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    second = jacfwd(grad(f, argnums), argnums, chunk_size=chunk_size)
    return Transformed(hessian, f, second, argnums=argnums, chunk_size=chunk_size)


@also_argnum
def hvp(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function (*args, v) -> H v, H the Hessian of the scalar `f` in argument `argnums`: forward over reverse.

    >>> hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        *args, v = args
        selection = Selection(f, argnums, tuple(args), kwargs)
        return push(grad(f, argnums), selection, selection.unwrap(v, f"hvp of {name_of(f)}: the vector"))[1]

    return Transformed(hvp, f, call, argnums=argnums)


hessian_vector_product = hvp


@also_argnum
def make_hvp(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """make_hvp(f)(*args) is the function v -> H v at `args`; the gradient is linearized once, for many vectors.

    >>> make_hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]))(np.array([1.0, 0.0]))
    array([6., 0.])
    """

    def at(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        selection = Selection(f, argnums, args, kwargs)

        def gradient(*leaves: Any) -> Any:
            return selection.call(grad(f, argnums), leaves)

        along = linearize(gradient, *selection.leaves)[1]
        return lambda v: along(*selection.unwrap(v, f"hvp of {name_of(f)}: the vector"))

    return Transformed(make_hvp, f, at, argnums=argnums)


def half_square(y: Any) -> Any:
    return 0.5 * np.sum(y * y)


@also_argnum
def make_ggnvp(
    f: Callable[..., Any], g: Callable[..., Any] = half_square, argnums: Argnums = 0
) -> Callable[..., Any]:
    """make_ggnvp(f, g)(*args) is v -> J^T H J v: the generalized Gauss-Newton product of g(f(x)).

    J is the Jacobian of `f` in argument `argnums`, H the Hessian of the scalar `g` at f(x); by default g is half
    the sum of squares, so H is the identity.  Schraudolph 2002, Neural Computation 14(7).

    >>> make_ggnvp(lambda x: 2 * x)(np.array([1.0, 1.0]))(np.array([1.0, 0.0]))
    array([4., 0.])
    """

    def at(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        selection = Selection(f, argnums, args, kwargs)

        def product(v: Any) -> Any:
            y, jv = push(f, selection, selection.unwrap(v, f"ggnvp of {name_of(f)}: the vector"))
            hjv = jvp(grad(g, 0), (y,), (jv,))[1]
            run = Recording(f, selection, "vjp")
            node = run.node_of(run.out)
            return run.selection.wrap(run.gradients([(node, hjv)] if node else []))

        return product

    return Transformed(make_ggnvp, f, at, g=g, argnums=argnums)
