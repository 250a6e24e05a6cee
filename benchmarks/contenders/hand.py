"""Hand-written numpy: what everybody is measured against."""

from benchmarks.contenders import lbfgs


def gradient(program, inputs):
    return lambda: program.by_hand(*inputs)


per_example = hvp = jacobian_reverse = jacobian_forward = gradient


def hessian(program, inputs):
    return lambda: program.hessian_by_hand(*inputs)


def fit(program, inputs):
    start, *data = inputs
    return lbfgs.fit(lambda w: program.value_and_grad_by_hand(w, *data), start)
