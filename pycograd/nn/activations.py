"""Activations, element by element: one operation each where fusing saves passes over memory, numpy text elsewhere.

At a kink the slope is that of the side below: relu'(0) = 0, leaky_relu'(0) = slope; the corners of `hardsigmoid` and
`hardswish`, which are those of `np.clip`, take half.
"""

from functools import wraps

import numpy as np

from pycograd.core import Aval, Primitive, computed_in
from pycograd.core.traced import finite
from pycograd.ops.families import arrayed, batch_elementwise
from pycograd.ops.softmax import floating
from pycograd.ops.trigonometric import tanh as tanh_

from .fused import fuse

__all__ = [
    "elu",
    "gated_act",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "leaky_relu",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]


# ---- declaring -----------------------------------------------------------------------------------------------------
def on_arrays(impl):
    """`impl`, which writes into floating arrays of its own, for numbers and integers too."""

    @wraps(impl)
    def run(x):
        if type(x) is np.ndarray and x.ndim and x.dtype.kind in "fc":
            return impl(x)
        x = np.asarray(x)
        y = impl(x.astype(computed_in(x.dtype), copy=False).reshape(-1)).reshape(x.shape)
        return y if x.ndim else y[()]

    return run


def floating_shape(*xs):
    """The type of an elementwise function's result: integers and Python numbers make float64."""
    kinds = [np.dtype(x.dtype) for x in xs if not isinstance(x.dtype, type)]
    dtype = np.result_type(*kinds) if kinds else np.dtype(float)
    shape = np.broadcast_shapes(*[x.shape for x in xs])
    return Aval(shape, computed_in(dtype))


def activation(impl, rule, name):
    """Declare an elementwise function of one array; `rule(t, ...)` is `t` times its slope."""
    return Primitive(
        on_arrays(impl), rule, jvp=(rule,), batch=batch_elementwise, shape=floating_shape, name=name, same_aval=True
    )  # fmt: skip


# ---- relu and its kin ----------------------------------------------------------------------------------------------
def only(t, hit):
    """`t` where `hit`; an infinite `t` elsewhere does no harm.  np.where takes ten times as long as a product."""
    r = t * hit
    return r if finite(r) else np.where(hit, t, 0.0)


def relu_rule(t, y):
    return only(t, y > 0)


def relu_shape(x):
    return Aval(x.shape, np.maximum(np.ones(1, x.dtype), 0).dtype)


relu_ = Primitive(
    lambda x: np.maximum(x, 0),
    relu_rule,
    jvp=(relu_rule,),
    batch=batch_elementwise,
    shape=relu_shape,
    name="relu",
    same_aval=True,
)


def relu(x):
    """max(x, 0), element by element, of the dtype of `x`; the slope at 0 is 0.  The tape keeps the output only.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return relu_.call(x)


def leaky_relu(x, slope=0.01):
    """x where it is positive, else slope * x; `slope` may be an array, and differentiated (PReLU).

    >>> leaky_relu(np.array([-1.0, 2.0]))
    array([-0.01,  2.  ])
    """
    x = arrayed(x)
    return chosen(x > 0, x, slope * x)


def elu(x, alpha=1.0):
    """x where it is positive, else alpha * (exp(x) - 1).  Clevert et al., arXiv:1511.07289.

    >>> elu(np.array([-np.inf, 2.0]))
    array([-1.,  2.])
    """
    x = floating(x)
    positive = x > 0
    return chosen(positive, x, alpha * np.expm1(chosen(positive, 0.0, x)))


def chosen(condition, a, b):
    """np.where; of numbers, a number."""
    y = np.where(condition, a, b)
    return y if y.ndim else y[()]


def selu(x):
    """1.0507009873554805 * elu(x, 1.6732632423543772), which keeps mean 0 and variance 1 through layers.

    Klambauer et al., arXiv:1706.02515.

    >>> float(selu(1.0))
    1.0507009873554805
    """
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


# ---- the logistic function and what is made of it ------------------------------------------------------------------
def logistic(x):
    with np.errstate(over="ignore"):  # where exp(-x) is infinite the result is 0, to the last digit
        return squashed(x, np.empty_like(x))


def squashed(x, out):
    """1 / (1 + exp(-x)) in `out`."""
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, 1, out)
    return np.reciprocal(out, out)


sigmoid_ = activation(logistic, lambda t, y: t * (y * (1 - y)), "sigmoid")


def sigmoid(x):
    """1 / (1 + exp(-x)), element by element, without overflow; the tape keeps the output only.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return sigmoid_.call(x)


def softplus_of(x):
    y = np.abs(x)
    np.negative(y, y)
    np.exp(y, y)
    np.log1p(y, y)
    y += np.maximum(x, 0)
    return y


softplus_ = activation(softplus_of, lambda t, x: t * sigmoid_.call(x), "softplus")


def softplus(x):
    """log(1 + exp(x)), element by element, without overflow and exact for large negative `x`.

    >>> softplus(np.array([-1000.0, 0.0, 1000.0]))
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    return softplus_.call(x)


def silu(x):
    """x * sigmoid(x), element by element; also called swish.  Elfwing et al., arXiv:1702.03118.

    >>> silu(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.7311])
    """
    x = arrayed(x)
    return x * sigmoid_.call(x)


swish = silu


def mish(x):
    """x * tanh(softplus(x)), element by element.  Misra, arXiv:1908.08681.

    >>> mish(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8651])
    """
    x = arrayed(x)
    return x * np.tanh(softplus_.call(x))


# ---- gelu ----------------------------------------------------------------------------------------------------------
ROOT, CUBIC = (
    0.7978845608028654,
    0.044715,
)  # sqrt(2 / pi), and what brings tanh nearest to the normal distribution


def gelu_parts(x):
    """gelu(x), and the tanh in it."""
    t = (x * x * (ROOT * CUBIC) + ROOT) * x
    t = np.tanh(t, t) if type(t) is np.ndarray else np.tanh(t)
    return (t + 1) * x * 0.5, t


def gelu_slope(g, x, t):
    """`g` times the slope; ordered so that it is exact for any finite `x`, where 1 - t * t is 0."""
    w = (t * t - 1) * -ROOT * x
    return (w * x * x * (3 * CUBIC) + w + t + 1) * 0.5 * g


def gelu_rule(t, x):
    return gelu_slope(t, x, gelu_parts(x)[1])


gelu_ = activation(lambda x: gelu_parts(x)[0], gelu_rule, "gelu")


def gelu_forward(x):
    x = x if x.dtype.kind in "fc" else x.astype(computed_in(x.dtype))
    y, t = gelu_parts(x)
    return y, (x, t)


fuse(gelu_, gelu_forward, gelu_slope)


def gelu(x):
    """The Gaussian error linear unit in its tanh form: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).

    Element by element; the tape keeps `x` and the tanh.  Hendrycks and Gimpel, arXiv:1606.08415.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    return gelu_.call(x)


# ---- tanh and gates ------------------------------------------------------------------------------------------------
def tanh(x):
    """`np.tanh`.

    >>> float(tanh(0.0))
    0.0
    """
    return tanh_.call(x)


def gate_forward(f, s):
    t, z = np.tanh(f), sigmoid_.impl(s)
    return t * z, (t, z)


def gate_f(g, t, z):
    return g * z * (1 - t * t)


def gate_s(g, t, z):
    return g * t * (z * (1 - z))


gated_act_ = Primitive(
    lambda f, s: gate_forward(f, s)[0],
    lambda g, f, s: gate_f(g, np.tanh(f), sigmoid_.call(s)),
    lambda g, f, s: gate_s(g, np.tanh(f), sigmoid_.call(s)),
    jvp=(
        lambda t, f, s: gate_f(t, np.tanh(f), sigmoid_.call(s)),
        lambda t, f, s: gate_s(t, np.tanh(f), sigmoid_.call(s)),
    ),
    batch=batch_elementwise,
    shape=floating_shape,
    operands="f s",
    name="gated_act",
)
fuse(gated_act_, gate_forward, gate_f, gate_s)


def gated_act(f, s):
    """tanh(f) * sigmoid(s), element by element: the gated activation of WaveNet.  Shapes broadcast.

    van den Oord et al., arXiv:1609.03499, equation 2.

    >>> float(gated_act(0.0, 3.0))
    0.0
    """
    return gated_act_.call(f, s)


# ---- cheap stand-ins -----------------------------------------------------------------------------------------------
def hardsigmoid(x):
    """clip(x + 3, 0, 6) / 6, element by element.

    >>> hardsigmoid(np.array([-4.0, 0.0, 4.0]))
    array([0. , 0.5, 1. ])
    """
    return np.clip(arrayed(x) + 3, 0, 6) / 6


def hardswish(x):
    """x * clip(x + 3, 0, 6) / 6, element by element.  Howard et al., arXiv:1905.02244.

    >>> hardswish(np.array([-4.0, 0.0, 4.0]))
    array([-0.,  0.,  4.])
    """
    x = arrayed(x)
    return x * hardsigmoid(x)


def softsign(x):
    """x / (1 + |x|), element by element.

    >>> softsign(np.array([-1.0, 0.0, 3.0]))
    array([-0.5 ,  0.  ,  0.75])
    """
    x = arrayed(x)
    return x / (1 + np.abs(x))
