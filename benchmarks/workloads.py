"""The workloads: which derivative of which program, and the multiple of hand-written numpy that we aim at."""

from typing import NamedTuple

CONTENDERS = ("hand", "ours", "hips", "mygrad", "torch", "jax")


class Workload(NamedTuple):
    """One line of the table: `kind` is a function of a contender's file, `size` goes to `inputs`."""

    name: str
    title: str
    program: str
    kind: str = "gradient"
    size: tuple = ()
    target: float | None = None  # ours, eager, as a multiple of hand-written numpy


WORKLOADS = {
    w.name: w
    for w in [
        Workload("chain", "1 chain of 1000 ops on (4,)", "chain", target=2.5),
        Workload("general", "1b chain of 1000 matmul, index, reshape, sum, add", "general"),
        Workload("projectile", "2a projectile, 200 steps of Python scalars", "projectile", target=30),
        Workload("mlp", "3 MLP 784-256-256-10, batch 128, f32", "mlp", target=1.1),
        Workload("mlp-layer", "3b the same by a library's own layers", "mlp_layer", target=1.1),
        Workload(
            "per-sample",
            "5 per-sample gradients, MLP 64-128-10, 256",
            "per_sample",
            "per_example",
            target=1.5,
        ),
        Workload("lstm", "6 LSTM, 100 steps, batch 16, hidden 64", "lstm", target=1.2),
        Workload("lstm-layer", "6b the same by a library's own layer", "lstm_layer", target=1.2),
        Workload("transformer", "7 transformer block, 64 x 64, 4 heads, batch 8", "transformer", target=1.1),
        Workload("hessian", "8a Hessian, 50-dim logistic", "logistic", "hessian", target=30),
        Workload("hvp", "8b HVP, 10k-dim Rosenbrock", "rosenbrock", "hvp", target=20),
        Workload("jacrev", "9 Jacobian 100 -> 100, reverse", "layers", "jacobian_reverse", target=10),
        Workload("jacfwd", "9 Jacobian 100 -> 100, forward", "layers", "jacobian_forward", target=10),
        Workload("lbfgs", "10 logistic 10k x 100 by L-BFGS", "logistic", "fit", (10_000, 100), target=1.3),
        Workload("cnn", "11 CNN, batch 32, 28 x 28, 8 + 16 channels, f32", "cnn", target=1.1),
        Workload("gp", "12 GP marginal likelihood, n = 300", "gaussian_process", target=1.5),
        Workload("heat", "13 heat equation, 200 steps, 128 x 128", "heat", target=1.9),
    ]
}
