"""Functions of numpy whose own text is woven: the laws of differentiation hold for them as for an operation."""

import numpy as np
import numpy.polynomial as P
import pytest
from laws.case import Case
from laws.harness import forward, reverse, second, transpose, value, vmap
from laws.row import distinct, normal, row

from pycograd.core import Handle
from pycograd.errors import BranchError
from pycograd.weave import woven

c4, d3, x5 = normal(4), normal(3), distinct(5)
square, three = normal(3, 3), normal(2, 3, 2)
BASES = {"poly": P.polynomial, "cheb": P.chebyshev, "leg": P.legendre, "herm": P.hermite, "herme": P.hermite_e,
         "lag": P.laguerre}  # fmt: skip
CLASSES = (P.Polynomial, P.Chebyshev, P.Legendre, P.Hermite, P.HermiteE, P.Laguerre)


def of_basis(name, module):
    f = lambda suffix: getattr(module, name + suffix)  # noqa: E731
    yield "val", lambda x, c: f("val")(x, c), (x5, c4)
    yield "val of a table", lambda x, c: f("val")(x, c), (x5, square)
    yield "val2d", lambda x, y, c: f("val2d")(x, y, c), (x5, x5 * x5, square)
    yield "grid3d", lambda x, y, z, c: f("grid3d")(x, y, z, c), (d3, c4, d3, three)
    yield "vander", lambda x: f("vander")(x, 3), (x5,)
    yield "vander2d", lambda x, y: f("vander2d")(x, y, [1, 2]), (x5, x5 * x5)
    yield "der and int", lambda c: f("int")(f("der")(c, 2), 1, k=[0.7], scl=1.3), (c4,)
    yield "add, sub, mul", lambda a, b: f("sub")(f("mul")(a, b), f("add")(a, b)), (c4, d3)
    yield "div", lambda a, b: f("div")(a, b), (c4, d3)
    yield "pow", lambda c: f("pow")(c, 3), (d3,)
    yield "mulx", lambda c: f("mulx")(c), (c4,)
    yield "fromroots", lambda r: f("fromroots")(r), (d3,)
    yield "fit", lambda x, y: f("fit")(x, y, 2), (x5, normal(5))
    yield "companion", lambda c: f("companion")(c), (c4,)
    yield "line", lambda a, b: f("line")(a, b), (np.float64(0.4), np.float64(1.2))


def of_class(cls):
    yield "call", lambda c, x: cls(c)(x), (c4, x5)
    yield "domain", lambda c, x: cls(c, domain=[-2.0, 3.0])(x), (c4, x5)
    yield "deriv, integ", lambda c: cls(c).deriv().integ(1, k=[0.5])(0.3), (c4,)
    yield "fit", lambda y: cls.fit(x5, y, 2)(0.5), (normal(5),)
    yield "roots", lambda c: cls(c).roots(), (np.array([6.0, -5.0, 1.0, 0.3]),)


def settled(f):
    """`f`, with what was written in an array as its value."""

    def value(y):
        return tuple(map(value, y)) if isinstance(y, tuple) else y.current() if isinstance(y, Handle) else y

    return lambda *xs: value(f(*xs))


def rows():
    for name, module in BASES.items():
        for what, call, xs in of_basis(name, module):
            yield pytest.param(row(module, *xs, call=settled(woven(call))), id=f"{name}{what}")
    for cls in CLASSES:
        for what, call, xs in of_class(cls):
            yield pytest.param(row(cls, *xs, call=settled(woven(call))), id=f"{cls.__name__} {what}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", list(rows()))
def test_laws_of_numpys_polynomials(row):
    obeys(row)


def obeys(row):
    """The laws; under vmap it may also say that the text branches on a value."""
    case = Case(row)
    for law in (value, reverse, forward, transpose, second):
        law(case)
    try:
        vmap(case)
    except (BranchError, TypeError) as error:
        assert "example" in str(error), "it says that this differs between the examples"  # noqa: PT017
