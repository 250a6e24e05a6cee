"""`python -m pycograd.examples [NAME ...] [--quick]`: train and check; exit non-zero if a check fails."""

import argparse
import sys

import numpy as np

from pycograd import Adam, cosine_decay, random
from pycograd.examples import models, networks
from pycograd.examples.data import load, load_text
from pycograd.examples.training import (
    clip,
    finite_difference_errors,
    minibatches,
    norms,
    per_example,
    per_example_error,
    train,
    train_by,
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

    def reached(self, loss, accuracy, params, data, below, at_least):
        value, share = loss(params, data.x_held, data.y_held), accuracy(params, data.x_held, data.y_held)
        claim = (
            f"held-out data: loss {value:.3f} (below {below}), accuracy {share:.1%} (at least {at_least:.0%})"
        )
        self(claim, bool(value < below and share >= at_least))


def logistic_regression(check, quick):
    """Logistic regression on the breast-cancer data."""
    rng = np.random.default_rng(0)
    data = load("breast_cancer", rng)
    params = models.init_logistic(rng, data.x.shape[1])
    check.gradients(models.logistic_loss, params, data.x, data.y, rng)
    batches = list(minibatches(data, 64, 5 if quick else 40, rng))
    params = train("logistic regression", models.logistic_loss, params, batches, rate=0.2)
    check.gradients(models.logistic_loss, params, data.x, data.y, rng)
    check.reached(models.logistic_loss, models.logistic_accuracy, params, data, 0.25 if quick else 0.15, 0.9)


def two_layer_mlp(check, quick):
    """A two-layer MLP on the digits, 8 x 8 pixels."""
    rng = np.random.default_rng(0)
    data = load("digits", rng)
    params = models.init_mlp(rng, data.x.shape[1], 64, 10)
    check.gradients(models.mlp_loss, params, data.x, data.y, rng)
    batches = list(minibatches(data, 64, 3 if quick else 30, rng))
    params = train("two-layer MLP", models.mlp_loss, params, batches, rate=0.2)
    check.gradients(models.mlp_loss, params, data.x, data.y, rng)
    check.reached(
        models.mlp_loss, models.mlp_accuracy, params, data, *((0.5, 0.85) if quick else (0.2, 0.95))
    )


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
    check.reached(models.mlp_loss, models.mlp_accuracy, params, data, *((0.7, 0.8) if quick else (0.3, 0.92)))


def reads_digits(title, logits, init, quickly=(0.9, 0.7), fully=(0.3, 0.93)):
    """An example: train a network on the digits, whose rows it reads, to a loss and an accuracy."""

    def example(check, quick):
        rng = np.random.default_rng(0)
        data = load("digits", rng)
        params = init(rng)
        loss, accuracy = networks.classify(logits)
        check.gradients(loss, params, data.x[:50], data.y[:50], rng)
        batches = list(minibatches(data, 64, 4 if quick else 20, rng))
        if logits is networks.normalized:  # what drops out is drawn by a key of its own for each step
            keys = random.split(random.key(0), len(batches))
            check.gradients(lambda p, x, y: loss(p, x, y, keys[0]), params, data.x[:50], data.y[:50], rng)
            batches = [(*batch, key) for batch, key in zip(batches, keys)]
        params = train_by(title, loss, params, batches, Adam(cosine_decay(0.01, len(batches))))
        check.gradients(loss, params, data.x[:50], data.y[:50], rng)
        check.reached(loss, accuracy, params, data, *(quickly if quick else fully))

    example.__doc__ = f"{title}, which reads the digits."
    return example


def character_gpt(check, quick):
    """A GPT of one block that learns to write, letter by letter, on what scikit-learn says of its data sets."""
    rng = np.random.default_rng(0)
    letters, text = load_text()
    length, steps = 32, 60 if quick else 600
    params = networks.init_block(rng, 48, len(letters), len(letters), length)
    loss, _ = networks.classify(networks.gpt)

    def batch():
        at = rng.integers(0, len(text) - length - 1, 24)[:, None] + np.arange(length + 1)
        return text[at[:, :-1]], text[at[:, 1:]]

    check.gradients(loss, params, *batch(), rng)
    batches = [batch() for _ in range(steps)]
    params = train_by("character GPT", loss, params, batches, Adam(cosine_decay(0.01, steps)))
    check.gradients(loss, params, *batch(), rng)
    share = np.bincount(text) / len(text)
    chance, limit = -np.sum(share * np.log(share)), 2.9 if quick else 1.7
    reached = np.mean([loss(params, *batch()) for _ in range(10)])
    check(
        f"loss {reached:.2f} nats a letter (below {limit}; frequencies alone {chance:.2f})",
        bool(reached < limit),
    )
    written = list(text[:length])
    for _ in range(100):
        p = np.exp(networks.gpt(params, np.array([written[-length:]]))[0, -1] / 0.6)
        written.append(rng.choice(len(letters), p=p / p.sum()))
    print("  it writes: " + "".join(letters[i] for i in written[length:]))


EXAMPLES = {
    "logistic": logistic_regression,
    "mlp": two_layer_mlp,
    "clipping": per_example_clipping,
    "layernorm": reads_digits(
        "LayerNorm and Dropout", networks.normalized, networks.init_normalized, (0.4, 0.9), (0.2, 0.95)
    ),
    "transformer": reads_digits(
        "A transformer block", networks.transformer, lambda rng: networks.init_block(rng, 32, 8, 10, 8)
    ),
    "gru": reads_digits("A GRU", networks.gru, lambda rng: networks.init_recurrent(rng, 3)),
    "lstm": reads_digits("An LSTM", networks.lstm, lambda rng: networks.init_recurrent(rng, 4)),
    "rwkv": reads_digits("RWKV", networks.rwkv, networks.init_rwkv),
    "gpt": character_gpt,
}


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
    except KeyboardInterrupt:
        sys.exit("interrupted")
