"""Reverse mode: `grad` and its relatives.  Each records one tape and runs the one backward pass."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import (
    PLAIN,
    MissingRuleError,
    OutputError,
    Traced,
    Var,
    aval_of,
    ones,
    shape_of,
    tree_flatten,
    tree_leaves,
    tree_map,
    tree_unflatten,
)
from pycograd.core.decisions import look_at
from pycograd.core.labelled import labelled

from .arguments import (
    Argnums,
    Selection,
)
from .edge import (
    Transformed,
    also_argnum,
    at_the_edge,
    described,
    name_of,
    one_of,
    one_per_argument,
)
from .grads import Grads
from .missing import with_differences
from .recorder import decided
from .recording import Recording
from .staleness import check_live

__all__ = [
    "elementwise_grad",
    "grad",
    "holomorphic_grad",
    "make_vjp",
    "reverse_at",
    "value_and_grad",
    "vjp",
]


def value_and_grad(
    f: Callable[..., Any],
    argnums: Argnums = None,
    *,
    argnum: Any = None,
    has_aux: bool = False,
    on_missing: str = "raise",
) -> Callable[..., Any]:
    """The function that returns the value of the scalar function `f` and its gradients.

    argnums  None: a tuple, one gradient per positional argument; an int or a parameter's name: that gradient, bare; a
             sequence: a tuple in that order (`argnum` is a synonym)
    has_aux  `f` returns `(value, aux)`; then the result is `((value, aux), gradients)`
    on_missing  "fd" takes finite differences of an operation without a rule, of that one only, with a warning that
             counts its evaluations; by default it raises MissingRuleError

    Arguments may be pytrees; a gradient has its argument's structure, shape and dtype (an integer's is float64), with
    None for leaves that are not numbers.  Keyword arguments are passed on, undifferentiated unless named in `argnums`.
    Raises TypeError if `f` does not return a single real scalar.

    >>> value, (g,) = value_and_grad(lambda x: np.sum(x ** 2))(np.array([1.0, 2.0]))
    >>> print(value, g)
    5.0 [2. 4.]
    """
    argnums = one_of(argnums=argnums, argnum=argnum)

    def once(g: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        selection = Selection(f, argnums, args, kwargs)
        decisions = look_at(f, selection.leaves) if decided else None
        if decisions is None:
            run = Recording(g, selection, "grad")
        else:
            with decisions:
                run = Recording(g, selection, "grad")
        y, aux = split_aux(f, run.out) if has_aux else (run.out, None)
        y, labels = number_and_labels(y)
        node, value = run.node_of(y), run.value_of(y)
        check_scalar(f, value)
        if has_aux:
            aux = tree_map(run.value_of, aux)
        check_live(f, run.selection, [value, *tree_leaves(aux)] if has_aux else [value])
        run.look_at([node])
        gs = run.gradients([(node, ones(aval_of(value)))] if node else [])
        if decisions is not None and node is not None and PLAIN.issuperset(map(type, gs)):
            for look in decided:
                look(f, run, node, decisions, gs)
        grads = run.selection.wrap(gs)
        value = value if labels is None else tree_unflatten(labels, [value])
        return ((value, aux) if has_aux else value), grads

    def call(*args: Any, **kwargs: Any) -> Any:
        if on_missing == "raise":
            return once(f, args, kwargs)
        g = with_differences(f, on_missing)
        try:
            found = once(g, args, kwargs)
        except MissingRuleError:
            if g.probing:
                raise
            g.probing = True  # the rule of an operation that was done lacks: find out which
            found = once(g, args, kwargs)
        g.report()
        return found

    return Transformed(value_and_grad, f, call, argnums=argnums, has_aux=has_aux, on_missing=on_missing)


def grad(
    f: Callable[..., Any],
    argnums: Argnums = None,
    *,
    argnum: Any = None,
    has_aux: bool = False,
    on_missing: str = "raise",
) -> Callable[..., Any]:
    """The gradient of the scalar function `f`, as a function of the same arguments.

    A tuple, one gradient per positional argument, unless `argnums` names one; see `value_and_grad`.  With `has_aux` the
    result is `(gradients, aux)`.

    >>> grad(np.sin)(0.0)
    (1.0,)
    >>> grad(lambda w, x: np.sum(w * x), argnums=0)(np.ones(2), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    both = value_and_grad(f, argnums, argnum=argnum, has_aux=has_aux, on_missing=on_missing)

    def call(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    argnums = one_of(argnums=argnums, argnum=argnum)
    return Transformed(grad, f, call, argnums=argnums, has_aux=has_aux, on_missing=on_missing)


def split_aux(f: Any, out: Any) -> tuple[Any, Any]:
    if not isinstance(out, tuple) or len(out) != 2:
        raise TypeError(
            f"has_aux: {described(f)} must return a pair (value, aux), not {out.__class__.__name__}"
        )
    return out


def number_and_labels(y: Any) -> tuple[Any, Any]:
    """What a function returned without its labels, if it is one array of pandas or xarray, and those labels."""
    if type(y) in PLAIN or type(y) is Var or labelled(type(y)) is None:
        return y, None
    leaves, labels = tree_flatten(y)
    return (leaves[0], labels) if len(leaves) == 1 else (y, None)


def check_scalar(f: Any, y: Any) -> None:
    """Raise OutputError unless `y` is one real number."""
    if not isinstance(y, (Traced, np.ndarray, np.generic, int, float, complex)):
        if y is None:
            raise not_scalar(f, "None", "", "a `return` of one number at the end of the function")
        if isinstance(y, Grads):
            fix = f"argnums=0 for the inner gradient, or hessian(f): the function is {name_of(f)}"
            raise not_scalar(f, "a tuple of gradients", "", fix)
        fix = f"return one number (and has_aux=True for more), or jacobian({called(f)})"
        raise not_scalar(f, f"a {type(y).__name__}", "", fix)
    aval = aval_of(y)
    if aval.size != 1:
        fix = f"np.sum of the output; jacobian({called(f)}) or egrad({called(f)}) for each derivative"
        raise not_scalar(f, f"shape {aval.shape}", f"the output is {aval}", fix)
    if np.dtype(aval.dtype).kind == "c":
        fix = f"np.real or np.abs of the output, or holomorphic_grad({called(f)})"
        raise not_scalar(f, "a complex number", f"the output is {aval}, and must be real", fix)


def called(f: Any) -> str:
    """The name of `f`, to paste."""
    return name_of(f) if name_of(f).isidentifier() else "f"


def not_scalar(f: Any, what: str, fact: str, fix: str) -> OutputError:
    text = f"grad of {name_of(f)} needs a function returning a single scalar; {described(f)} returned {what}"
    return OutputError("\n  ".join(filter(None, [text, fact, f"fix: {fix}"])))


@at_the_edge
def vjp(f: Callable[..., Any], *primals: Any, cotangent: Any = None, has_aux: bool = False) -> Any:
    """The output of `f` at `primals`, and its pullback.

    The pullback takes a cotangent of the output (same structure and shapes) to a tuple of cotangents, one per
    primal, and may be called again.  `vjp(f, primals_tuple, cotangent=ct)` applies it at once: `(out, cotangents)`.

    >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    if cotangent is not None:
        (primals,) = primals
        primals = one_per_argument(primals, f"vjp of {name_of(f)} with a cotangent: the primals")
    run = Recording(f, Selection(f, None, primals, {}), "vjp", lasting=cotangent is None)
    out, aux = split_aux(f, run.out) if has_aux else (run.out, None)
    value, pull = with_pullback(f, run, out)
    if cotangent is not None:
        return value, tuple(pull(cotangent))

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        return tuple(pull(cotangent))

    return (value, pullback, tree_map(run.value_of, aux)) if has_aux else (value, pullback)


def with_pullback(f: Any, run: Recording, out: Any) -> tuple[Any, Callable[[Any], Any]]:
    leaves, treedef = tree_flatten(out)
    nodes, values = [run.node_of(y) for y in leaves], [run.value_of(y) for y in leaves]
    check_live(f, run.selection, values)
    run.look_at(nodes)
    shapes = [shape_of(v) for v in values]
    if run.lasting:
        nodes = run.keep_tape(nodes)

    def pullback(cotangent: Any) -> Any:
        gs, structure = tree_flatten(cotangent)
        if structure != treedef:
            raise ValueError(
                f"pullback of {name_of(f)}: the cotangent has the structure {structure}, the output {treedef}"
            )
        for g, shape in zip(gs, shapes, strict=True):
            if g is not None and np.shape(g) != shape:
                raise ValueError(
                    f"pullback of {name_of(f)}: the cotangent has shape {np.shape(g)}, the output {shape}"
                )
        roots = [(n, g) for n, g in zip(nodes, gs, strict=True) if n is not None and g is not None]
        return run.selection.wrap(run.gradients(roots))

    return tree_unflatten(treedef, values), pullback


@also_argnum
def reverse_at(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function from arguments to `(pullback, out)`, curried: `pullback(ct)` is the cotangent of argument `argnums`.

    >>> pullback, y = reverse_at(np.sin)(0.0)
    >>> pullback(2.0)
    2.0
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        run = Recording(f, Selection(f, argnums, args, kwargs), "vjp", lasting=True)
        value, pullback = with_pullback(f, run, run.out)
        return pullback, value

    return Transformed(reverse_at, f, call, argnums=argnums)


make_vjp = reverse_at


@also_argnum
def elementwise_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The derivative of a function that acts on each element, element by element: the gradient of the sum of its
    output.

    >>> elementwise_grad(np.tanh)(np.zeros(3))
    array([1., 1., 1.])
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        run = Recording(f, Selection(f, argnums, args, kwargs), "grad")
        node, value = run.node_of(run.out), run.value_of(run.out)
        check_live(f, run.selection, [value])
        return run.selection.wrap(run.gradients([(node, ones(aval_of(value)))] if node else []))

    return Transformed(elementwise_grad, f, call, argnums=argnums)


@also_argnum
def holomorphic_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The complex derivative f'(z) of a holomorphic function of complex arguments to one complex number.

    Raises TypeError if a selected argument or the output is not complex.

    >>> holomorphic_grad(lambda z: z ** 2)(1 + 2j)
    (2+4j)
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        selection = Selection(f, argnums, args, kwargs)
        if any(np.dtype(aval_of(x).dtype).kind != "c" for x in selection.leaves):
            raise TypeError(
                f"holomorphic_grad of {name_of(f)} needs complex arguments; use grad for real ones"
            )
        run = Recording(f, selection, "holomorphic_grad")
        node, value = run.node_of(run.out), run.value_of(run.out)
        check_live(f, run.selection, [value])
        aval = aval_of(value)
        if aval.size != 1 or np.dtype(aval.dtype).kind != "c":
            raise TypeError(
                f"holomorphic_grad of {name_of(f)} needs one complex number as output, not {aval}"
            )
        return run.selection.wrap(run.gradients([(node, ones(aval))] if node else []))

    return Transformed(holomorphic_grad, f, call, argnums=argnums)
