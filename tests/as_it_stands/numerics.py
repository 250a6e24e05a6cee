"""Numerical recipes that the other modules import: the file of odds and ends that every group has."""

import math

import numpy as np


def thomas(lower, diagonal, upper, rhs):
    """Solution of a tridiagonal system; Conte & de Boor, Elementary Numerical Analysis, section 4.3."""
    n = len(rhs)
    c = np.zeros(n - 1)
    d = np.zeros(n)
    c[0] = upper[0] / diagonal[0]
    d[0] = rhs[0] / diagonal[0]
    for i in range(1, n):
        m = diagonal[i] - lower[i - 1] * c[i - 1]
        if i < n - 1:
            c[i] = upper[i] / m
        d[i] = (rhs[i] - lower[i - 1] * d[i - 1]) / m
    x = np.zeros(n)
    x[-1] = d[-1]
    for i in range(n - 2, -1, -1):
        x[i] = d[i] - c[i] * x[i + 1]
    return x


def rk4(f, y, t, h, *args):
    """One step of the classical Runge-Kutta method."""
    k1 = h * f(y, t, *args)
    k2 = h * f(y + 0.5 * k1, t + 0.5 * h, *args)
    k3 = h * f(y + 0.5 * k2, t + 0.5 * h, *args)
    k4 = h * f(y + k3, t + h, *args)
    return y + (k1 + 2 * k2 + 2 * k3 + k4) / 6


def simpson(f, a, b, n=100):
    """Integral of f over [a, b] by Simpson's rule with n (even) slices; Newman, Computational Physics, 5.1.2."""
    if n % 2:
        raise ValueError(f"n must be even, got {n}")
    h = (b - a) / n
    s = f(a) + f(b)
    for k in range(1, n, 2):
        s += 4 * f(a + k * h)
    for k in range(2, n, 2):
        s += 2 * f(a + k * h)
    return h * s / 3


def bisect(f, lo, hi, tol=1e-13):
    """Root of f in [lo, hi], to `tol`."""
    flo = f(lo)
    while hi - lo > tol:
        mid = 0.5 * (lo + hi)
        fmid = f(mid)
        if flo * fmid <= 0:
            hi = mid
        else:
            lo, flo = mid, fmid
    return 0.5 * (lo + hi)


def newton(f, df, x, tol=1e-12, maxiter=50):
    """Root of f by Newton's method, started at x."""
    for _ in range(maxiter):
        step = f(x) / df(x)
        x = x - step
        if abs(step) < tol:
            return x
    raise RuntimeError(f"no convergence after {maxiter} iterations, x = {x:.6g}")


def normal_cdf(x):
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def normal_pdf(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
