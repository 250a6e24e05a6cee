"""Models as a user writes them: numpy functions of a dict of parameters. Nothing here knows of pycograd."""

import numpy as np


def init_logistic(rng, features):
    """Parameters of a logistic regression, {"w": (features,), "b": ()}."""
    return {"w": 0.01 * rng.normal(size=features), "b": 0.0}


def logistic(params, x):
    """Logits of shape (n,) for inputs (n, features)."""
    return x @ params["w"] + params["b"]


def logistic_loss(params, x, y):
    """Mean negative log likelihood of labels 0 and 1."""
    z = logistic(params, x)
    return np.mean(np.logaddexp(0.0, z) - y * z)


def logistic_accuracy(params, x, y):
    """The share of labels that the sign of the logit gets right."""
    return np.mean((logistic(params, x) > 0) == y)


def init_mlp(rng, features, hidden, classes):
    """Parameters of a two-layer perceptron, weights scaled by the square root of their inputs."""
    return {
        "w1": rng.normal(size=(features, hidden)) / np.sqrt(features),
        "b1": np.zeros(hidden),
        "w2": rng.normal(size=(hidden, classes)) / np.sqrt(hidden),
        "b2": np.zeros(classes),
    }


def mlp(params, x):
    """Logits of shape (n, classes) for inputs (n, features)."""
    hidden = np.tanh(x @ params["w1"] + params["b1"])
    return hidden @ params["w2"] + params["b2"]


def mlp_loss(params, x, y):
    """Mean cross entropy of integer labels."""
    z = mlp(params, x)
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def mlp_accuracy(params, x, y):
    """The share of labels that have the largest logit."""
    return np.mean(np.argmax(mlp(params, x), axis=1) == y)
