"""What the hand-written networks end in."""

import numpy as np


def cross_entropy(z, labels):
    """The mean cross entropy of the logits `z`, which are overwritten, and the cotangent of the logits."""
    z -= np.max(z, axis=1, keepdims=True)
    p = np.exp(z)
    total = np.sum(p, axis=1, keepdims=True)
    rows = np.arange(len(labels))
    value = -np.mean((z - np.log(total))[rows, labels])
    p /= total
    p[rows, labels] -= 1
    p /= len(labels)
    return value, p
