"""Random numbers as pure functions of a key; see `pycograd.nn.random`.

>>> from pycograd import random
>>> first, second = random.split(random.key(0))
>>> random.uniform(first, (2, 3)).shape
(2, 3)
"""

from .nn.random import bernoulli as bernoulli
from .nn.random import fold_in as fold_in
from .nn.random import key as key
from .nn.random import normal as normal
from .nn.random import randint as randint
from .nn.random import split as split
from .nn.random import uniform as uniform

__all__ = ["bernoulli", "fold_in", "key", "normal", "randint", "split", "uniform"]
