"""A whole fit by scipy's L-BFGS, given a contender's objective: its value and gradient as numpy has them."""

try:
    from scipy.optimize import minimize
except ModuleNotFoundError:
    minimize = None


def fit(value_and_grad, start):
    """The call to time: 30 iterations from `start`."""
    if minimize is None:
        raise NotImplementedError("scipy is not installed")
    options = {"maxiter": 30, "ftol": 0.0, "gtol": 0.0}
    return lambda: [minimize(value_and_grad, start, jac=True, method="L-BFGS-B", options=options).x]
