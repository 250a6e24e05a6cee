"""HIPS autograd: its own numpy in the place of the program's; no vmap, so examples and columns are loops."""

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.differential_operators import make_jvp

from benchmarks.contenders import lbfgs
from benchmarks.networks import Networks


def adapted(program):
    program.np = program.math = anp
    program.nn = Networks(anp)
    return program.f


def gradient(program, inputs):
    value_and_grad = autograd.value_and_grad(adapted(program), program.ARGNUMS)

    def call():
        value, grads = value_and_grad(*inputs)
        return [value, *grads]

    return call


def per_example(program, inputs):
    grad = autograd.grad(adapted(program), program.ARGNUMS)
    *shared, xs, targets = inputs
    return lambda: [np.stack(g) for g in zip(*[grad(*shared, x, t) for x, t in zip(xs, targets)])]


def hessian(program, inputs):
    of = autograd.hessian(adapted(program))
    return lambda: [of(*inputs)]


def hvp(program, inputs):
    product = autograd.hessian_vector_product(adapted(program))
    return lambda: [product(*inputs)]


def jacobian_reverse(program, inputs):
    of = autograd.jacobian(adapted(program))
    return lambda: [of(*inputs)]


def jacobian_forward(program, inputs):
    x, *data = inputs
    f, basis = adapted(program), np.eye(len(x))

    def call():
        product = make_jvp(lambda x: f(x, *data))(x)
        return [np.stack([product(v)[1] for v in basis], axis=1)]

    return call


def fit(program, inputs):
    start, *data = inputs
    value_and_grad = autograd.value_and_grad(adapted(program))
    return lbfgs.fit(lambda w: value_and_grad(w, *data), start)
