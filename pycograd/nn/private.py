"""Training that hides each example: gradients clipped example by example, and noise (Abadi et al. 2016)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import is_ambient, told, tree_flatten, tree_unflatten
from pycograd.transforms import vmap
from pycograd.transforms.descent import like

from .optimizers import squared_norm

__all__ = ["clip_per_sample", "dp_sgd_step", "private_gradient"]


def clip_per_sample(grads: Any, max_norm: float) -> Any:
    """Gradients of many examples, along the first axis of each leaf, each example's scaled to a norm of at most
    `max_norm` over all leaves together.  None stays None.

    Raises ValueError unless `max_norm` is positive, and if the leaves have other numbers of examples.

    >>> clip_per_sample({"w": np.array([[3.0, 4.0], [0.3, 0.4]])}, 1.0)
    {'w': array([[0.6, 0.8],
           [0.3, 0.4]])}
    """
    if not max_norm > 0:
        raise ValueError(f"clip_per_sample: max_norm must be positive, not {max_norm}")
    leaves, structure = tree_flatten(grads)
    counts = {np.shape(g)[0] if np.shape(g) else 0 for g in leaves if g is not None}
    if len(counts) > 1:
        raise ValueError(
            told(
                f"clip_per_sample: gradients of {' and of '.join(map(str, sorted(counts)))} examples",
                fix="vmap(grad(loss, 0), in_axes=(None, 0))(params, x), whose first axis is that of the examples",
            )
        )
    norms = np.sqrt(sum([squared_norm(g, tuple(range(1, np.ndim(g)))) for g in leaves if g is not None], 0.0))
    scale = np.minimum(1.0, max_norm / np.maximum(norms, np.finfo(float).tiny))
    return tree_unflatten(
        structure,
        [g if g is None else like(g, g * np.reshape(scale, (-1, *[1] * (np.ndim(g) - 1)))) for g in leaves],
    )


def private_gradient(
    gradient: Callable[..., Any],
    *batch: Any,
    clip: float,
    noise: float,
    rng: np.random.Generator,
    expected: float | None = None,
) -> Any:
    """The mean over a batch of gradients that were clipped one by one, with Gaussian noise.

    gradient  one example -> its gradient, a tree: `lambda x, y: grad(loss, 0)(params, x, y)`, or
              `lambda x, y: weights.grad(loss, x, y)[1]`
    batch     arrays with one example per row, which vmap hands to it
    clip      the norm that each example's gradient is clipped to
    noise     the noise multiplier: the sum of the clipped gradients gets noise of standard deviation noise * clip
    rng       a numpy Generator; there is no global one
    expected  the size of a batch that the sum is divided by: its mean, where sizes are random; by default the real one
    See `dp_sgd_step` for what is private about it.

    >>> from pycograd import grad
    >>> x = np.array([1.0, 2.0, 30.0])
    >>> private_gradient(lambda x: grad(lambda w: w * x)(0.0)[0], x, clip=2.0, noise=0.0, rng=np.random.default_rng(0))
    np.float64(1.6666666666666667)
    """
    if not noise >= 0:
        raise ValueError(f"private_gradient: noise must not be negative, it is {noise}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            told(
                f"private_gradient: rng must be a numpy Generator, not a {type(rng).__name__}",
                fix="rng=np.random.default_rng()",
            )
        )
    each, structure = tree_flatten(clip_per_sample(vmap(gradient)(*batch), clip))
    if expected is None and not max(len(g) for g in each if g is not None):
        raise ValueError(
            told(
                "private_gradient: no examples, and no expected number of them",
                fix="expected=share * len(data), for batches drawn by Poisson sampling",
            )
        )
    return tree_unflatten(
        structure, [g if g is None else noisy(g, noise * clip, rng, expected) for g in each]
    )


def noisy(g: Any, deviation: float, rng: np.random.Generator, expected: float | None) -> Any:
    """The sum of `g` over its first axis, with noise, divided by the size of a batch."""
    total = np.sum(g, axis=0)
    return like(g, (total + deviation * rng.normal(size=np.shape(total))) / (expected or len(g)))


def dp_sgd_step(
    weights: Any,
    objective: Callable[..., Any],
    *batch: Any,
    opt: Any,
    clip: float,
    noise: float,
    rng: np.random.Generator,
    expected: float | None = None,
) -> None:
    """One step of `opt`, in place, along a private gradient: DP-SGD, Abadi et al. 2016, algorithm 1.

    objective  one example -> its loss, as `weights.grad` takes it
    batch      arrays with one example per row
    opt        an optimizer, or a learning rate; clip, noise, rng and expected as in `private_gradient`

    **What this gives.**  A change of one example changes the sum of the gradients by at most `clip`, and the noise of
    standard deviation noise * clip hides that.  After many steps the parameters are (epsilon, delta)-differentially
    private, with an epsilon that an accountant computes from `noise`, the share of the data in a batch, and the number
    of steps (Abadi et al. 2016; Mironov 2017); none is included here, so no epsilon is claimed.
    **What it needs of you.**  Draw each batch by Poisson sampling, every example with the same probability,
    independently: an accountant counts on it, shuffled batches have a weaker guarantee.  Let the loss of an example
    depend on that example alone: no batch normalization.  Give the `expected` size of a batch, since the real one is
    then secret.  Statistics of the data, a choice of hyperparameters on it, and losses that you look at, are
    not covered.  numpy's generators are not made for cryptography, nor is floating-point noise.

    >>> from pycograd import params
    >>> weights = params(w=np.zeros(2))
    >>> x = np.array([[1.0, 0.0], [0.0, 100.0]])
    >>> loss = lambda x: -np.sum(weights.w * x)
    >>> dp_sgd_step(weights, loss, x, opt=1.0, clip=1.0, noise=0.0, rng=np.random.default_rng(0))
    >>> weights.w
    Param(array([0.5, 0.5]))
    """
    tied = first_of_its_tie(weights)
    one = lambda *example: tied(weights.grad(objective, *example)[1])
    grads = private_gradient(one, *batch, clip=clip, noise=noise, rng=rng, expected=expected)
    weights.step(tied.back(grads), opt)


class first_of_its_tie:
    """Leaves out the gradients of all tied parameters but the first, which is theirs too; `back` puts them back.

    Their sum is one gradient, which counts once, and gets the same noise everywhere.
    """

    def __init__(self, weights: Any) -> None:
        first: dict[Any, int] = {}
        self.owner = [
            first.setdefault(id(p) if p.tie is None else p.tie, i) if is_ambient(p) else i
            for i, p in enumerate(tree_flatten(weights, whole=True)[0])
        ]

    def __call__(self, grads: Any) -> Any:
        leaves, structure = tree_flatten(grads)
        return tree_unflatten(structure, [g if self.owner[i] == i else None for i, g in enumerate(leaves)])

    def back(self, grads: Any) -> Any:
        leaves, structure = tree_flatten(grads)
        return tree_unflatten(structure, [leaves[i] for i in self.owner])
