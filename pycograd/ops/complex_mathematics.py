"""Functions of `cmath`, of one number: the rules are those of numpy's functions, and Python's numbers stay Python's."""

import cmath
import math

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, Traced, registered

from . import arithmetic, exponential, trigonometric
from .families import batch_elementwise, watches
from .mathematics import near, question
from .scalars import to_float


def of_complex(func, twin):
    """Register `func` of cmath, which is the operation `twin` of one complex number."""
    rule = getattr(twin.vjp[0].rule, "__wrapped__", twin.vjp[0].rule)
    prim = Primitive(
        func,
        rule,
        jvp=(rule,),
        batch=lambda _, xs, batched, params: batch_elementwise(twin, xs, batched, params),
        shape=lambda x: Aval((), complex),
        name=twin.name,
        unbounded=twin.unbounded,
    )

    @registered(func)
    def of_number(z, /):
        return prim.call(REGISTRY[complex](z)) if isinstance(z, Traced) else func(z)

    of_number.__name__, of_number.__doc__ = func.__name__, f"`cmath.{func.__name__}`."
    return of_number


for _name in "sin cos tan sinh cosh tanh".split():
    of_complex(getattr(cmath, _name), getattr(trigonometric, _name))
    of_complex(getattr(cmath, f"a{_name}"), getattr(trigonometric, f"arc{_name}"))
of_complex(cmath.exp, exponential.exp)
of_complex(cmath.log10, exponential.log10)
of_complex(cmath.sqrt, arithmetic.sqrt)
natural = of_complex(cmath.log, exponential.log)


@registered(cmath.log)
def log(z, *base):
    """`cmath.log`."""
    if not watches((z, *base)):
        return cmath.log(z, *base)
    return natural(z) / natural(base[0]) if base else natural(z)


@registered(cmath.phase)
def phase(z, /):
    """`cmath.phase`; slope 0 at the origin."""
    if not isinstance(z, Traced):
        return cmath.phase(z)
    return REGISTRY[math.atan2](to_float(np.imag(z)), to_float(np.real(z)))


@registered(cmath.polar)
def polar(z, /):
    """`cmath.polar`; slope 0 at the origin."""
    return (abs(z), phase(z)) if isinstance(z, Traced) else cmath.polar(z)


@registered(cmath.rect)
def rect(r, phi, /):
    """`cmath.rect`."""
    if not watches((r, phi)):
        return cmath.rect(r, phi)
    return REGISTRY[complex](r * REGISTRY[math.cos](phi)) + 1j * (r * REGISTRY[math.sin](phi))


question(cmath.isnan, np.isnan)
question(cmath.isinf, np.isinf)
question(cmath.isfinite, np.isfinite)
question(cmath.isclose, near)
