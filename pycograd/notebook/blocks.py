"""`params{...}`: the assignments of a block become one expression, which can stand wherever the block stands.

    params{ w = 0.3 * z; _t = f(w); b = _t[0] }
    (lambda: block({"w": (w := 0.3 * z), "_t": (_t := f(w)), "b": (b := _t[0])}))()

So each sees those before it, and the variables around the block; the names are local to it.
"""

import ast
from typing import Any

from .building import SCOPES, at, call, function_of, support
from .marking import ONLY, Block
from .order import moves_out

__all__ = ["block_of"]


def block_of(lowering: Any, block: Block, place: ast.AST) -> Any:
    """The call that makes the ParamDict of `block`, at the position of `place`."""
    keys: list[ast.expr | None] = []
    values: list[ast.expr] = []
    assigned: set[str] = set()
    taken: dict[str, None] = {}  # variables around the block, read before the block has one of that name
    for marked in block.statements:
        (statement,) = lowering.parsed(marked).body
        if not isinstance(statement, ast.Assign) or not all(
            isinstance(t, ast.Name) for t in statement.targets
        ):
            raise lowering.error(f"{ONLY}; not `{lowering.text(statement)}`", statement)
        value = lowering.visit(statement.value)
        pause = moves_out(value, names=False)
        if pause is not None:  # it would be one of the function that the block becomes
            raise lowering.error("this cannot stand in params{...}: compute it before the block", pause)
        taken |= dict.fromkeys(name for name in names_read(value) if name not in assigned)
        for target in statement.targets:
            keys.append(at(target, ast.Constant(value=target.id)))
            value = at(statement, ast.NamedExpr(target=target, value=value))
            assigned.add(target.id)
            values.append(value)
            value = at(target, ast.Name(id=target.id, ctx=ast.Load()))
    mapping = at(place, ast.Dict(keys=keys, values=values))
    made = call(support("block", place), [mapping], place)
    return call(
        function_of([], made, place, defaults=[name for name in taken if name in assigned]), [], place
    )


def names_read(node: ast.AST) -> list[str]:
    """The variables that the expression reads at once, not in functions that it makes."""
    if isinstance(node, ast.Lambda):
        return []
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Load) else []
    found = [name for child in ast.iter_child_nodes(node) for name in names_read(child)]
    own = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return [name for name in found if name not in own] if isinstance(node, SCOPES) else found
