"""Recurrent cells: the plain one, GRU, LSTM, one step at a time; `sequences.py` has them over a sequence.

The parts of a weight matrix lie side by side in the order that is written at each cell, which is PyTorch's; a matrix
is (inputs, outputs), the transpose of PyTorch's.
"""

import numpy as np

from pycograd.core import ShapeError, shape_of, where
from pycograd.ops.families import arrayed
from pycograd.ops.softmax import floating

from .activations import sigmoid_
from .fused import Text, fuse

__all__ = ["gru_cell", "lstm_cell", "rnn_cell"]


# ---- parts side by side --------------------------------------------------------------------------------------------
def part(x, i, n):
    """Part `i` of the `n` that lie side by side along the last axis."""
    size = shape_of(x)[-1] // n
    return x[..., i * size : (i + 1) * size]


def beside(*parts):
    return np.concatenate(parts, axis=-1)


def affine(x, w, b, function, names, parts):
    """x @ w + b, checked: `w` has `parts` parts.  `names` are those of the three arguments."""
    x, w = floating(x), arrayed(w)
    fits(x, w, b, function, names, parts)
    y = np.matmul(x, w)
    return y if b is None else y + b


def fits(x, w, b, function, names, parts):
    """Raise ShapeError if `x`, `w` and `b` do not go together."""
    (x_name, w_name, b_name), inputs, weights = names, shape_of(x), shape_of(w)
    if len(weights) != 2 or not inputs or inputs[-1] != weights[0] or weights[1] % parts:
        rows = "hidden" if x_name == "h" else "inputs"
        columns = "hidden" if parts == 1 else f"{parts} * hidden"
        raise ShapeError(
            f"{function}: {x_name} of shape {inputs} and {w_name} of shape {weights}{where()}: {w_name} must be "
            f"({rows}, {columns}), and the last axis of {x_name} as long as its rows"
        )
    if b is not None and shape_of(b) != weights[1:]:
        raise ShapeError(
            f"{function}: {b_name} of shape {shape_of(b)} and {w_name} of shape {weights}{where()}: {b_name} must be "
            f"of shape {weights[1:]}"
        )


def matches(state, x, function, name, parts):
    """Raise ShapeError if the `state` does not go with `x`, which has `parts` parts of its size."""
    size = (*shape_of(x)[:-1], shape_of(x)[-1] // parts)
    if shape_of(state) != size:
        raise ShapeError(
            f"{function}: {name} of shape {shape_of(state)}{where()}: the inputs and their weights ask for a state of "
            f"shape {size}"
        )


# ---- the plain recurrent network -----------------------------------------------------------------------------------
def rnn_cell(x, h, wx, wh, b=None, activation=np.tanh):
    """activation(x wx + h wh + b): one step of the plain recurrent network (Elman 1990).

    x   (..., inputs)
    h   (..., hidden), the state
    wx  (inputs, hidden), wh  (hidden, hidden), b  (hidden,) or None
    Returns the new state.  Raises ShapeError if the sizes differ.

    >>> rnn_cell(np.ones(2), np.zeros(1), np.array([[1.0], [-1.0]]), np.ones((1, 1)))
    array([0.])
    """
    z = affine(x, wx, b, "rnn_cell", ("x", "wx", "b"), 1)
    matches(h, z, "rnn_cell", "h", 1)
    return activation(z + affine(h, wh, None, "rnn_cell", ("h", "wh", ""), 1))


# ---- GRU -----------------------------------------------------------------------------------------------------------
def gru_text(x, of_h, h):
    """The new state, given the parts r, z, n of x wx + bx and of h wh + bh."""
    r = sigmoid_.call(part(x, 0, 3) + part(of_h, 0, 3))
    z = sigmoid_.call(part(x, 1, 3) + part(of_h, 1, 3))
    n = np.tanh(part(x, 2, 3) + r * part(of_h, 2, 3))
    return n + z * (h - n)


def gru_forward(x, of_h, h):
    size = h.shape[-1]
    gates = sigmoid_.impl(x[..., : 2 * size] + of_h[..., : 2 * size])
    r, z = gates[..., :size], gates[..., size:]
    candidate = of_h[..., 2 * size :]
    n = np.tanh(x[..., 2 * size :] + r * candidate)
    return n + z * (h - n), (r, z, n, candidate, h)


def gru_before(g, r, z, n, candidate, h):
    """The cotangents of the parts, before the last is multiplied by r."""
    of_n = g * (1 - z) * (1 - n * n)
    of_z = g * (h - n) * (z * (1 - z))
    of_r = of_n * candidate * (r * (1 - r))
    return of_r, of_z, of_n, r, z


gru_gates = fuse(
    Text("gru_gates", gru_text),
    gru_forward,
    lambda g, of_r, of_z, of_n, r, z: beside(of_r, of_z, of_n),
    lambda g, of_r, of_z, of_n, r, z: beside(of_r, of_z, of_n * r),
    lambda g, of_r, of_z, of_n, r, z: g * z,
    before=gru_before,
)


def gru_cell(x, h, wx, wh, bx=None, bh=None):
    """One step of a gated recurrent unit, with gates in the order r (reset), z (update), n (new).

    x   (..., inputs)
    h   (..., hidden), the state
    wx  (inputs, 3 * hidden), wh  (hidden, 3 * hidden), bx and bh  (3 * hidden,) or None
    r, z = sigmoid(x wx + bx + h wh + bh); n = tanh(x wx + bx + r * (h wh + bh)); the new state is (1 - z) n + z h.
    Raises ShapeError if the sizes differ.  Cho et al., arXiv:1406.1078, with r after the product, as in PyTorch.

    >>> gru_cell(np.ones(1), np.ones(1), np.zeros((1, 3)), np.zeros((1, 3)))
    array([0.5])
    """
    h = floating(h)
    of_x = affine(x, wx, bx, "gru_cell", ("x", "wx", "bx"), 3)
    matches(h, of_x, "gru_cell", "h", 3)
    return gru_gates(of_x, affine(h, wh, bh, "gru_cell", ("h", "wh", "bh"), 3), h)


# ---- LSTM ----------------------------------------------------------------------------------------------------------
def lstm_text(z, c):
    """The new h and c, given the parts i, f, g, o of x wx + h wh + b."""
    i, f, o = (sigmoid_.call(part(z, k, 4)) for k in (0, 1, 3))
    c = f * c + i * np.tanh(part(z, 2, 4))
    return o * np.tanh(c), c


def lstm_forward(z, c):
    size = c.shape[-1]
    gates = sigmoid_.impl(z)
    gates[..., 2 * size : 3 * size] = np.tanh(z[..., 2 * size : 3 * size])
    i, f, g, o = (gates[..., k * size : (k + 1) * size] for k in range(4))
    new = f * c + i * g
    t = np.tanh(new)
    return (o * t, new), (gates, c, t)


def lstm_slopes(gates):
    """The slope of each part of the gates in its argument."""
    size = gates.shape[-1] // 4
    slopes = 1 - gates
    slopes *= gates
    g = gates[..., 2 * size : 3 * size]
    np.subtract(1, g * g, out=slopes[..., 2 * size : 3 * size])
    return slopes


def lstm_before(cotangents, gates, c, t):
    """The cotangents of the parts and of c."""
    of_h, of_c = (0.0 if g is None else g for g in cotangents)
    i, f, g, o = (part(gates, k, 4) for k in range(4))
    of_c = of_h * (o * (1 - t * t)) + of_c
    return beside(of_c * g, of_c * c, of_c * i, of_h * t) * lstm_slopes(gates), of_c * f


lstm_gates = fuse(
    Text("lstm_gates", lstm_text),
    lstm_forward,
    lambda _, of_z, of_c: of_z,
    lambda _, of_z, of_c: of_c,
    before=lstm_before,
)


def lstm_cell(x, state, wx, wh, b=None):
    """One step of a long short-term memory, with gates in the order i (input), f (forget), g (cell), o (output).

    x      (..., inputs)
    state  (h, c), each (..., hidden)
    wx     (inputs, 4 * hidden), wh  (hidden, 4 * hidden), b  (4 * hidden,) or None
    i, f, o = sigmoid(x wx + h wh + b), g = tanh(x wx + h wh + b); the new c is f c + i g, the new h is o tanh(c).
    Returns the new (h, c).  Raises ShapeError if the sizes differ.  Hochreiter and Schmidhuber 1997; Gers et al. 2000.

    >>> h, c = lstm_cell(np.ones(1), (np.zeros(1), np.ones(1)), np.zeros((1, 4)), np.zeros((1, 4)))
    >>> c
    array([0.5])
    """
    h, c = map(floating, state)
    z = affine(x, wx, b, "lstm_cell", ("x", "wx", "b"), 4)
    matches(h, z, "lstm_cell", "h", 4)
    matches(c, z, "lstm_cell", "c", 4)
    return lstm_gates(z + affine(h, wh, None, "lstm_cell", ("h", "wh", ""), 4), c)
