"""Schedules: the learning rate as a function of the step, counted from 1.  Any function of one number is one too."""

import math
from dataclasses import dataclass

__all__ = ["constant_lr", "cosine_decay", "step_decay"]


@dataclass(frozen=True)
class constant_lr:
    """The learning rate `lr` at every step.

    >>> constant_lr(0.1)(1000)
    0.1
    """

    lr: float

    def __call__(self, step: int) -> float:
        return self.lr


@dataclass(frozen=True)
class step_decay:
    """The learning rate `lr0`, multiplied by `factor` after `every` steps: first at step `every + 1`.

    >>> [step_decay(1.0, 0.5, 2)(step) for step in (1, 2, 3, 5)]
    [1.0, 1.0, 0.5, 0.25]
    """

    lr0: float
    factor: float
    every: int

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"step_decay: every must be at least one step, not {self.every}")

    def __call__(self, step: int) -> float:
        return self.lr0 * self.factor ** ((step - 1) // self.every)


@dataclass(frozen=True)
class cosine_decay:
    """The learning rate from `lr0` to `min_lr`, which it has from step `total_steps` on, along half a cosine.

    Loshchilov & Hutter 2017, without restarts.

    >>> [round(cosine_decay(1.0, 4)(step), 3) for step in (0, 2, 4, 9)]
    [1.0, 0.5, 0.0, 0.0]
    """

    lr0: float
    total_steps: int
    min_lr: float = 0.0

    def __post_init__(self) -> None:
        if self.total_steps < 1:
            raise ValueError(f"cosine_decay: total_steps must be at least one, not {self.total_steps}")

    def __call__(self, step: int) -> float:
        left = 0.5 * (1 + math.cos(math.pi * min(step, self.total_steps) / self.total_steps))
        return self.min_lr + (self.lr0 - self.min_lr) * left
