"""Every error and warning of pycograd, by its code.

A message starts with what happened, then says where, in the user's file and line, then one fix; its code stands at the
end, in brackets.  `index()` is the catalogue as a table.

>>> import numpy as np, pycograd
>>> pycograd.grad(np.sin)(np.ones(3))
Traceback (most recent call last):
    ...
pycograd.errors.OutputError: grad of sin needs a function returning a single scalar; sin returned shape (3,)
...
"""

import inspect

from .core import AutodiffWarning as AutodiffWarning
from .core import BranchError as BranchError
from .core import DifferencesWarning as DifferencesWarning
from .core import ForeignCodeError as ForeignCodeError
from .core import GradientMismatch as GradientMismatch
from .core import GradsError as GradsError
from .core import IntegerStoreError as IntegerStoreError
from .core import KinkWarning as KinkWarning
from .core import LambdaPickleError as LambdaPickleError
from .core import LostGradientError as LostGradientError
from .core import MissingRuleError as MissingRuleError
from .core import MutatedError as MutatedError
from .core import NonFiniteError as NonFiniteError
from .core import OutputError as OutputError
from .core import OutsideStoreError as OutsideStoreError
from .core import PromotionWarning as PromotionWarning
from .core import RuleShapeError as RuleShapeError
from .core import ShapeError as ShapeError
from .core import StaleValueError as StaleValueError
from .core import UnusedArgumentWarning as UnusedArgumentWarning
from .core import UnwovenWarning as UnwovenWarning
from .core import ZeroGradientWarning as ZeroGradientWarning

__all__ = ["catalogue", "index"]


def catalogue() -> dict[str, type]:
    """The classes that have a code, by code.

    >>> catalogue()["PG107"].__name__
    'OutputError'
    """
    classes = [c for c in globals().values() if isinstance(c, type) and getattr(c, "code", "")]
    return dict(sorted((c.code, c) for c in classes))


def index() -> str:
    """The catalogue as a table in Markdown: code, class, when, and the fix."""
    rows = ["| code | class | when | fix |", "|---|---|---|---|"]
    for code, cls in catalogue().items():
        when, _, fix = inspect.getdoc(cls).partition("\n\n")
        kinds = ", ".join(base.__name__ for base in builtin_bases(cls))
        rows.append(f"| {code} | `{cls.__name__}` ({kinds}) | {one_line(when)} | {one_line(fix)} |")
    return "\n".join(rows) + "\n"


def builtin_bases(cls: type) -> list[type]:
    """The narrowest classes of Python's that an `except` may name for `cls`."""
    bases = [c for c in cls.__mro__ if c.__module__ in ("builtins", "_pickle")]
    return [c for c in bases if not any(c is not d and issubclass(d, c) for d in bases)]


def one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


for _class in catalogue().values():
    _class.__module__ = __name__  # where tracebacks say that it is from
