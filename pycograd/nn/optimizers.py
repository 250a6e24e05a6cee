"""Optimizers: how far to go along a gradient.

A step is a function of parameters and gradients to new parameters; only what an optimizer remembers of earlier steps,
its `slots`, is its own: one dict of arrays per leaf.  A rule is written for one leaf, in plain numpy.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from pycograd.core import (
    aval_of,
    is_ambient,
    shape_of,
    told,
    tree_flatten,
    tree_unflatten,
)
from pycograd.transforms import Grads
from pycograd.transforms.descent import downhill, like, misfit, outlined

from .parameters import is_numeric

__all__ = ["SGD", "Adam", "AdamW", "Lion", "Momentum", "Optimizer", "RMSProp", "matched", "optimizer_of"]

Schedule = float | Callable[[int], float]
Slot = dict[str, Any]


class Optimizer:
    """What optimizers have in common; on its own, plain gradient descent.

    lr  the learning rate: a number, or a function of the step, counted from 1
    t   how many steps were taken

    >>> opt = Optimizer(0.5)
    >>> opt.step({"w": 1.0}, {"w": 2.0}), opt.t
    ({'w': 0.0}, 1)
    """

    def __init__(self, lr: Schedule) -> None:
        if not callable(lr) and not (is_numeric(lr) and shape_of(lr) == ()):
            raise TypeError(
                told(
                    f"{type(self).__name__}: the learning rate is a number, or a function of the step, not {shown(lr)}",
                    fix=f"{type(self).__name__}(0.1), or {type(self).__name__}(cosine_decay(0.1, steps))",
                )
            )
        self.lr, self.t = lr, 0
        self.slots: list[Slot] | None = None
        self._structure: Any = None

    def step(self, params: Any, grads: Any) -> Any:
        """New parameters, one step along `grads`: a tree of the same structure, with None for what is not trained.

        A `Param` holds the new value, and is left alone if it is frozen; a leaf keeps its dtype.
        Raises ValueError if the structures or shapes differ, from each other or from those of the last step.
        """
        xs, gs, structure = matched(f"{type(self).__name__}.step", params, grads)
        self.begin(len(xs), structure)
        self.t += 1
        new = self.move(xs, gs)
        return tree_unflatten(structure, new)

    def begin(self, count: int, structure: Any) -> None:
        """Make the slots, at the first step."""
        if self.slots is None:
            self.slots, self._structure = [{} for _ in range(count)], structure
        elif len(self.slots) != count or self._structure not in (None, structure):
            raise ValueError(
                told(
                    f"{type(self).__name__}.step: the parameters have another structure than at the step before",
                    fix="an optimizer for each set of parameters",
                )
            )

    def move(self, xs: list[Any], gs: list[Any]) -> list[Any]:
        """The new leaves, given the old ones and their gradients."""
        rate, found = self.rate(), []
        assert self.slots is not None
        for x, g, slot in zip(xs, gs, self.slots, strict=True):
            if g is None:
                found.append(x)
                continue
            value = x.current() if is_ambient(x) else x
            new = like(value, self.rule(wide(value), downhill(wide(g)), slot, rate))
            found.append(x.holding(new) if is_ambient(x) else new)
        return found

    def rate(self) -> Any:
        """The learning rate of this step."""
        rate = self.lr(self.t) if callable(self.lr) else self.lr
        return float(rate) if isinstance(rate, np.generic) else rate

    def rule(self, x: Any, g: Any, slot: Slot, lr: Any) -> Any:
        """The new value of a leaf `x` with the gradient `g`."""
        return x - lr * g

    def __repr__(self) -> str:
        said = {k: v for k, v in vars(self).items() if k not in ("slots", "t") and not k.startswith("_")}
        return f"{type(self).__name__}({', '.join([f'{k}={v!r}' for k, v in said.items()])})"


def optimizer_of(what: str, given: Any) -> Any:
    """`given` as an optimizer, plain gradient descent for a learning rate; raises TypeError, in the name of `what`."""
    if isinstance(given, type) and hasattr(given, "step"):
        raise TypeError(
            told(f"{what}: {given.__name__} is a class of optimizers, not one", fix=f"{given.__name__}()")
        )
    if hasattr(given, "step"):
        return given
    if not callable(given) and not is_numeric(given):
        raise TypeError(
            told(
                f"{what} takes an optimizer, or a learning rate, not {shown(given)}",
                fix="Adam(), SGD(0.1), or 0.1",
            )
        )
    return Optimizer(given)


def shown(x: Any) -> str:
    """`x` in an error: an array by its type, everything else as it prints."""
    return f"{aval_of(x)}" if hasattr(x, "dtype") and shape_of(x) else repr(x)


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for (Polyak 1964; Nesterov 1983), as PyTorch has it.

    momentum      the share of the last direction that is kept
    weight_decay  adds weight_decay * x to the gradient
    nesterov      looks ahead along the direction
    Raises ValueError for `nesterov` without momentum.

    >>> SGD(0.1, momentum=0.9).step([1.0], [1.0])
    [0.9]
    """

    def __init__(
        self, lr: Schedule = 0.1, momentum: float = 0, weight_decay: float = 0, nesterov: bool = False
    ) -> None:
        if nesterov and not momentum:
            raise ValueError(
                told("SGD: nesterov looks ahead along the momentum, and there is none", fix="momentum=0.9")
            )
        super().__init__(lr)
        self.momentum, self.weight_decay, self.nesterov = momentum, weight_decay, nesterov

    def rule(self, x: Any, g: Any, slot: Slot, lr: Any) -> Any:
        if self.weight_decay:
            g = g + self.weight_decay * x
        if not self.momentum:
            return x - lr * g
        direction = slot["direction"] = self.momentum * slot["direction"] + g if slot else g
        return x - lr * (g + self.momentum * direction if self.nesterov else direction)


class Momentum(SGD):
    """Gradient descent with momentum: `SGD` with another default.

    >>> Momentum().momentum
    0.9
    """

    def __init__(
        self, lr: Schedule = 0.1, momentum: float = 0.9, weight_decay: float = 0, nesterov: bool = False
    ) -> None:
        super().__init__(lr, momentum, weight_decay, nesterov)


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015): steps of about `lr` in each element, whatever the scale of its gradient.

    betas         how much of the mean of the gradients, and of their squares, is kept
    eps           added to the root of the mean of squares
    weight_decay  adds weight_decay * x to the gradient; see `AdamW`

    >>> round(Adam(0.1).step(1.0, 3.0), 6)
    0.9
    """

    def __init__(
        self,
        lr: Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(lr)
        self.betas, self.eps, self.weight_decay = checked_betas(type(self).__name__, betas), eps, weight_decay

    def rule(self, x: Any, g: Any, slot: Slot, lr: Any) -> Any:
        if self.weight_decay:
            g = g + self.weight_decay * x
        return x - self.move_of(g, slot, lr)

    def move_of(self, g: Any, slot: Slot, lr: Any) -> Any:
        """The mean of the gradients over the root of the mean of their squares, both without the bias of the start."""
        a, b = self.betas
        mean, squares = running_mean(slot, "mean", a, g), running_mean(slot, "squares", b, squared(g))
        rate, root = lr / (1 - a**self.t), (1 - b**self.t) ** -0.5
        return rate * mean / (root * np.sqrt(squares) + self.eps)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019): x shrinks by lr * weight_decay * x at each step.

    >>> AdamW(0.1, weight_decay=0.5).step(1.0, 0.0)
    0.95
    """

    def __init__(
        self,
        lr: Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay)

    def rule(self, x: Any, g: Any, slot: Slot, lr: Any) -> Any:
        return x * (1 - lr * self.weight_decay) - self.move_of(g, slot, lr)


class RMSProp(Optimizer):
    """Gradients over the root of the mean of their squares (Tieleman & Hinton 2012), as PyTorch has it.

    decay     how much of the mean of squares is kept
    centered  takes the square of the mean off it, which leaves the variance

    >>> round(RMSProp(0.1, decay=0.0).step(1.0, 3.0), 6)
    0.9
    """

    def __init__(
        self,
        lr: Schedule = 1e-2,
        decay: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
    ) -> None:
        super().__init__(lr)
        self.decay, self.eps, self.weight_decay = decay, eps, weight_decay
        self.momentum, self.centered = momentum, centered

    def rule(self, x: Any, g: Any, slot: Slot, lr: Any) -> Any:
        if self.weight_decay:
            g = g + self.weight_decay * x
        mean = running_mean(slot, "squares", self.decay, squared(g))
        if self.centered:
            mean = mean - squared(running_mean(slot, "mean", self.decay, g))
        direction = g / (np.sqrt(mean) + self.eps)
        if self.momentum:
            direction = slot["direction"] = self.momentum * slot.get("direction", 0.0) + direction
        return x - lr * direction


class Lion(Optimizer):
    """Lion (Chen et al. 2023): steps of exactly `lr` in each element, by the sign of a mean of gradients.

    betas         how much of that mean is kept for the sign, and for the next step
    weight_decay  decoupled: x shrinks by lr * weight_decay * x
    A third of the learning rate of Adam, and three times its weight decay, is where to start.

    >>> Lion(0.1).step(1.0, 3.0)
    0.9
    """

    def __init__(
        self, lr: Schedule = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0
    ) -> None:
        super().__init__(lr)
        self.betas, self.weight_decay = checked_betas("Lion", betas), weight_decay

    def rule(self, x: Any, g: Any, slot: Slot, lr: Any) -> Any:
        a, b = self.betas
        mean = slot.get("mean", 0.0)
        running_mean(slot, "mean", b, g)
        return x * (1 - lr * self.weight_decay) - lr * np.sign(a * mean + (1 - a) * g)


def running_mean(slot: Slot, name: str, share: Any, x: Any) -> Any:
    """The mean that `slot` keeps by this name, which starts from zero: a share of the last one, and the rest `x`."""
    mean = slot[name] = share * slot[name] + (1 - share) * x if name in slot else (1 - share) * x
    return mean


def squared(g: Any) -> Any:
    """|g|^2, element by element."""
    return g * g if np.dtype(aval_of(g).dtype).kind != "c" else np.real(g * np.conj(g))


def checked_betas(name: str, betas: tuple[float, float]) -> tuple[float, float]:
    a, b = betas
    if not (0 <= a < 1 and 0 <= b < 1):
        raise ValueError(
            told(
                f"{name}: betas={betas} are shares, from 0 up to but not including 1",
                fix="betas=(0.9, 0.999)",
            )
        )
    return a, b


def wide(x: Any) -> Any:
    """`x`, in single precision if it is in half: the sums that optimizers keep would lose what is added."""
    dtype = aval_of(x).dtype
    return x.astype(np.float32) if not isinstance(dtype, type) and dtype.itemsize == 2 else x


# ---- trees of gradients ---------------------------------------------------------------------------------------------
def matched(what: str, params: Any, grads: Any) -> tuple[list[Any], list[Any], Any]:
    """The leaves of `params`, parameters whole, the gradient of each or None, and the structure.

    Raises ValueError, in the name of `what`, if the trees do not match.
    """
    xs, structure = tree_flatten(params, whole=True)
    gs, other = tree_flatten(tuple(grads) if isinstance(grads, Grads) else grads, whole=True)
    if structure != other:
        raise ValueError(
            told(
                f"{what}: the gradients have another structure than the parameters",
                f"the parameters are {outlined(params)}",
                f"the gradients are {outlined(grads)}",
                fix="the tree that grad(f, argnums=0) returns for these parameters"
                if isinstance(grads, Grads)
                else "a tree with one gradient for each parameter, None where nothing is trained",
            )
        )
    for i, (x, g) in enumerate(zip(xs, gs, strict=True)):
        if is_ambient(g):
            gs[i] = g = g.current()
        if g is None or getattr(x, "trainable", True) is False:
            gs[i] = None
        elif shape_of(x) != shape_of(g):
            raise misfit(what, params, i, x, g)
    return xs, gs, structure
