"""The tuple of gradients, one per argument, which is not to be taken for the gradient itself."""

import ast
from typing import Any

import numpy as np

from pycograd.core import GradsError, register, user_frame, where
from pycograd.core.errors import expression, one_line

__all__ = ["Grads"]


class Grads(tuple[Any, ...]):
    """One gradient per positional argument: a tuple that refuses to be taken for the gradient itself."""

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise GradsError(self._advice())

    def _advice(self) -> str:
        user = user_frame()
        return (
            f"this is a tuple of {len(self)} gradient{'s' * (len(self) != 1)}, one per argument{where()}\n"
            f"  unpack it, `(g,) = grad(f)(x)`, or ask for one\n  fix: {for_one(expression(user) if user else '')}"
        )

    def __getattr__(self, name: str) -> Any:
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            raise GradsAttributeError(self._advice())
        raise AttributeError(f"'Grads' object has no attribute '{name}'")

    def __format__(self, spec: str) -> str:
        return self._refuse() if spec else str(self)

    __mul__ = __rmul__ = __add__ = __radd__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = _refuse
    __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __neg__ = __abs__ = __float__ = __int__ = _refuse
    __array_ufunc__ = _refuse  # `array -= grads` and `np.multiply(lr, grads)` too

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self._refuse() if len(self) == 1 else np.array(tuple(self), dtype)


class GradsAttributeError(GradsError, AttributeError):
    """The tuple of gradients was asked for what an array has."""


def for_one(text: str) -> str:
    """The expression `text`, in which gradients are asked for by `grad(f)`, for one gradient instead."""
    try:
        tree = ast.parse(" ".join(text.split()))
    except SyntaxError:
        return "grad(f, argnums=0)"
    changed = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("grad", "value_and_grad"):
                node.keywords.append(ast.keyword(arg="argnums", value=ast.Constant(value=0)))
                changed = True
    return one_line(ast.unparse(tree)) if changed else "grad(f, argnums=0)"


register(Grads, lambda grads: (tuple(grads), None), lambda _, children: Grads(children))
