"""Optimisation and numerical analysis: test functions, solvers, factorisations, quadrature."""

import math
from functools import cache

import numpy as np
from scipy import linalg
from scipy.optimize import minimize

from as_it_stands.cases import case
from as_it_stands.numerics import simpson

rng = np.random.default_rng(7)


def rosen(x):
    return sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def rosenbrock_loop(x, *coefficients):
    a, b = coefficients or (1.0, 100.0)
    total = 0
    for i in range(len(x) - 1):
        total += b * (x[i + 1] - x[i] ** 2) ** 2 + (a - x[i]) ** 2
    return total


def ackley(x, a=20, b=0.2, c=2 * np.pi):
    d = len(x)
    sum_sq_term = -a * np.exp(-b * np.sqrt(sum(x**2) / d))
    cos_term = -np.exp(sum(np.cos(c * x) / d))
    return a + np.exp(1) + sum_sq_term + cos_term


@np.vectorize
def hat(x, centre):
    if abs(x - centre) < 1:
        return math.exp(-1 / (1 - (x - centre) ** 2))
    return 0.0


def bump_sum(centre):
    return np.sum(hat(np.linspace(-1.5, 1.5, 14), centre))


def heron_sqrt(a, tol=1e-14):
    x = a
    while abs(x * x - a) > tol * a:
        x = 0.5 * (x + a / x)
    return x


def gradient_descent_final(lr, A, b):
    x = np.zeros(len(b))
    history = [0.5 * x @ A @ x - b @ x]
    for _ in range(8):
        x -= lr * (A @ x - b)
        history.append(0.5 * x @ A @ x - b @ x)
    return np.array(history)


def backtracking_step(x):
    f = lambda x: (x[0] - 1) ** 2 + 10 * (x[1] - x[0] ** 2) ** 2
    g = np.array([2 * (x[0] - 1) - 40 * x[0] * (x[1] - x[0] ** 2), 20 * (x[1] - x[0] ** 2)])
    alpha = 1.0
    while f(x - alpha * g) > f(x) - 0.1 * alpha * g @ g:
        alpha *= 0.5
    return f(x - alpha * g)


def penalised(x, mu=10.0):
    constraints = [x[0] + x[1] - 1, -x[0], x[1] ** 2 - x[2]]
    violation = sum(max(0, c) ** 2 for c in constraints)
    return x @ x + mu * violation


def log_barrier(x, A, b, t=5.0):
    slack = b - A @ x
    if np.any(slack <= 0):
        return np.inf
    return t * x.sum() - np.log(slack).sum()


def circle_fit(centre, x, y):
    def calc_R(xc, yc):
        return np.sqrt((x - xc) ** 2 + (y - yc) ** 2)

    Ri = calc_R(*centre)
    return np.sum((Ri - Ri.mean()) ** 2)


def levenberg_marquardt(params, t, y):
    p = np.array(params, dtype=float)
    lam = 1e-2
    for _ in range(3):
        model = p[0] * np.exp(-p[1] * t)
        J = np.stack([np.exp(-p[1] * t), -p[0] * t * np.exp(-p[1] * t)], axis=1)
        H = J.T @ J
        H[np.diag_indices_from(H)] *= 1 + lam
        p += np.linalg.solve(H, J.T @ (y - model))
    return p


def conjugate_gradient(b, A):
    x = np.zeros_like(b)
    r = b - A @ x
    p = r
    rs = r @ r
    for _ in range(len(b)):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x = x + alpha * p
        r = r - alpha * Ap
        rs_new = r @ r
        if math.sqrt(rs_new) < 1e-10:
            break
        p = r + rs_new / rs * p
        rs = rs_new
    return x


def sinkhorn(C, reg, a, b):
    K = np.exp(-C / reg)
    u, v = np.ones(len(a)), np.ones(len(b))
    for _ in range(100):
        v = b / (K.T @ u)
        u = a / (K @ v)
    return np.sum(u[:, None] * K * v[None, :] * C)


def gauss_seidel(A, b, sweeps=6):
    x = np.zeros(len(b))
    for _ in range(sweeps):
        for i in range(len(b)):
            s = 0.0
            for j in range(len(b)):
                if j != i:
                    s += A[i, j] * x[j]
            x[i] = (b[i] - s) / A[i, i]
    return x


def power_iteration(A):
    v = np.ones(len(A)) / np.sqrt(len(A))
    for _ in range(80):
        w = A @ v
        v = w / np.linalg.norm(w)
    return v @ A @ v


def loop_cholesky(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j] - sum(L[i, k] * L[j, k] for k in range(j))
            L[i, j] = math.sqrt(s) if i == j else s / L[j, j]
    return L


def gaussian_elimination(A, b):
    A, b = A.copy(), b.copy()
    n = len(b)
    for k in range(n - 1):
        pivot = k + np.argmax(np.abs(A[k:, k]))
        if pivot != k:
            A[[k, pivot]] = A[[pivot, k]]
            b[[k, pivot]] = b[[pivot, k]]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            A[i, k:] -= factor * A[k, k:]
            b[i] -= factor * b[k]
    x = np.zeros(n)
    for i in reversed(range(n)):
        x[i] = (b[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


def gram_schmidt(vectors):
    basis = []
    for v in vectors:
        w = v - sum(np.dot(v, b) * b for b in basis)
        if (np.abs(w) > 1e-10).any():
            basis.append(w / np.linalg.norm(w))
    return np.array(basis)


def householder_r(A):
    R = A.copy()
    m, n = R.shape
    for k in range(n):
        x = R[k:, k]
        e = np.zeros_like(x)
        e[0] = np.copysign(np.linalg.norm(x), x[0])
        v = x + e
        v = v / np.linalg.norm(v)
        R[k:, k:] -= 2 * np.outer(v, v @ R[k:, k:])
    return np.triu(R[:n])


def romberg(rate, n=5):
    def f(x):
        return np.exp(-rate * x) * np.sin(x)

    h = 2.0
    R = np.zeros((n, n))
    R[0, 0] = h / 2 * (f(0.0) + f(2.0))
    for i in range(1, n):
        h /= 2
        R[i, 0] = R[i - 1, 0] / 2 + h * np.sum(f(h * np.arange(1, 2**i, 2)))
        for j in range(1, i + 1):
            R[i, j] = R[i, j - 1] + (R[i, j - 1] - R[i - 1, j - 1]) / (4**j - 1)
    return R[n - 1, n - 1]


def lagrange(ys, x, xs=(0.0, 1.0, 2.5, 4.0)):
    total = 0.0
    for i, yi in enumerate(ys):
        basis = [(x - xj) / (xs[i] - xj) for j, xj in enumerate(xs) if j != i]
        total += yi * np.prod(basis)
    return total


def chebyshev_sum(c, x):
    b1 = b2 = 0.0
    for ck in c[:0:-1]:
        b1, b2 = ck + 2 * x * b1 - b2, b1
    return c[0] + x * b1 - b2


def polynomial_trend(y, degree=2):
    x = np.arange(len(y))
    coefficients = np.polyfit(x, y, degree)
    return np.polyval(coefficients, len(y)) + np.sum((np.polyval(coefficients, x) - y) ** 2)


def cutting_stock(prices, length=7):
    @cache
    def best(n):
        if n == 0:
            return 0.0
        return max(prices[i - 1] + best(n - i) for i in range(1, min(n, len(prices)) + 1))

    return best(length)


def minimum_path(grid):
    rows, columns = grid.shape
    cost = np.zeros_like(grid)
    cost[0] = np.cumsum(grid[0])
    cost[:, 0] = np.cumsum(grid[:, 0])
    for i in range(1, rows):
        for j in range(1, columns):
            cost[i, j] = grid[i, j] + min(cost[i - 1, j], cost[i, j - 1])
    return cost[-1, -1]


def tour_length(cities, order=None):
    if order is None:
        order = [0]
        left = set(range(1, len(cities)))
        while left:
            nearest = min(left, key=lambda c: np.linalg.norm(cities[c] - cities[order[-1]]))
            order.append(nearest)
            left.remove(nearest)
    return sum(np.linalg.norm(cities[a] - cities[b]) for a, b in zip(order, order[1:] + order[:1]))


def arc_length(coefficients):
    if not isinstance(coefficients, np.ndarray):
        coefficients = np.array(coefficients, dtype=float)
    slope = np.polyder(coefficients)
    return simpson(lambda x: math.sqrt(1 + np.polyval(slope, x) ** 2), 0.0, 1.0, 20)


def ridge_by_scipy(A, b):
    factor = linalg.cho_factor(A.T @ A + np.eye(A.shape[1]))
    return linalg.cho_solve(factor, A.T @ b)


def inner_minimum(target):
    def energy(z):
        return np.sum((z - target) ** 2) + np.sum(z**4)

    def slope(z):
        return 2 * (z - target) + 4 * z**3

    return minimize(energy, np.zeros(len(target)), jac=slope, method="BFGS", options={"gtol": 1e-12}).x


M = rng.normal(size=(4, 4))
spd = M @ M.T + 4 * np.eye(4)
t = np.linspace(0, 2, 8)

CASES = [
    case(rosen, np.array([1.3, 0.7, 0.8, 1.9, 1.2]), source="scipy documentation, optimize tutorial"),
    case(rosenbrock_loop, np.array([-1.2, 1.0, 0.5])),
    case(
        ackley,
        np.array([0.4, -0.7, 1.1]),
        source="Surjanovic & Bingham, Virtual Library of Simulation Experiments",
    ),
    case(bump_sum, 0.13),
    case(heron_sqrt, 7.0, source="Burden & Faires, Numerical Analysis, 2.3"),
    case(
        gradient_descent_final,
        0.05,
        spd,
        rng.normal(size=4),
        argnums=(0, 1, 2),
        source="Boyd & Vandenberghe, 9.3",
    ),
    case(backtracking_step, np.array([-0.6, 0.9]), source="Nocedal & Wright, algorithm 3.1"),
    case(penalised, np.array([0.9, 0.8, 0.1]), source="Nocedal & Wright, 17.1"),
    case(
        log_barrier,
        np.array([0.1, -0.2]),
        rng.normal(size=(5, 2)),
        np.ones(5),
        source="Boyd & Vandenberghe, 11.2",
    ),
    case(
        circle_fit,
        np.array([10.0, -2.0]),
        np.array([9.0, 35, -13, 10, 23, 0]),
        np.array([34.0, 10, 6, -14, 27, -10]),
        source="SciPy Cookbook, least squares circle",
    ),
    case(
        levenberg_marquardt, [1.5, 0.8], t, 2 * np.exp(-0.9 * t), argnums=(0, 2), source="Press et al., 15.5"
    ),
    case(conjugate_gradient, rng.normal(size=4), spd, argnums=(0, 1), source="Shewchuk 1994, B2"),
    case(
        sinkhorn,
        rng.uniform(size=(3, 4)),
        0.5,
        np.ones(3) / 3,
        np.ones(4) / 4,
        argnums=(0, 1),
        source="Cuturi 2013; POT documentation, ot.sinkhorn",
    ),
    case(gauss_seidel, spd, rng.normal(size=4), argnums=(0, 1), source="Golub & Van Loan, 11.2"),
    case(power_iteration, spd, source="Golub & Van Loan, 7.3.1"),
    case(loop_cholesky, spd, source="Golub & Van Loan, 4.2; Rosetta Code"),
    case(
        gaussian_elimination,
        M,
        rng.normal(size=4),
        argnums=(0, 1),
        source="Kiusalaas, 2.5",
    ),
    case(gram_schmidt, M, source="Trefethen & Bau, lecture 8; Rosetta Code"),
    case(householder_r, rng.normal(size=(5, 3)), source="Trefethen & Bau, algorithm 10.1"),
    case(romberg, 0.7, source="Burden & Faires, 4.5"),
    case(lagrange, np.array([1.0, 0.3, -0.8, 2.0]), 1.7, argnums=(0, 1), source="Burden & Faires, 3.1"),
    case(chebyshev_sum, rng.normal(size=5), 0.4, argnums=(0, 1), source="Press et al., 5.8 (Clenshaw)"),
    case(polynomial_trend, rng.normal(size=8), source="numpy documentation, polyfit"),
    case(cutting_stock, (1.0, 5.2, 8.1, 9.3), source="Cormen et al., 15.1"),
    case(minimum_path, rng.uniform(size=(4, 5))),
    case(tour_length, rng.uniform(size=(6, 2))),
    case(arc_length, [0.5, -1.0, 0.3, 2.0]),
    case(
        ridge_by_scipy,
        rng.normal(size=(6, 3)),
        rng.normal(size=6),
        argnums=(0, 1),
        source="scipy, cho_solve",
    ),
    case(inner_minimum, np.array([0.5, -1.0])),
]
