"""What the text of scipy writes in arrays of any library by: `array_api_extra.at`, here a store in a copy."""

import sys

import numpy as np

from pycograd.core import REGISTRY, Traced
from pycograd.core.lazy import optional

from .families import arrayed, watches
from .writing import fresh

PLACES = "scipy._lib.array_api_extra", "scipy._external.array_api_extra"  # until scipy 1.17, and since
extra = optional(next((name for name in PLACES if name in sys.modules), PLACES[0]), "scipy")
UPDATES = {
    "set": lambda old, new: new,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.true_divide,
    "power": np.power,
    "min": np.minimum,
    "max": np.maximum,
}


class Updated:
    """`at(x, key)`: an element or part of `x` to be replaced."""

    def __init__(self, x, key=...):
        self.x, self.key = x, key

    def __getitem__(self, key):
        return Updated(self.x, key)


def updating(name, update):
    def replaced(self, y, /, copy=None, xp=None):
        if not watches((self.x, self.key, y)):
            return getattr(extra.at(self.x, self.key), name)(y, copy=copy, xp=xp)
        y = update(self.x[self.key], arrayed(y))
        if not np.ndim(self.x):
            return np.where(self.key, np.reshape(y, ()) if np.size(y) else self.x, self.x)
        stored = np.copy(self.x) if isinstance(self.x, Traced) else fresh(np.array(self.x))
        stored[self.key] = y
        return stored

    replaced.__name__ = name
    setattr(Updated, name, replaced)


for _name, _update in UPDATES.items():
    updating(_name, _update)
REGISTRY[extra.at] = Updated
