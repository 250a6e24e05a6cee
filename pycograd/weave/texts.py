"""Text of numpy and scipy that is plain Python over numpy: woven like the user's, where it is given what is watched.

So what has no rule of its own, but is written in terms of what has one, is differentiated as it stands: polynomials in
all bases, quadratures of samples, statistics, filter design.  Solvers are none of it: an iteration is not to be
differentiated step by step.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from pycograd.core import PLAIN

__all__ = ["is_function_of_text", "is_text", "where_watched"]

TEXTS = frozenset(
    """numpy.polynomial numpy.lib._arraysetops_impl numpy.lib._function_base_impl numpy.lib._histograms_impl
    numpy.lib._polynomial_impl numpy.lib._scimath_impl numpy.lib._twodim_base_impl numpy.lib._type_check_impl
    scipy._lib scipy._external
    scipy.integrate._quadrature scipy.interpolate._cubic scipy.interpolate._pade scipy.interpolate._polyint
    scipy.linalg._decomp_polar scipy.linalg._decomp_svd scipy.linalg._procrustes scipy.linalg._special_matrices
    scipy.ndimage._measurements scipy.ndimage._morphology
    scipy.signal._czt scipy.signal._filter_design scipy.signal._lti_conversion scipy.signal._ltisys
    scipy.signal._polyutils scipy.signal._short_time_fft scipy.signal._signaltools scipy.signal._spectral_py
    scipy.signal._spline_filters scipy.signal._waveforms scipy.signal.windows._windows scipy.spatial._geometric_slerp
    scipy.spatial._kdtree scipy.spatial._procrustes scipy.special._basic scipy.special._orthogonal
    scipy.special._spherical_bessel scipy.stats._axis_nan_policy scipy.stats._common scipy.stats._correlation
    scipy.stats._continuous_distns scipy.stats._discrete_distns scipy.stats._distn_infrastructure
    scipy.stats._entropy scipy.stats._hypotests scipy.stats._morestats scipy.stats._multivariate scipy.stats._quantile
    scipy.stats._stats_mstats_common scipy.stats._stats_py scipy.stats._variation""".split()
)
LEAVES = frozenset(
    [*PLAIN, str, bytes, bool, type(None), type, range, slice, ModuleType, np.dtype, *np.sctypeDict.values()]
)


@lru_cache
def is_text(module: str) -> bool:
    """Whether the functions of that module of numpy or scipy are woven."""
    return any(module == text or module.startswith(text + ".") for text in TEXTS)


def is_function_of_text(f: FunctionType) -> bool:
    """Whether `f` is a function of such a module, of nothing but its arguments."""
    return "." not in f.__qualname__ and is_text(f.__globals__.get("__name__") or "")


def where_watched(plain: FunctionType, woven: Callable[..., Any]) -> Callable[..., Any]:
    """`woven` if an argument can hold a watched value, `plain` itself if none does."""

    @wraps(plain)
    def call(*args: Any, **params: Any) -> Any:
        return (plain if is_plain(args) and is_plain(params.values()) else woven)(*args, **params)

    return call


def is_plain(values: Any) -> bool:
    """Whether no watched value is among `values`, which are plain themselves or lists and tuples of what is."""
    return all(
        (kind := type(v)) in LEAVES or ((kind is list or kind is tuple) and is_plain(v)) for v in values
    )
