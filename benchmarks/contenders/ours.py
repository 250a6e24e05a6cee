"""pycograd, by its public functions, on the program as it stands."""

import pycograd
from benchmarks.contenders import lbfgs


def gradient(program, inputs):
    value_and_grad = pycograd.value_and_grad(program.f, argnums=program.ARGNUMS)

    def call():
        value, grads = value_and_grad(*inputs)
        return [value, *grads]

    return call


def per_example(program, inputs):
    grads = pycograd.vmap(pycograd.grad(program.f, argnums=program.ARGNUMS), in_axes=program.IN_AXES)
    return lambda: list(grads(*inputs))


def hessian(program, inputs):
    of = pycograd.hessian(program.f)
    return lambda: [of(*inputs)]


def hvp(program, inputs):
    product = pycograd.hvp(program.f)
    return lambda: [product(*inputs)]


def jacobian_reverse(program, inputs):
    of = pycograd.jacrev(program.f)
    return lambda: [of(*inputs)]


def jacobian_forward(program, inputs):
    of = pycograd.jacfwd(program.f)
    return lambda: [of(*inputs)]


def fit(program, inputs):
    start, *data = inputs
    value_and_grad = pycograd.value_and_grad(program.f, argnums=0)
    return lbfgs.fit(lambda w: value_and_grad(w, *data), start)
