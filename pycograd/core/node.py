"""The node: one recorded call, an equation.

It is a bare tuple, because nothing is cheaper to make and a heap orders it by its index:

    index    counts down, so the smallest index is the newest node
    prim     the operation; None for a leaf
    pull     (g, node) -> pairs of a parent and its cotangent
    saved    what the rules of the watched operands asked for
    aligned  the cotangents of these parents need no `fit`: the operands have the aval of the output
    aval     the type of the cotangent of this value (an integer's is float64)
    params   the static parameters of the call

and last the parents, the nodes of the watched operands (not in a tuple of their own, which the garbage collector would
visit).  There is no list of nodes: a value holds its node, a node its parents, so what nobody needs is freed at once.
"""

from typing import Any

__all__ = ["ALIGNED", "AVAL", "FIRST_PARENT", "INDEX", "NOTHING", "PARAMS", "PRIM", "PULL", "SAVED", "Node"]

Node = tuple[Any, ...]
INDEX, PRIM, PULL, SAVED, ALIGNED, AVAL, PARAMS, FIRST_PARENT = range(8)
NOTHING: dict[str, Any] = {}  # the params of a call without any
