"""Training: gradients of a model as it stands, per-example gradients, and the checks on both."""

import numpy as np

from pycograd import grad, tree_leaves, tree_map, value_and_grad, vmap
from pycograd.examples.progress import progress


def minibatches(data, size, epochs, rng):
    """(x, y) of `size` examples at a time, reshuffled each epoch; a last, smaller batch is left out."""
    for _ in range(epochs):
        order = rng.permutation(len(data.y))
        for start in range(0, len(order) - size + 1, size):
            rows = order[start : start + size]
            yield data.x[rows], data.y[rows]


def descend(params, grads, rate):
    """One step of gradient descent."""
    return tree_map(lambda p, g: p - rate * g, params, grads)


def train(label, loss, params, batches, rate):
    """Parameters after a step of gradient descent on each of `batches`."""
    value_and_gradient = value_and_grad(loss, argnums=0)
    with progress(label, len(batches)) as advance:
        for x, y in batches:
            value, grads = value_and_gradient(params, x, y)
            params = descend(params, grads, rate)
            advance(value)
    return params


def train_by(label, loss, params, batches, opt):
    """Parameters after a step of the optimizer `opt` on each of `batches`, tuples of what `loss` takes after them."""
    value_and_gradient = value_and_grad(loss, argnums=0)
    with progress(label, len(batches)) as advance:
        for batch in batches:
            value, grads = value_and_gradient(params, *batch)
            params = opt.step(params, grads)
            advance(value)
    return params


def per_example(loss):
    """The function (params, x, y) -> the gradient of each example, stacked along axis 0 of every leaf."""

    def loss_of_one(params, x, y):
        return loss(params, x[None], y[None])

    return vmap(grad(loss_of_one, argnums=0), in_axes=(None, 0, 0))


def norms(grads):
    """The norm of each example's gradient, over all parameters."""
    return np.sqrt(sum(np.sum(g.reshape(len(g), -1) ** 2, axis=1) for g in tree_leaves(grads)))


def clip(grads, limit):
    """Each example's gradient, scaled down to the norm `limit` if it is longer."""
    scale = np.minimum(1.0, limit / (norms(grads) + 1e-12))
    return tree_map(lambda g: g * scale.reshape(-1, *[1] * (g.ndim - 1)), grads)


def train_clipped(label, loss, params, batches, rate, limit):
    """Like `train`, each example's gradient clipped to the norm `limit`; also the share that was."""
    gradients, clipped = per_example(loss), []
    with progress(label, len(batches)) as advance:
        for x, y in batches:
            grads = gradients(params, x, y)
            clipped.append(np.mean(norms(grads) > limit))
            mean = tree_map(lambda g: np.mean(g, axis=0), clip(grads, limit))
            params = descend(params, mean, rate)
            advance(loss(params, x, y))
    return params, np.mean(clipped)


def finite_difference_errors(loss, params, x, y, rng, step=1e-5):
    """The relative error of each parameter's gradient against a central difference in a random direction."""
    (grads,) = grad(lambda p: loss(p, x, y))(params)
    errors = {}
    for name, value in params.items():
        direction = rng.normal(size=np.shape(value))
        high = loss(params | {name: value + step * direction}, x, y)
        low = loss(params | {name: value - step * direction}, x, y)
        expected, found = (high - low) / (2 * step), np.sum(grads[name] * direction)
        errors[name] = float(abs(expected - found) / (abs(expected) + 1e-6))
    return errors


def per_example_error(loss, params, x, y):
    """The largest difference of the mean of the per-example gradients from the gradient of the mean."""
    (whole,) = grad(lambda p: loss(p, x, y))(params)
    each = per_example(loss)(params, x, y)
    pairs = zip(tree_leaves(whole), tree_leaves(each), strict=True)
    return float(max(np.max(np.abs(w - np.mean(e, axis=0))) for w, e in pairs))
