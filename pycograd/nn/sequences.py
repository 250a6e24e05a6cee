"""Recurrent networks over a sequence: its inputs are multiplied by their weights all at once.

On plain arrays a whole sequence is one operation, whose backward pass walks back through time and at its end multiplies
the states by their cotangents all at once; every other mode takes one step of the cell after the other.
"""

import numpy as np

from pycograd.core import ShapeError, Traced, aval_of, result_dtype, shape_of, where
from pycograd.ops.families import arrayed
from pycograd.ops.softmax import floating

from .activations import squashed
from .fused import Text, fuse
from .recurrent import affine, beside, fits, gru_gates, lstm_gates, lstm_slopes, matches, part

__all__ = ["gru", "lstm", "rnn"]


# ---- time ----------------------------------------------------------------------------------------------------------
def at(x, t):
    """What `x`, (..., time, features), is at time `t`."""
    return x[..., t, :]


def over_time(step, xs, state):
    """step(x, state) -> (y, state) for each x of `xs`: all y, and the last state."""
    ys = []
    for t in range(shape_of(xs)[-2]):
        y, state = step(at(xs, t), state)
        ys.append(y)
    return np.stack(ys, axis=-2), state


def before_each(first, hs):
    """The state before each step, given the first and those after each."""
    return np.concatenate([first[..., None, :], hs[..., :-1, :]], axis=-2)


def weighed(states, cotangents):
    """The cotangent of a matrix that multiplied the `states`, whose products have these `cotangents`."""
    rows, columns = (np.reshape(x, (-1, shape_of(x)[-1])) for x in (states, cotangents))
    return np.matmul(np.transpose(rows), columns)


class Cotangents:
    """The cotangents of each step, walked backwards, in one array."""

    def __init__(self, shape, dtype):
        self.array, self.steps = np.empty(shape, dtype), []

    def add(self, t, g):
        if isinstance(g, Traced):
            self.steps.append(g)
        else:
            self.array[..., t, :] = g

    def all(self):
        return np.stack(self.steps[::-1], axis=-2) if self.steps else self.array


# ---- the plain recurrent network -----------------------------------------------------------------------------------
def rnn_text(xs, h, wh):
    def step(x, h):
        h = np.tanh(x + np.matmul(h, wh))
        return h, h

    return over_time(step, xs, h)[0]


def rnn_forward(xs, h, wh):
    first, hs = h, np.empty_like(xs)
    for t in range(xs.shape[-2]):
        h = h @ wh
        h += at(xs, t)
        hs[..., t, :] = h = np.tanh(h, h)
    return hs, (hs, first, wh)


def rnn_before(g, hs, first, wh):
    of_xs, of_h = Cotangents(hs.shape, hs.dtype), 0.0
    slopes = 1 - hs * hs
    for t in reversed(range(hs.shape[-2])):
        of_z = (at(g, t) + of_h) * at(slopes, t)
        of_xs.add(t, of_z)
        of_h = np.matmul(of_z, wh.T)
    return of_xs.all(), of_h, hs, first


rnn_scan = fuse(
    Text("rnn", rnn_text),
    rnn_forward,
    lambda g, of_xs, of_h, hs, first: of_xs,
    lambda g, of_xs, of_h, hs, first: of_h,
    lambda g, of_xs, of_h, hs, first: weighed(before_each(first, hs), of_xs),
    before=rnn_before,
)


def rnn(xs, h, wx, wh, b=None, activation=np.tanh):
    """`rnn_cell` over a sequence: (the states after each step, the last).

    xs  (..., time, inputs)
    h   (..., hidden), the state before, or None for zeros
    wx  (inputs, hidden), wh  (hidden, hidden), b  (hidden,) or None
    Returns arrays (..., time, hidden) and (..., hidden).  Raises ShapeError if the sizes differ.

    >>> hs, last = rnn(np.ones((3, 2)), None, np.ones((2, 1)), np.zeros((1, 1)))
    >>> hs.shape, last.shape
    ((3, 1), (1,))
    """
    xs, h, wh = prepared("rnn", xs, wx, b, wh, None, {"h": h}, 1)
    if activation is np.tanh:
        hs = rnn_scan(xs, h, wh)
    else:
        hs, _ = over_time(lambda x, h: (activation(x + np.matmul(h, wh)),) * 2, xs, h)
    return hs, at(hs, -1)


def prepared(function, xs, wx, b, wh, bh, states, parts):
    """xs wx + b, the states (zeros for None) and wh, checked; raises ShapeError naming the argument."""
    if len(shape_of(xs)) < 2 or not shape_of(xs)[-2]:
        raise ShapeError(
            f"{function}: xs of shape {shape_of(xs)}{where()}: it must be (..., time, inputs), with at least one time"
        )
    xs = affine(xs, wx, b, function, ("xs", "wx", "b" if parts != 3 else "bx"), parts)
    *lead, _, width = shape_of(xs)
    zeros = np.zeros((*lead, width // parts), aval_of(xs).dtype)
    found = [zeros if h is None else floating(h) for h in states.values()]
    for name, h in zip(states, found):
        matches(h, np.broadcast_to(0.0, (*lead, width)), function, name, parts)
    wh = arrayed(wh)
    fits(found[0], wh, bh, function, ("h", "wh", "bh"), parts)
    return of_one_dtype(xs, *found, wh)


def of_one_dtype(*arrays):
    """`arrays` in the precision that numpy gives what is computed from all of them."""
    dtype = result_dtype(*map(aval_of, arrays))
    return [x if aval_of(x).dtype == dtype else x.astype(dtype) for x in arrays]


# ---- GRU -----------------------------------------------------------------------------------------------------------
def gru_text(xs, h, wh, bh):
    def step(x, h):
        h = gru_gates(x, np.matmul(h, wh) + bh, h)
        return h, h

    return over_time(step, xs, h)[0]


def gru_forward(xs, h, wh, bh):
    size = h.shape[-1]
    first, hs, kept = h, np.empty((*xs.shape[:-1], size), xs.dtype), []
    with np.errstate(over="ignore"):
        for t in range(xs.shape[-2]):
            x, z = at(xs, t), h @ wh
            z += bh
            gates = z[..., : 2 * size] + x[..., : 2 * size]
            squashed(gates, gates)
            r, u, candidate = gates[..., :size], gates[..., size:], z[..., 2 * size :]
            n = r * candidate
            n += x[..., 2 * size :]
            np.tanh(n, n)
            kept.append((r, u, n, candidate, h))
            hs[..., t, :] = h = n + u * (h - n)
    return hs, (hs, first, wh, tuple(kept))


def gru_before(g, hs, first, wh, kept):
    width = (*hs.shape[:-1], 3 * hs.shape[-1])
    of_xs, of_zs, of_h = Cotangents(width, hs.dtype), Cotangents(width, hs.dtype), 0.0
    for t in reversed(range(hs.shape[-2])):
        r, u, n, candidate, h = kept[t]
        of_h = at(g, t) + of_h
        of_n = of_h * ((1 - u) * (1 - n * n))
        of_u = of_h * ((h - n) * (u * (1 - u)))
        of_r = of_n * (candidate * (r * (1 - r)))
        of_z = beside(of_r, of_u, of_n * r)
        of_xs.add(t, beside(of_r, of_u, of_n))
        of_zs.add(t, of_z)
        of_h = np.matmul(of_z, wh.T) + of_h * u
    return of_xs.all(), of_h, of_zs.all(), hs, first


gru_scan = fuse(
    Text("gru", gru_text),
    gru_forward,
    lambda g, of_xs, of_h, of_zs, hs, first: of_xs,
    lambda g, of_xs, of_h, of_zs, hs, first: of_h,
    lambda g, of_xs, of_h, of_zs, hs, first: weighed(before_each(first, hs), of_zs),
    lambda g, of_xs, of_h, of_zs, hs, first: of_zs,
    before=gru_before,
)


def gru(xs, h, wx, wh, bx=None, bh=None):
    """`gru_cell` over a sequence: (the states after each step, the last).

    xs  (..., time, inputs)
    h   (..., hidden), the state before, or None for zeros
    wx  (inputs, 3 * hidden), wh  (hidden, 3 * hidden), bx and bh  (3 * hidden,) or None: r, z, n side by side
    Returns arrays (..., time, hidden) and (..., hidden).  Raises ShapeError if the sizes differ.

    >>> hs, last = gru(np.ones((4, 2)), None, np.ones((2, 3)), np.ones((1, 3)))
    >>> hs.shape, bool(hs[-1] == last)
    ((4, 1), True)
    """
    xs, h, wh = prepared("gru", xs, wx, bx, wh, bh, {"h": h}, 3)
    bh = np.zeros(shape_of(wh)[1:], aval_of(wh).dtype) if bh is None else arrayed(bh)
    hs = gru_scan(*of_one_dtype(xs, h, wh, bh))
    return hs, at(hs, -1)


# ---- LSTM ----------------------------------------------------------------------------------------------------------
def lstm_text(xs, h, c, wh):
    def step(x, state):
        h, c = lstm_gates(x + np.matmul(state[0], wh), state[1])
        return h, (h, c)

    hs, (_, c) = over_time(step, xs, (h, c))
    return hs, c


def lstm_forward(xs, h, c, wh):
    size = h.shape[-1]
    first, hs, kept = h, np.empty((*xs.shape[:-1], size), xs.dtype), []
    with np.errstate(over="ignore"):
        for t in range(xs.shape[-2]):
            z = h @ wh
            z += at(xs, t)
            gates = squashed(z, np.empty_like(z))
            i, f, g, o = (gates[..., k * size : (k + 1) * size] for k in range(4))
            np.tanh(z[..., 2 * size : 3 * size], g)
            old, c = c, f * c
            c += i * g
            tanh = np.tanh(c)
            kept.append((gates, old, tanh))
            h = np.multiply(o, tanh, out=hs[..., t, :])
    return (hs, c), (hs, first, wh, tuple(kept))


def lstm_before(cotangents, hs, first, wh, kept):
    of_hs, of_c = cotangents
    of_c = 0.0 if of_c is None else of_c
    of_xs, of_h = Cotangents((*hs.shape[:-1], 4 * hs.shape[-1]), hs.dtype), 0.0
    for t in reversed(range(hs.shape[-2])):
        gates, c, tanh = kept[t]
        i, f, g, o = (part(gates, k, 4) for k in range(4))
        of_h = of_h if of_hs is None else at(of_hs, t) + of_h
        of_c = of_h * (o * (1 - tanh * tanh)) + of_c
        of_z = beside(of_c * g, of_c * c, of_c * i, of_h * tanh) * lstm_slopes(gates)
        of_xs.add(t, of_z)
        of_h, of_c = np.matmul(of_z, wh.T), of_c * f
    return of_xs.all(), of_h, of_c, hs, first


lstm_scan = fuse(
    Text("lstm", lstm_text),
    lstm_forward,
    lambda _, of_xs, of_h, of_c, hs, first: of_xs,
    lambda _, of_xs, of_h, of_c, hs, first: of_h,
    lambda _, of_xs, of_h, of_c, hs, first: of_c,
    lambda _, of_xs, of_h, of_c, hs, first: weighed(before_each(first, hs), of_xs),
    before=lstm_before,
)


def lstm(xs, state, wx, wh, b=None):
    """`lstm_cell` over a sequence: (h after each step, the last (h, c)).

    xs     (..., time, inputs)
    state  (h, c), each (..., hidden), or None for zeros
    wx     (inputs, 4 * hidden), wh  (hidden, 4 * hidden), b  (4 * hidden,) or None: i, f, g, o side by side
    Returns an array (..., time, hidden) and a pair of arrays (..., hidden).  Raises ShapeError if the sizes differ.

    >>> hs, (h, c) = lstm(np.ones((5, 2)), None, np.ones((2, 4)), np.ones((1, 4)))
    >>> hs.shape, h.shape
    ((5, 1), (1,))
    """
    h, c = (None, None) if state is None else state
    xs, h, c, wh = prepared("lstm", xs, wx, b, wh, None, {"h": h, "c": c}, 4)
    hs, c = lstm_scan(xs, h, c, wh)
    return hs, (at(hs, -1), c)
