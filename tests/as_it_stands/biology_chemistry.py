"""Biology and chemistry: kinetics, populations, phylogeny, equilibria."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import odeint
from scipy.linalg import expm

from as_it_stands.cases import case
from as_it_stands.numerics import rk4

R = 8.314
rng = np.random.default_rng(8)


def michaelis_menten_fit(params, S, v):
    Vmax, Km = params
    residuals = v - Vmax * S / (Km + S)
    return np.sum(residuals**2)


def sir_peak(beta, gamma, days=60):
    S, I, Rec = np.zeros(days), np.zeros(days), np.zeros(days)
    S[0], I[0] = 0.99, 0.01
    for t in range(days - 1):
        infections = beta * S[t] * I[t]
        S[t + 1] = S[t] - infections
        I[t + 1] = I[t] + infections - gamma * I[t]
        Rec[t + 1] = Rec[t] + gamma * I[t]
    return I.max() + Rec[-1]


def lotka_volterra(params, steps=25):
    a, b, c, d = params

    def f(y, t):
        prey, predators = y
        return np.array([a * prey - b * prey * predators, -c * predators + d * prey * predators])

    path = [np.array([10.0, 5.0])]
    for n in range(steps):
        path.append(rk4(f, path[-1], 0.05 * n, 0.05))
    return np.vstack(path)[:, 1].mean()


def hodgkin_huxley(g_na, g_k, g_l, current=10.0, dt=0.02, steps=60):
    V, m, h, n = -65.0, 0.05, 0.6, 0.32
    trace = []
    for _ in range(steps):
        am = 0.1 * (V + 40) / (1 - math.exp(-(V + 40) / 10))
        bm = 4 * math.exp(-(V + 65) / 18)
        ah, bh = 0.07 * math.exp(-(V + 65) / 20), 1 / (1 + math.exp(-(V + 35) / 10))
        an = 0.01 * (V + 55) / (1 - math.exp(-(V + 55) / 10))
        bn = 0.125 * math.exp(-(V + 65) / 80)
        I = current - g_na * m**3 * h * (V - 50) - g_k * n**4 * (V + 77) - g_l * (V + 54.387)
        V += dt * I
        m += dt * (am * (1 - m) - bm * m)
        h += dt * (ah * (1 - h) - bh * h)
        n += dt * (an * (1 - n) - bn * n)
        trace.append(V)
    return np.mean(trace)


def jukes_cantor(p):
    if p >= 0.75:
        return math.inf
    return -0.75 * math.log(1 - 4 * p / 3)


TREE = (("A", 0, "B", 1), 4, ("C", 2, "D", 3), 5)


def felsenstein(branch_lengths, sequences, tree=TREE):
    def transition(t):
        e = np.exp(-4 * t / 3)
        return np.full((4, 4), 0.25 * (1 - e)) + np.eye(4) * e

    def partial(node, site):
        if isinstance(node, str):
            likelihood = np.zeros(4)
            likelihood["ACGT".index(sequences[node][site])] = 1.0
            return likelihood
        left, l, right, r = node
        return (transition(branch_lengths[l]) @ partial(left, site)) * (
            transition(branch_lengths[r]) @ partial(right, site)
        )

    return sum(np.log(0.25 * partial(tree, site).sum()) for site in range(len(sequences["A"])))


def arrhenius_rates(temperature, reactions):
    rates = {}
    for name, (A, Ea) in reactions.items():
        rates[name] = A * math.exp(-Ea / (R * temperature))
    total = sum(rates.values())
    return max(rates.values()) / total


def buffer_pH(concentration, pKa):
    Ka, Kw = 10.0**-pKa, 1e-14
    # charge balance, by the secant method in pH
    f = lambda pH: 10**-pH - Kw / 10**-pH - concentration * Ka / (Ka + 10**-pH)
    x0, x1 = 3.0, 3.1
    f0, f1 = f(x0), f(x1)
    iterations = 0
    while abs(f1) > 1e-15 and iterations < 60:
        x0, x1 = x1, x1 - f1 * (x1 - x0) / (f1 - f0)
        f0, f1 = f1, f(x1)
        iterations += 1
    return x1


@dataclass
class Dose:
    time: float
    amount: float


def plasma_concentration(pk, doses, t=9.0):
    ka, ke, volume = pk["ka"], pk["ke"], pk["V"]
    concentration = 0.0
    for dose in doses:
        if t < dose.time:
            continue
        dt = t - dose.time
        concentration += dose.amount * ka / (volume * (ka - ke)) * (np.exp(-ke * dt) - np.exp(-ka * dt))
    return concentration


def goldman_potential(outside, inside, permeability=(1.0, 0.04, 0.45), T=310.0):
    pK, pNa, pCl = permeability
    above = pK * outside["K"] + pNa * outside["Na"] + pCl * inside["Cl"]
    below = pK * inside["K"] + pNa * inside["Na"] + pCl * outside["Cl"]
    return 1000 * R * T / 96485 * math.log(above / below)


def leslie_growth(fecundity, survival):
    n = len(fecundity)
    L = np.zeros((n, n))
    L[0, :] = fecundity
    L[np.arange(1, n), np.arange(n - 1)] = survival
    population = np.linalg.matrix_power(L, 8) @ np.ones(n)
    return np.max(np.abs(np.linalg.eigvals(L))) + np.log(population.sum())


def needleman_wunsch(match, mismatch, gap, a="GATTACA", b="GCATGCU"):
    F = np.zeros((len(a) + 1, len(b) + 1))
    F[:, 0] = gap * np.arange(len(a) + 1)
    F[0, :] = gap * np.arange(len(b) + 1)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            s = match if a[i - 1] == b[j - 1] else mismatch
            F[i, j] = max(F[i - 1, j - 1] + s, F[i - 1, j] + gap, F[i, j - 1] + gap)
    return F[-1, -1]


def bubble_point(x1, pressure=760.0):
    antoine = [(8.20417, 1642.89, 230.3), (8.07131, 1730.63, 233.426)]
    psat = lambda T: [10 ** (A - B / (C + T)) for A, B, C in antoine]
    T = 80.0
    for _ in range(40):
        p = psat(T)
        total = x1 * p[0] + (1 - x1) * p[1]
        slope = sum(
            x * q * math.log(10) * B / (C + T) ** 2 for x, q, (A, B, C) in zip((x1, 1 - x1), p, antoine)
        )
        dT = (pressure - total) / slope
        T += dT
        if abs(dT) < 1e-11:
            break
    return T


def huckel_energy(alpha, beta, electrons=6):
    n = 6
    H = alpha * np.eye(n)
    for i in range(n):
        H[i, (i + 1) % n] = H[(i + 1) % n, i] = beta * (1 + 0.05 * i)
    levels = np.linalg.eigvalsh(H)
    return 2 * levels[: electrons // 2].sum()


def substitution_model(rates, t):
    Q = np.zeros((4, 4))
    Q[np.triu_indices(4, 1)] = rates
    Q = Q + Q.T
    np.fill_diagonal(Q, -Q.sum(axis=1))
    return expm(Q * t)


def chemostat(mu_max, Ks):
    def rhs(y, t, mu_max, Ks):
        X, S = y
        mu = mu_max * S / (Ks + S)
        return [X * (mu - 0.1), 0.1 * (10.0 - S) - mu * X / 0.5]

    solution = odeint(rhs, [0.1, 10.0], np.linspace(0, 5, 6), args=(mu_max, Ks), rtol=1e-11, atol=1e-12)
    return solution[-1, 0]


def ion_activity(charges, concentrations):
    ionic_strength = 0.5 * sum(c * z**2 for c, z in zip(concentrations, charges))
    log_gamma = [-0.509 * z**2 * np.sqrt(ionic_strength) / (1 + np.sqrt(ionic_strength)) for z in charges]
    return np.dot(np.power(10.0, log_gamma), concentrations)


CASES = [
    case(
        michaelis_menten_fit,
        np.array([0.36, 0.55]),
        np.array([0.038, 0.194, 0.425, 0.626, 1.253, 2.5, 3.74]),
        np.array([0.05, 0.127, 0.094, 0.2122, 0.2729, 0.2665, 0.3317]),
        source="Wikipedia, Gauss-Newton algorithm",
    ),
    case(
        sir_peak,
        0.45,
        0.12,
        argnums=(0, 1),
        source="Kermack & McKendrick 1927; Allen 2007",
    ),
    case(lotka_volterra, np.array([1.0, 0.1, 1.5, 0.075]), source="SciPy Cookbook, Lotka-Volterra"),
    case(
        hodgkin_huxley,
        120.0,
        36.0,
        0.3,
        argnums=(0, 1, 2),
        source="Dayan & Abbott, 5.6",
    ),
    case(jukes_cantor, 0.2, source="Felsenstein, Inferring Phylogenies, chapter 11"),
    case(
        felsenstein,
        np.array([0.1, 0.2, 0.15, 0.3, 0.05, 0.12]),
        {"A": "ACGTA", "B": "ACGTC", "C": "ATGTA", "D": "ATGCA"},
        source="Felsenstein 1981",
    ),
    case(arrhenius_rates, 350.0, {"direct": (1e13, 9e4), "catalysed": (1e10, 7e4)}, source="Atkins, 17.5"),
    case(buffer_pH, 0.1, 4.76, argnums=(0, 1), source="Harris, Quantitative Chemical Analysis, 9-3"),
    case(
        plasma_concentration,
        {"ka": 1.2, "ke": 0.2, "V": 30.0},
        [Dose(0.0, 100.0), Dose(6.0, 50.0), Dose(12.0, 50.0)],
    ),
    case(
        goldman_potential,
        {"K": 5.0, "Na": 145.0, "Cl": 110.0},
        {"K": 140.0, "Na": 10.0, "Cl": 10.0},
        argnums=(0, 1),
        source="Hille, Ion Channels, 14",
    ),
    case(
        leslie_growth,
        np.array([0.1, 1.5, 1.0]),
        np.array([0.6, 0.4]),
        argnums=(0, 1),
        source="Caswell, 2.2",
    ),
    case(
        needleman_wunsch,
        1.03,
        -1.01,
        -0.52,
        argnums=(0, 1, 2),
        source="Durbin et al., 2.3",
    ),
    case(bubble_point, 0.4, source="Smith, Van Ness, Abbott, example 10.1"),
    case(huckel_energy, -0.3, -2.5, argnums=(0, 1), source="Newman, chapter 6; Atkins, 9E"),
    case(
        substitution_model,
        rng.uniform(0.1, 1, 6),
        0.4,
        argnums=(0, 1),
        source="scipy documentation, expm",
    ),
    case(chemostat, 0.5, 1.2, argnums=(0, 1), source="scipy documentation, odeint"),
    case(ion_activity, [1, -1, 2], [0.01, 0.03, 0.01], argnums=1, source="Harris, 8-2"),
]
