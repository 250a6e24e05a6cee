"""Statistics: likelihoods, estimators, filters."""

import math
from collections import defaultdict

import numpy as np
from scipy import special, stats
from scipy.special import betaln, gammaln, logsumexp

from as_it_stands.cases import case

rng = np.random.default_rng(1)


def normal_log_likelihood(theta, data):
    mu, log_sigma = theta
    sigma = math.exp(log_sigma)
    total = 0.0
    for x in data:
        total += -0.5 * ((x - mu) / sigma) ** 2 - math.log(sigma) - 0.5 * math.log(2 * math.pi)
    return total


def running_variance(values):
    mean, m2 = 0.0, 0.0
    for count, x in enumerate(values, start=1):
        delta = x - mean
        mean += delta / count
        m2 += delta * (x - mean)
    return m2 / (len(values) - 1)


def logistic_nll(beta, X, y):
    eta = X @ beta
    p = 1.0 / (1.0 + np.exp(-eta))
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


def ar_log_likelihood(params, y):
    c, phi, sigma2 = params
    n = len(y)
    residuals = np.zeros(n)
    residuals[0] = y[0] - c / (1 - phi)
    for t in range(1, n):
        residuals[t] = y[t] - c - phi * y[t - 1]
    first = -0.5 * np.log(2 * np.pi * sigma2 / (1 - phi**2)) - residuals[0] ** 2 * (1 - phi**2) / (2 * sigma2)
    return first - 0.5 * (n - 1) * np.log(2 * np.pi * sigma2) - np.sum(residuals[1:] ** 2) / (2 * sigma2)


def garch_log_likelihood(params, returns):
    omega, alpha, beta = params
    T = len(returns)
    sigma2 = np.empty(T)
    sigma2[0] = np.var(returns)
    for t in range(1, T):
        sigma2[t] = omega + alpha * returns[t - 1] ** 2 + beta * sigma2[t - 1]
    return 0.5 * np.sum(np.log(2 * np.pi) + np.log(sigma2) + returns**2 / sigma2)


def local_level(log_variances, y):
    s2_eps, s2_eta = np.exp(log_variances)
    a, P = y[0], s2_eps
    loglik = 0.0
    for obs in y[1:]:
        P = P + s2_eta
        v = obs - a
        F = P + s2_eps
        K = P / F
        a = a + K * v
        P = P * (1 - K)
        loglik -= 0.5 * (np.log(2 * np.pi * F) + v**2 / F)
    return loglik


def kalman_tracking(noise, observations):
    q, r = noise
    dt = 1.0
    F = np.array([[1, dt], [0, 1]])
    H = np.array([[1.0, 0.0]])
    Q = q * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    R = np.array([[r]])
    x = np.zeros((2, 1))
    P = np.eye(2) * 10
    filtered = np.zeros((len(observations), 2))
    for k, z in enumerate(observations):
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        K = P @ H.T @ np.linalg.inv(S)
        x = x + K @ (np.array([[z]]) - H @ x)
        P = (np.eye(2) - K @ H) @ P
        filtered[k] = x[:, 0]
    return np.mean((filtered[:, 0] - observations) ** 2) + np.trace(P)


def mixture_log_likelihood(params, x):
    weights = np.exp(params["logits"]) / np.sum(np.exp(params["logits"]))
    components = []
    for w, mu, sigma in zip(weights, params["means"], params["scales"]):
        components.append(np.log(w) - 0.5 * np.log(2 * np.pi * sigma**2) - 0.5 * ((x - mu) / sigma) ** 2)
    return np.sum(logsumexp(np.array(components), axis=0))


def hmm_forward(A, B, pi, observations):
    n_states, T = A.shape[0], len(observations)
    alpha = np.zeros((T, n_states))
    scale = np.zeros(T)
    alpha[0] = pi * B[:, observations[0]]
    scale[0] = alpha[0].sum()
    alpha[0] /= scale[0]
    for t in range(1, T):
        for j in range(n_states):
            alpha[t, j] = np.dot(alpha[t - 1], A[:, j]) * B[j, observations[t]]
        scale[t] = alpha[t].sum()
        alpha[t] /= scale[t]
    return np.sum(np.log(scale))


def kernel_density(bandwidth, data, points):
    density = np.zeros_like(points)
    for xi in data:
        density += np.exp(-0.5 * ((points - xi) / bandwidth) ** 2)
    density /= len(data) * bandwidth * np.sqrt(2 * np.pi)
    return np.sum(np.log(density))


def poisson_regression(beta, X, counts):
    mu = np.exp(X.dot(beta))
    return np.sum(counts * np.log(mu) - mu - gammaln(counts + 1))


def beta_binomial(ab, successes, trials):
    a, b = ab
    choose = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(trials - successes + 1)
    return (choose + betaln(successes + a, trials - successes + b) - betaln(a, b)).sum()


class StudentT:
    """A location-scale t distribution."""

    def __init__(self, df, loc=0.0, scale=1.0):
        self.df = df
        self.loc = loc
        self.scale = scale

    @property
    def normaliser(self):
        nu = self.df
        return math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2) - 0.5 * math.log(nu * math.pi)

    def logpdf(self, x):
        z = (x - self.loc) / self.scale
        return self.normaliser - math.log(self.scale) - (self.df + 1) / 2 * np.log1p(z**2 / self.df)


def student_t_fit(theta, data):
    df, loc, scale = theta
    return -StudentT(df, loc=loc, scale=scale).logpdf(data).mean()


def huber_location(mu, data, k=1.345):
    r = np.abs(data - mu)
    rho = np.empty_like(r)
    small = r <= k
    rho[small] = 0.5 * r[small] ** 2
    rho[~small] = k * r[~small] - 0.5 * k**2
    return rho.sum()


def gini(incomes):
    ordered = sorted(incomes)
    n = len(ordered)
    cumulative = 0.0
    for rank, income in enumerate(ordered, 1):
        cumulative += rank * income
    return 2 * cumulative / (n * sum(ordered)) - (n + 1) / n


def cox_partial_likelihood(beta, times, events, X):
    order = np.argsort(-times)
    risk = np.exp(X @ beta)
    loglik, at_risk = 0.0, 0.0
    i = 0
    while i < len(order):
        subject = order[i]
        at_risk += risk[subject]
        if events[subject]:
            loglik += np.log(risk[subject]) - np.log(at_risk)
        i += 1
    return loglik


def group_means(values, groups):
    by_group = defaultdict(list)
    for value, group in zip(values, groups):
        by_group[group].append(value)
    overall = np.mean(values)
    between = {g: len(v) * (np.mean(v) - overall) ** 2 for g, v in by_group.items()}
    within = sum(np.sum((np.array(v) - np.mean(v)) ** 2) for v in by_group.values())
    k, n = len(by_group), len(values)
    return (sum(between.values()) / (k - 1)) / (within / (n - k))


def multivariate_normal_logpdf(L_flat, mean, X):
    d = len(mean)
    L = np.zeros((d, d))
    L[np.tril_indices(d)] = L_flat
    L[np.diag_indices(d)] = np.exp(np.diag(L))
    z = np.linalg.solve(L, (X - mean).T)
    return np.sum(-0.5 * np.sum(z**2, axis=0) - np.sum(np.log(np.diag(L))) - 0.5 * d * np.log(2 * np.pi))


def autocorrelation(x, nlags=5):
    x = x - x.mean()
    c0 = np.dot(x, x) / len(x)
    acf = [1.0]
    for lag in range(1, nlags + 1):
        acf.append(np.dot(x[lag:], x[:-lag]) / len(x) / c0)
    return np.array(acf)


def wilson_interval(p, n, z=1.96):
    if n == 0:
        return 0.0
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return (centre + half) * (centre - half)


def probit_log_likelihood(beta, X, y):
    q = 2 * y - 1
    return np.sum(stats.norm.logcdf(q * (X @ beta)))


def dirichlet_multinomial(alpha, counts):
    n = counts.sum(axis=1)
    a0 = alpha.sum()
    terms = special.gammaln(counts + alpha) - special.gammaln(alpha)
    return np.sum(special.gammaln(a0) - special.gammaln(n + a0)) + np.sum(terms)


def trimmed_mean(x, proportion=0.2):
    x = np.sort(x)
    cut = int(proportion * len(x))
    return np.mean(x[cut : len(x) - cut]) / np.std(x, ddof=1)


def histogram_moments(weights, positions):
    counts = np.zeros(5)
    bins = np.digitize(positions, [0.2, 0.4, 0.6, 0.8])
    np.add.at(counts, bins, weights)
    p = counts / counts.sum()
    return -np.sum(p * np.log(p))


def _design(n=12, p=3):
    return np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])


X = _design()
y01 = (rng.uniform(size=12) < 0.5).astype(float)
returns = rng.normal(size=30) * 0.1
series = np.cumsum(rng.normal(size=20))

CASES = [
    case(normal_log_likelihood, np.array([0.3, -0.2]), rng.normal(size=10)),
    case(
        running_variance,
        rng.normal(size=9),
        source="Knuth, The Art of Computer Programming 2, 4.2.2 (Welford)",
    ),
    case(logistic_nll, rng.normal(size=3), X, y01, source="Hastie, Tibshirani, Friedman, ESL, 4.4.1"),
    case(
        ar_log_likelihood, np.array([0.1, 0.6, 0.8]), rng.normal(size=20), source="Hamilton, Time Series, 5.2"
    ),
    case(garch_log_likelihood, np.array([0.01, 0.1, 0.8]), returns, source="Bollerslev 1986; Tsay, 3.5"),
    case(
        local_level, np.array([-0.5, -1.0]), series, source="Durbin & Koopman, State Space Methods, 2.2, 2.10"
    ),
    case(
        kalman_tracking,
        np.array([0.1, 0.5]),
        series,
        source="Welch & Bishop, Introduction to the Kalman Filter",
    ),
    case(
        mixture_log_likelihood,
        {"logits": np.array([0.1, -0.3]), "means": np.array([-1.0, 1.2]), "scales": np.array([0.7, 1.1])},
        rng.normal(size=15),
        source="Bishop, Pattern Recognition and Machine Learning, 9.2.2",
    ),
    case(
        hmm_forward,
        np.array([[0.7, 0.3], [0.4, 0.6]]),
        np.array([[0.1, 0.4, 0.5], [0.7, 0.2, 0.1]]),
        np.array([0.6, 0.4]),
        [0, 1, 0, 2, 2, 1],
        argnums=(0, 1, 2),
        source="Rabiner 1989, A Tutorial on Hidden Markov Models, III.A and V.A; numbers of Stamp's tutorial",
    ),
    case(
        kernel_density,
        0.4,
        rng.normal(size=8),
        np.linspace(-1, 1, 7),
        source="Silverman, Density Estimation, 2.4",
    ),
    case(
        poisson_regression, rng.normal(size=3) * 0.3, X, rng.poisson(2.0, 12), source="Cameron & Trivedi, 3.2"
    ),
    case(
        beta_binomial,
        np.array([1.4, 4.8]),
        np.array([0.0, 1.0, 4.0, 2.0]),
        np.array([20.0, 20.0, 19.0, 14.0]),
        source="Gelman et al., Bayesian Data Analysis, 5.3 (rat tumours)",
    ),
    case(student_t_fit, np.array([4.2, 0.1, 1.3]), rng.normal(size=12)),
    case(huber_location, 0.15, np.array([-3.0, -1.1, -0.2, 0.4, 0.9, 2.7, 8.0]), source="Huber 1964"),
    case(gini, rng.lognormal(size=9)),
    case(
        cox_partial_likelihood,
        np.array([0.4, -0.2]),
        rng.exponential(size=10),
        rng.uniform(size=10) < 0.7,
        rng.normal(size=(10, 2)),
        source="Cox 1972",
    ),
    case(group_means, rng.normal(size=12), list("aabbbccaabcc")),
    case(multivariate_normal_logpdf, rng.normal(size=6) * 0.4, np.zeros(3), rng.normal(size=(5, 3))),
    case(autocorrelation, series, source="Box & Jenkins, 2.1.4"),
    case(wilson_interval, 0.3, 25, source="Wilson 1927"),
    case(
        probit_log_likelihood, rng.normal(size=3), X, y01, source="statsmodels documentation, Probit.loglike"
    ),
    case(dirichlet_multinomial, np.array([0.5, 1.0, 2.0]), rng.integers(0, 6, (4, 3)), source="Minka 2000"),
    case(trimmed_mean, rng.normal(size=11)),
    case(histogram_moments, rng.uniform(0.5, 1.5, 20), np.linspace(0.01, 0.99, 20)),
]
