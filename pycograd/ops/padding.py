"""`np.pad`: axis by axis, what stands before and behind is computed and joined to the array."""

import numpy as np

from pycograd.core import Aval, shape_of, without_tape

from .families import arrayed, composite, linear, no_rule, rank


def inside(shape, width):
    return tuple([slice(before, before + n) for n, (before, _) in zip(shape, width, strict=True)])


def unpad(g, x_shape, *, width):
    return g[inside(x_shape, width)]


def padded(shape, width):
    return tuple([n + before + after for n, (before, after) in zip(shape, width, strict=True)])


def with_zeros(x, *, width):
    out = np.zeros(padded(shape_of(x), width), np.result_type(x))
    out[inside(shape_of(x), width)] = x
    return out


pad_ = linear(
    with_zeros,
    unpad,
    batch=lambda prim, xs, batched, params: prim.call(xs[0], width=((0, 0), *params["width"])),
    shape=lambda x, *, width: Aval(padded(x.shape, width), np.dtype(x.dtype)),
    name="pad",
)

STATISTICS = {"mean": np.mean, "median": np.median, "maximum": np.max, "minimum": np.min}
KEYWORDS = {
    "constant": {"constant_values": 0}, "linear_ramp": {"end_values": 0}, "edge": {}, "wrap": {}, "empty": {},
    "reflect": {"reflect_type": "even"}, "symmetric": {"reflect_type": "even"},
    **{mode: {"stat_length": None} for mode in STATISTICS},
}  # fmt: skip


@composite(np.pad)
def pad(array, pad_width, mode="constant", **kwargs):
    """`np.pad` in every mode that numpy names."""
    array = arrayed(array)
    if callable(mode):
        raise no_rule(np.pad, "mode=function")
    if mode not in KEYWORDS:
        raise ValueError(f"mode '{mode}' is not supported")
    unknown = set(kwargs) - set(KEYWORDS[mode])
    if unknown:
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {unknown}")
    width = widths(without_tape(pad_width), rank(array))
    (setting,) = {**KEYWORDS[mode], **kwargs}.values() or (None,)
    zeros = mode == "empty" or mode == "constant" and type(setting) in (int, float) and setting == 0
    if zeros:
        return pad_.call(array, width=width)
    settings = [setting] * rank(array) if mode in ("reflect", "symmetric") else pairs(setting, rank(array))
    for axis, ((before, after), own) in enumerate(zip(width, settings, strict=True)):
        if (before or after) and not shape_of(array)[axis] and mode != "constant":
            raise ValueError(f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'")
        if before or after:
            array = MODES[mode](array, axis, before, after, mode, own)
    return array


def widths(pad_width, ndim):
    """`pad_width` in any of numpy's forms as a pair for each axis."""
    if isinstance(pad_width, dict):
        by_axis = [(0, 0)] * ndim
        for axis, w in pad_width.items():
            by_axis[axis] = w if isinstance(w, tuple) else (w, w)
        pad_width = by_axis
    pad_width = np.asarray(pad_width)
    if pad_width.dtype.kind != "i":
        raise TypeError("`pad_width` must be of integral type.")
    if pad_width.size and pad_width.min() < 0:
        raise ValueError("index can't contain negative values")
    return tuple([(int(a), int(b)) for a, b in np.broadcast_to(pad_width, (ndim, 2))])


def pairs(setting, ndim):
    """A setting of one side of one axis, in any of numpy's forms, as a pair for each axis."""
    if setting is None:
        return [(None, None)] * ndim
    return [(both[0], both[1]) for both in np.broadcast_to(arrayed(setting), (ndim, 2))]


def key(axis, start, stop, step=None):
    return (slice(None),) * axis + (slice(start, stop, step),)


def filled(value, array, axis, n):
    """`value` stretched to `n` places along `axis` of `array`, in its dtype."""
    shape = shape_of(array)
    return np.broadcast_to(value, (*shape[:axis], n, *shape[axis + 1 :])).astype(array.dtype)


def with_constant(array, axis, before, after, mode, values):
    return np.concatenate(
        (filled(values[0], array, axis, before), array, filled(values[1], array, axis, after)), axis
    )


def with_ramp(array, axis, before, after, mode, values):
    first, last = array[key(axis, 0, 1)], array[key(axis, -1, None)]
    rise = ramp(values[0], first, before, axis)
    fall = np.flip(ramp(values[1], last, after, axis), axis)
    return np.concatenate((rise, array, fall), axis)


def ramp(end, edge, n, axis):
    return np.linspace(end, np.squeeze(edge, axis), n, endpoint=False, dtype=edge.dtype, axis=axis)


def with_statistic(array, axis, before, after, mode, lengths):
    n = shape_of(array)[axis]
    left, right = (n if length is None or length > n else int(length) for length in lengths)
    if 0 in (left, right) and mode in ("maximum", "minimum"):
        raise ValueError("stat_length of 0 yields no value for padding")
    low = statistic(array[key(axis, 0, left)], axis, mode)
    high = low if left == right == n else statistic(array[key(axis, n - right, None)], axis, mode)
    return np.concatenate((filled(low, array, axis, before), array, filled(high, array, axis, after)), axis)


def statistic(part, axis, mode):
    value = STATISTICS[mode](part, axis=axis, keepdims=True)
    return np.rint(value) if part.dtype.kind in "iu" else value


def with_copies(array, axis, before, after, mode, reflect_type):
    """Parts of the array again: which, numpy says of the array 0, 1, ..., n - 1."""
    n = shape_of(array)[axis]
    if reflect_type == "odd" and not (n == 1 and mode == "reflect"):
        return with_odd_reflection(array, axis, before, after, mode)
    places = np.pad(np.arange(n), (before, after), mode)
    head, tail = places[:before], places[before + n :]
    where = (slice(None),) * axis
    return np.concatenate((array[(*where, head)], array, array[(*where, tail)]), axis)


def with_odd_reflection(array, axis, before, after, mode):
    """Each side mirrored at its edge in position and in value, as often as it takes."""
    array = np.flip(reflected(np.flip(array, axis), axis, after, mode), axis) if after else array
    n = shape_of(array)[axis] - after
    tail = array[key(axis, n, None)]
    head = reflected(array[key(axis, 0, n)], axis, before, mode)
    return np.concatenate((head, tail), axis)


def reflected(array, axis, n, mode):
    """`array` with `n` places before it, mirrored at the edge."""
    skip = 1 if mode == "reflect" else 0
    while n:
        take = min(n, shape_of(array)[axis] - skip)
        chunk = np.flip(array[key(axis, skip, skip + take)], axis)
        array, n = np.concatenate((2 * array[key(axis, 0, 1)] - chunk, array), axis), n - take
    return array


MODES = {
    "constant": with_constant, "linear_ramp": with_ramp, "edge": with_copies, "wrap": with_copies,
    "reflect": with_copies, "symmetric": with_copies, **dict.fromkeys(STATISTICS, with_statistic),
}  # fmt: skip
