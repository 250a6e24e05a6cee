"""The witness: slopes by central differences along random directions, for inputs that are numbers, arrays or trees."""

import copy

import numpy as np

from as_it_stands.cases import objective

STEP = 1e-4  # relative; with the five-point formula truncation is about 1e-16 f'''''/f, rounding 1e-12
DIRECTIONS = 2


def is_number(x):
    """Whether `x` is a float or an array of floats: what a derivative can be asked of."""
    return isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def map_numbers(function, tree, *others):
    """`tree` with `function(number, *others)` in place of each of its numbers; the rest as it is."""
    if is_number(tree):
        return function(tree, *others)
    if isinstance(tree, dict):
        return {key: map_numbers(function, each, *[o[key] for o in others]) for key, each in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(map_numbers(function, *each) for each in zip(tree, *others))
    return tree


def numbers(tree):
    """Every number of the tree, in order."""
    found = []
    map_numbers(found.append, tree)
    return found


def watched(case):
    """The inputs that the gradient is asked of, as a tuple."""
    return tuple(case.inputs[i] for i in argnums(case))


def argnums(case):
    return (case.argnums,) if isinstance(case.argnums, int) else tuple(case.argnums)


def at(case, point):
    """The inputs of a call with `point` in place of the watched ones; copies, for the function may write on them."""
    inputs = list(copy.deepcopy(case.inputs))
    for i, each in zip(argnums(case), copy.deepcopy(point)):
        inputs[i] = each
    return inputs


def directions(case):
    """Random directions, each number scaled by its own size."""
    rng = np.random.default_rng(0)

    def direction(x):
        size = np.abs(x)
        scale = np.maximum(size, 0.1 * np.max(size, initial=0.0) or 1.0)
        out = rng.normal(size=np.shape(x)) * scale
        return out if isinstance(x, np.ndarray) else float(out)

    return [map_numbers(direction, watched(case)) for _ in range(DIRECTIONS)]


def slope(case, direction):
    """Derivative of the case's objective along `direction`, by the five-point formula."""
    f, start = objective(case), watched(case)

    def along(h):
        return float(f(*at(case, map_numbers(lambda x, d: x + h * d, start, direction))))

    near, far = along(STEP) - along(-STEP), along(2 * STEP) - along(-2 * STEP)
    return (8 * near - far) / (12 * STEP)


def product(gradient, direction):
    """Sum of gradient times direction; `gradient` lists one array (or None: nothing) for each number."""
    steps = numbers(direction)
    assert len(gradient) == len(steps)
    return sum(np.sum(np.asarray(g) * d) for g, d in zip(gradient, steps) if g is not None)


def reference(case):
    """(value, directions, slopes) of the plain function."""
    value = float(objective(case)(*copy.deepcopy(case.inputs)))
    along = directions(case)
    return value, along, [slope(case, d) for d in along]


def close(a, b, scale, rtol):
    """Whether `a` and `b` agree to `rtol` of themselves or of `scale`."""
    return abs(a - b) <= rtol * max(abs(a), abs(b), scale)
