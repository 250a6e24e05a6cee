"""Real data that scikit-learn ships (no download): standardised, and a part of it held out."""

from typing import NamedTuple

import numpy as np

from pycograd.core.lazy import optional


class Data(NamedTuple):
    """Inputs (n, features) and labels (n,), for training and held out."""

    x: np.ndarray
    y: np.ndarray
    x_held: np.ndarray
    y_held: np.ndarray


def load(name, rng, held_out=0.25):
    """The data set `name` of `sklearn.datasets` ("breast_cancer", "digits"), shuffled by `rng`."""
    datasets = optional("sklearn.datasets", extra="examples")
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = rng.permutation(len(y))
    cut = int(len(y) * held_out)
    held, kept = order[:cut], order[cut:]
    mean, std = x[kept].mean(axis=0), x[kept].std(axis=0) + 1e-8
    x = (x - mean) / std
    return Data(x[kept], y[kept], x[held], y[held])


def load_text():
    """What scikit-learn says of five data sets: the letters that occur, and the number of each letter in turn."""
    datasets = optional("sklearn.datasets", extra="examples")
    names = ("iris", "wine", "diabetes", "breast_cancer", "digits")
    text = " ".join(" ".join(getattr(datasets, f"load_{name}")().DESCR for name in names).split())
    letters = "".join(sorted(set(text)))
    return letters, np.array([letters.index(c) for c in text])
