"""`scipy.signal`: recursive filters, differentiated in the signal and in the coefficients.

A filter solves a * y = b * x, where * is a convolution from the start of the signal.  So its transpose is the same
filter on the reversed signal, and a change of a or b is filtered by 1 / a.
"""

import numpy as np

from pycograd.core import Aval, Primitive, result_dtype, shape_of, without_tape
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule, rank
from .scipy_stacks import batch_stacks, on_stacks

signal = optional("scipy.signal", "scipy")


# ---- along the last axis -------------------------------------------------------------------------------------------
def filtered(b, a, x):
    if b.ndim == a.ndim == 1:
        return signal.lfilter(b, a, x)
    return on_stacks(signal.lfilter, 1, 1, 1)(b, a, x)


def reversed_filter(b, a, g):
    """The transpose of the filter, of the cotangent `g`."""
    return lfilter_.call(b, a, g[..., ::-1])[..., ::-1]


def lags(w, x, n):
    """The sums of w[t] x[t - k] over the time, for the lags k < n."""
    length = shape_of(x)[-1]
    none = np.zeros_like(w[..., 0] * x[..., 0])
    return np.stack(
        [np.sum(w[..., k:] * x[..., : length - k], axis=-1) if k < length else none for k in range(n)], -1
    )


def by_a(a, g):
    """`g` through the transpose of 1 / a."""
    return reversed_filter(np.ones(1, a.dtype), a, g)


lfilter_ = Primitive(
    filtered,
    lambda g, a, x, b_shape: lags(by_a(a, g), x, b_shape[-1]),
    lambda g, y, a: -lags(by_a(a, g), y, shape_of(a)[-1]),
    lambda g, b, a: reversed_filter(b, a, g),
    jvp=(
        lambda t, a, x: lfilter_.call(t, a, x),
        lambda t, y, a: -lfilter_.call(t, a, y),
        lambda t, b, a: lfilter_.call(b, a, t),
    ),
    batch=batch_stacks,
    shape=lambda b, a, x: Aval(
        (*np.broadcast_shapes(b.shape[:-1], a.shape[:-1], x.shape[:-1]), x.shape[-1]), result_dtype(b, a, x)
    ),
    cost=lambda b, a, x: 2.0 * x.size * (b.shape[-1] + a.shape[-1]),
    operands="b a x",
    name="lfilter",
)


def with_state(b, a, x, state):
    """The filter with its internal state before the signal, and the state after it: of direct form II, transposed."""
    n = max(shape_of(b)[0], shape_of(a)[0])
    b, a = (np.pad(v, (0, n - shape_of(v)[0])) / a[0] for v in (b, a))
    length, order = shape_of(x)[-1], n - 1
    pushed = np.pad(state, ((0, 0),) * (rank(state) - 1) + ((0, max(0, length - order)),))[..., :length]
    y = lfilter_.call(b, a, x) + lfilter_.call(np.ones(1, a.dtype), a, pushed)
    last = []
    for i in range(order):
        value = state[..., i + length] if i + length < order else 0.0
        for j in range(min(order - i, length)):
            value = value + b[i + 1 + j] * x[..., length - 1 - j] - a[i + 1 + j] * y[..., length - 1 - j]
        last.append(value)
    return y, np.stack(last, axis=-1)


def coefficients(*xs):
    """Vectors of coefficients, of which a number is one."""
    return [np.reshape(x, (1,)) if rank(x) == 0 else x for x in map(arrayed, xs)]


@composite(signal.lfilter)
def lfilter(b, a, x, axis=-1, zi=None):
    """`scipy.signal.lfilter`; differentiated in `b`, `a`, `x` and `zi`."""
    b, a = coefficients(b, a)
    x = np.moveaxis(arrayed(x), axis, -1)
    if zi is None:
        return np.moveaxis(lfilter_.call(b, a, x), -1, axis)
    state = np.moveaxis(arrayed(zi), axis, -1) if rank(arrayed(zi)) > 1 else arrayed(zi)
    y, last = with_state(b, a, x, state)
    return np.moveaxis(y, -1, axis), np.moveaxis(last, -1, axis)


@composite(signal.lfilter_zi)
def lfilter_zi(b, a):
    """`scipy.signal.lfilter_zi`: the state in which a step has no transient."""
    b, a = coefficients(b, a)
    n = max(shape_of(b)[0], shape_of(a)[0])
    b, a = (np.pad(v, (0, n - shape_of(v)[0])) / a[0] for v in (b, a))
    eye = np.eye(n - 1, dtype=np.result_type(b.dtype, a.dtype))
    turn = np.concatenate([-a[1:, None], eye[:, : n - 2]], axis=1)
    return np.linalg.solve(eye - turn, b[1:] - a[1:] * b[0])


# ---- sections of second order --------------------------------------------------------------------------------------
@composite(signal.sosfilt)
def sosfilt(sos, x, axis=-1, zi=None):
    """`scipy.signal.sosfilt`."""
    sos, x = arrayed(sos), np.moveaxis(arrayed(x), axis, -1)
    states = []
    for i in range(shape_of(sos)[0]):
        b, a = sos[i, :3], sos[i, 3:]
        if zi is None:
            x = lfilter_.call(b, a, x)
            continue
        x, state = with_state(b, a, x, np.moveaxis(arrayed(zi)[i], axis, -1))
        states.append(np.moveaxis(state, -1, axis))
    y = np.moveaxis(x, -1, axis)
    return y if zi is None else (y, np.stack(states))


@composite(signal.sosfilt_zi)
def sosfilt_zi(sos):
    """`scipy.signal.sosfilt_zi`."""
    sos, gain, states = arrayed(sos), 1.0, []
    for i in range(shape_of(sos)[0]):
        b, a = sos[i, :3], sos[i, 3:]
        states.append(gain * lfilter_zi(b, a))
        gain = gain * np.sum(b) / np.sum(a)
    return np.stack(states)


# ---- forward and back ----------------------------------------------------------------------------------------------
EXTENSIONS = {
    "odd": {"mode": "reflect", "reflect_type": "odd"},
    "even": {"mode": "reflect"},
    "constant": {"mode": "edge"},
}


def extended(x, padtype, edge):
    """`x` continued by `edge` numbers at both ends of the last axis."""
    if padtype is not None and padtype not in EXTENSIONS:
        raise ValueError(
            f"Unknown value '{padtype}' given to padtype. padtype must be 'even', 'odd', 'constant', or None."
        )
    if shape_of(x)[-1] <= edge:
        raise ValueError(f"The length of the input vector x must be greater than padlen, which is {edge}.")
    if padtype is None or not edge:
        return x
    return np.pad(x, ((0, 0),) * (rank(x) - 1) + ((edge, edge),), **EXTENSIONS[padtype])


def both_ways(run, x, edge):
    """run(x, x0), a filter that starts in the state for a constant x0, forward and then back."""
    for _ in range(2):
        x = run(x, x[..., :1])[..., ::-1]
    return x[..., edge : shape_of(x)[-1] - edge]


@composite(signal.filtfilt)
def filtfilt(b, a, x, axis=-1, padtype="odd", padlen=None, method="pad", irlen=None):
    """`scipy.signal.filtfilt`."""
    if method != "pad":
        raise no_rule(signal.filtfilt, "method")
    b, a = coefficients(b, a)
    x = np.moveaxis(arrayed(x), axis, -1)
    taps = max(shape_of(b)[0], shape_of(a)[0])
    edge = 0 if padtype is None else 3 * taps if padlen is None else padlen
    state = lfilter_zi(b, a)
    y = both_ways(lambda x, x0: with_state(b, a, x, state * x0)[0], extended(x, padtype, edge), edge)
    return np.moveaxis(y, -1, axis)


@composite(signal.sosfiltfilt)
def sosfiltfilt(sos, x, axis=-1, padtype="odd", padlen=None):
    """`scipy.signal.sosfiltfilt`."""
    sos, x = arrayed(sos), np.moveaxis(arrayed(x), axis, -1)
    n = shape_of(sos)[0]
    if padlen is None:
        padlen = 3 * (2 * n + 1 - min([int(np.sum(without_tape(sos)[:, k] == 0)) for k in (2, 5)]))
    edge = 0 if padtype is None else padlen
    states = sosfilt_zi(sos)

    def run(x, x0):
        states_now = np.reshape(states, (n, *(1,) * (rank(x) - 1), 2)) * x0
        return sosfilt(sos, x, -1, states_now)[0]

    return np.moveaxis(both_ways(run, extended(x, padtype, edge), edge), -1, axis)
