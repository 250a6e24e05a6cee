"""`python -m pycograd.examples [NAME ...] [--quick]`: train and check; exit non-zero if a check fails."""

import argparse
import sys

import numpy as np

from pycograd.examples import models
from pycograd.examples.data import load
from pycograd.examples.training import (
    clip,
    finite_difference_errors,
    minibatches,
    norms,
    per_example,
    per_example_error,
    train,
    train_clipped,
)

GRADIENT_TOLERANCE = 1e-5  # a central difference with step 1e-5 errs by 1e-10, its rounding by 1e-11 / 1e-5
CLIP = 1.0


class Checks:
    """Prints each check as it is made and remembers whether all held."""

    def __init__(self):
        self.failed = 0

    def __call__(self, claim, holds):
        self.failed += not holds
        print(f"  {'ok    ' if holds else 'FAILED'} {claim}", flush=True)

    def gradients(self, loss, params, x, y, rng):
        for name, error in finite_difference_errors(loss, params, x, y, rng).items():
            claim = f"gradient in {name} against finite differences: relative error {error:.1e}"
            self(claim, error < GRADIENT_TOLERANCE)

    def accuracy(self, loss, accuracy, params, data, at_least):
        value, share = loss(params, data.x_held, data.y_held), accuracy(params, data.x_held, data.y_held)
        claim = f"held-out data: loss {value:.4f}, accuracy {share:.1%} (at least {at_least:.0%})"
        self(claim, bool(share >= at_least))


def logistic_regression(check, quick):
    """Logistic regression on the breast-cancer data."""
    rng = np.random.default_rng(0)
    data = load("breast_cancer", rng)
    params = models.init_logistic(rng, data.x.shape[1])
    check.gradients(models.logistic_loss, params, data.x, data.y, rng)
    batches = list(minibatches(data, 64, 5 if quick else 40, rng))
    params = train("logistic regression", models.logistic_loss, params, batches, rate=0.2)
    check.gradients(models.logistic_loss, params, data.x, data.y, rng)
    check.accuracy(models.logistic_loss, models.logistic_accuracy, params, data, 0.9)


def two_layer_mlp(check, quick):
    """A two-layer MLP on the digits, 8 x 8 pixels."""
    rng = np.random.default_rng(0)
    data = load("digits", rng)
    params = models.init_mlp(rng, data.x.shape[1], 64, 10)
    check.gradients(models.mlp_loss, params, data.x, data.y, rng)
    batches = list(minibatches(data, 64, 3 if quick else 30, rng))
    params = train("two-layer MLP", models.mlp_loss, params, batches, rate=0.2)
    check.gradients(models.mlp_loss, params, data.x, data.y, rng)
    check.accuracy(models.mlp_loss, models.mlp_accuracy, params, data, 0.85 if quick else 0.95)


def per_example_clipping(check, quick):
    """The same MLP, each example's gradient clipped by its norm: vmap(grad(loss))."""
    rng = np.random.default_rng(0)
    data = load("digits", rng)
    params = models.init_mlp(rng, data.x.shape[1], 64, 10)
    x, y = data.x[:64], data.y[:64]
    error = per_example_error(models.mlp_loss, params, x, y)
    check(f"mean of per-example gradients is the gradient of the mean: off by {error:.1e}", error < 1e-12)
    grads = per_example(models.mlp_loss)(params, x, y)
    before, after = norms(grads), norms(clip(grads, CLIP))
    print(f"  norms of 64 gradients: {before.min():.2f} to {before.max():.2f}, clipped to {after.max():.2f}")
    check(f"no clipped norm above {CLIP}", bool(after.max() <= CLIP + 1e-9))
    batches = list(minibatches(data, 64, 3 if quick else 10, rng))
    params, share = train_clipped("clipped MLP", models.mlp_loss, params, batches, rate=0.5, limit=CLIP)
    print(f"  {share:.0%} of the per-example gradients were clipped")
    check.accuracy(models.mlp_loss, models.mlp_accuracy, params, data, 0.85 if quick else 0.92)


EXAMPLES = {"logistic": logistic_regression, "mlp": two_layer_mlp, "clipping": per_example_clipping}


def main():
    parser = argparse.ArgumentParser(prog="python -m pycograd.examples", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default: " + " ".join(EXAMPLES))
    parser.add_argument("--quick", action="store_true", help="few epochs, for continuous integration")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(EXAMPLES):
        parser.error(f"no example {' '.join(sorted(unknown))}; there are: {' '.join(EXAMPLES)}")
    check = Checks()
    for name in chosen.names or EXAMPLES:
        print(f"\n{EXAMPLES[name].__doc__}", flush=True)
        EXAMPLES[name](check, chosen.quick)
    print(f"\n{check.failed} checks failed" if check.failed else "\nall checks passed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ModuleNotFoundError as error:
        sys.exit(str(error))
