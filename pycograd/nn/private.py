"""Training that hides each example: gradients clipped example by example, and noise (Abadi et al. 2016)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import LossError, is_ambient, told, tree_flatten, tree_unflatten
from pycograd.core.traced import finite
from pycograd.transforms import vmap
from pycograd.transforms.descent import like

from .clipping import clip_per_sample

__all__ = ["dp_sgd_step", "private_gradient"]


def private_gradient(
    gradient: Callable[..., Any],
    *batch: Any,
    clip: float,
    noise: float,
    rng: Any,
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
    Raises LossError, a FloatingPointError, if the gradient of an example is nan or infinite.
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
    refuse_infinite(each)
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


def refuse_infinite(each: list[Any]) -> None:
    """Raise LossError if an example has a gradient that is not finite, which no noise would hide."""
    if all([g is None or finite(g) for g in each]):
        return
    rows = [~np.isfinite(g).reshape(len(g), -1).all(axis=1) for g in each if g is not None]
    raise LossError(
        told(
            f"the gradient of example {int(np.argmax(np.any(rows, axis=0)))} is not finite",
            "nothing was changed; which example it is, is not private",
            fix="a smaller learning rate, or a loss that is finite for every example",
        )
    )


def noisy(g: Any, deviation: float, rng: Any, expected: float | None) -> Any:
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
    rng: Any,
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
