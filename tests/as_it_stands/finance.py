"""Finance: options, bonds, portfolios, trading rules."""

import cmath
import math
from itertools import accumulate

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from as_it_stands.cases import case
from as_it_stands.numerics import bisect, newton, normal_cdf, normal_pdf, thomas


def black_scholes(S, K, T, r, sigma, option="call"):
    d1 = (math.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * math.sqrt(T))
    d2 = d1 - sigma * math.sqrt(T)
    if option == "call":
        return S * normal_cdf(d1) - K * math.exp(-r * T) * normal_cdf(d2)
    elif option == "put":
        return K * math.exp(-r * T) * normal_cdf(-d2) - S * normal_cdf(-d1)
    raise ValueError(f"unknown option {option!r}")


def option_chain(sigma, strikes, S=100.0, T=0.5, r=0.01):
    d1 = (np.log(S / strikes) + (r + 0.5 * sigma**2) * T) / (sigma * np.sqrt(T))
    return S * ndtr(d1) - strikes * np.exp(-r * T) * ndtr(d1 - sigma * np.sqrt(T))


def binomial_call(S, K, T, r, sigma, N=8):
    dt = T / N
    u = np.exp(sigma * np.sqrt(dt))
    d = 1 / u
    p = (np.exp(r * dt) - d) / (u - d)
    values = [max(S * u**j * d ** (N - j) - K, 0) for j in range(N + 1)]
    for step in range(N, 0, -1):
        values = [np.exp(-r * dt) * (p * values[j + 1] + (1 - p) * values[j]) for j in range(step)]
    return values[0]


def american_put(S, sigma, K=100.0, T=1.0, r=0.06, N=10):
    dt = T / N
    u = np.exp(sigma * np.sqrt(dt))
    disc = np.exp(-r * dt)
    q = (np.exp(r * dt) - 1 / u) / (u - 1 / u)
    C = np.zeros(N + 1)
    for j in range(0, N + 1):
        C[j] = max(0, K - S * u ** (-N + 2 * j))
    for i in np.arange(N - 1, -1, -1):
        for j in range(0, i + 1):
            spot = S * u ** (-i + 2 * j)
            C[j] = disc * (q * C[j + 1] + (1 - q) * C[j])
            C[j] = max(C[j], K - spot)
    return C[0]


def implied_volatility(price, S=100.0, K=105.0, T=0.75, r=0.02):
    def value(sigma):
        return black_scholes(S, K, T, r, sigma) - price

    def vega(sigma):
        d1 = (math.log(S / K) + (r + sigma**2 / 2) * T) / (sigma * math.sqrt(T))
        return S * normal_pdf(d1) * math.sqrt(T)

    return newton(value, vega, 0.3)


def implied_volatility_brentq(price, strike):
    return brentq(lambda sigma: black_scholes(100.0, strike, 1.0, 0.01, sigma) - price, 0.01, 2.0, xtol=1e-14)


def bond_price(coupon_rate, yield_rate, face=1000, years=10, frequency=2):
    coupon = face * coupon_rate / frequency
    price = 0
    for period in range(1, years * frequency + 1):
        price += coupon / (1 + yield_rate / frequency) ** period
    price += face / (1 + yield_rate / frequency) ** (years * frequency)
    return price


def duration_and_convexity(cash_flows, rate):
    times = np.arange(1, len(cash_flows) + 1)
    pv = cash_flows / (1 + rate) ** times
    duration = np.average(times, weights=pv)
    convexity = np.sum(pv * times * (times + 1)) / (np.sum(pv) * (1 + rate) ** 2)
    return np.array([duration, duration / (1 + rate), convexity])


def npv(rate, values):
    return sum(v / (1 + rate) ** i for i, v in enumerate(values))


def internal_rate_of_return(values):
    lo, hi = -0.5, 1.0
    if npv(lo, values) * npv(hi, values) > 0:
        return float("nan")
    rate = 0.1
    for _ in range(100):
        slope = sum(-i * v / (1 + rate) ** (i + 1) for i, v in enumerate(values))
        new_rate = rate - npv(rate, values) / slope
        if abs(new_rate - rate) < 1e-14:
            break
        rate = new_rate
    return rate


def bootstrap_zero_rates(par_rates):
    discounts = []
    for rate in par_rates:
        annuity = sum(discounts)
        discounts.append((1 - rate * annuity) / (1 + rate))
    return np.array([-math.log(d) / (k + 1) for k, d in enumerate(discounts)])


def nelson_siegel_fit(params, maturities, yields):
    beta0, beta1, beta2, tau = params
    x = maturities / tau
    loading = (1 - np.exp(-x)) / x
    curve = beta0 + beta1 * loading + beta2 * (loading - np.exp(-x))
    return np.sqrt(np.mean((curve - yields) ** 2))


def vasicek_bond(r, kappa, theta, sigma, T=5.0):
    B = (1 - np.exp(-kappa * T)) / kappa
    A = np.exp((theta - sigma**2 / (2 * kappa**2)) * (B - T) - sigma**2 / (4 * kappa) * B**2)
    return A * np.exp(-B * r)


def sharpe_ratio(weights, prices, risk_free=0.0001):
    weights = np.asarray(weights) / np.sum(weights)
    returns = np.diff(prices, axis=0) / prices[:-1]
    portfolio = np.dot(returns, weights)
    return np.sqrt(252) * (portfolio.mean() - risk_free) / portfolio.std()


def minimum_variance_portfolio(returns):
    cov = np.cov(returns, rowvar=False)
    ones = np.ones(len(cov))
    w = np.linalg.solve(cov, ones)
    w /= w.sum()
    return w @ cov @ w


def max_drawdown(returns):
    wealth = np.cumprod(1 + returns)
    peak = np.maximum.accumulate(wealth)
    return np.max((peak - wealth) / peak)


def asian_option(S0, sigma, K=100.0, r=0.03, T=1.0, steps=12, paths=40):
    np.random.seed(42)
    dt = T / steps
    S = np.zeros((paths, steps + 1))
    S[:, 0] = S0
    for t in range(steps):
        z = np.random.standard_normal(paths)
        S[:, t + 1] = S[:, t] * np.exp((r - 0.5 * sigma**2) * dt + sigma * np.sqrt(dt) * z)
    payoff = np.maximum(S[:, 1:].mean(axis=1) - K, 0)
    return np.exp(-r * T) * np.mean(payoff)


def ewma_volatility(lam, returns):
    variances = list(accumulate(returns**2, lambda var, r2: lam * var + (1 - lam) * r2))
    return math.sqrt(variances[-1] * 252)


def amortisation_interest(principal, annual_rate, months=24):
    rate = annual_rate / 12
    payment = principal * rate / (1 - (1 + rate) ** -months)
    balance = principal
    schedule = []
    for month in range(1, months + 1):
        interest = balance * rate
        balance -= payment - interest
        schedule.append({"month": month, "interest": interest, "label": f"{month:02d}: {balance:.2f}"})
    assert abs(balance) < 1e-6 * principal
    return sum(row["interest"] for row in schedule)


def kelly_growth(fraction, outcomes, probabilities):
    growth = 0.0
    for outcome, p in zip(outcomes, probabilities):
        growth += p * math.log1p(fraction * outcome)
    return growth


def heston_characteristic(params, u=1.3, T=0.5, S0=1.0, r=0.02):
    kappa, theta, sigma, rho, v0 = params
    xi = kappa - 1j * rho * sigma * u
    d = cmath.sqrt(xi**2 + sigma**2 * (u**2 + 1j * u))
    g = (xi - d) / (xi + d)
    e = cmath.exp(-d * T)
    C = 1j * u * (math.log(S0) + r * T) + kappa * theta / sigma**2 * (
        (xi - d) * T - 2 * cmath.log((1 - g * e) / (1 - g))
    )
    D = (xi - d) / sigma**2 * (1 - e) / (1 - g * e)
    return cmath.exp(C + D * v0).real


def implicit_black_scholes(sigma, K=50.0, r=0.05, T=0.25, M=12, N=6):
    S = np.linspace(0, 100, M + 1)
    j = np.arange(1, M)
    dt = T / N
    V = np.maximum(K - S, 0)
    a = 0.5 * dt * (r * j - sigma**2 * j**2)
    b = 1 + dt * (sigma**2 * j**2 + r)
    c = -0.5 * dt * (r * j + sigma**2 * j**2)
    for n in range(N):
        rhs = V[1:M].copy()
        rhs[0] -= a[0] * K * np.exp(-r * (n + 1) * dt)
        V[1:M] = thomas(a[1:], b, c[:-1], rhs)
        V[0] = K * np.exp(-r * (n + 1) * dt)
    return np.interp(48.0, S, V)


def income_tax(income, brackets=((0, 0.1), (11000, 0.12), (44725, 0.22), (95375, 0.24))):
    tax = 0
    for i, (threshold, rate) in enumerate(brackets):
        if income <= threshold:
            break
        upper = brackets[i + 1][0] if i + 1 < len(brackets) else math.inf
        tax += (min(income, upper) - threshold) * rate
    return tax


def sabr_volatility(params, K=0.025, F=0.03, T=2.0):
    alpha, beta, rho, nu = params
    logFK = math.log(F / K)
    mid = (F * K) ** ((1 - beta) / 2)
    z = nu / alpha * mid * logFK
    x = math.log((math.sqrt(1 - 2 * rho * z + z * z) + z - rho) / (1 - rho))
    a = (
        (1 - beta) ** 2 / 24 * alpha**2 / mid**2
        + rho * beta * nu * alpha / (4 * mid)
        + (2 - 3 * rho**2) / 24 * nu**2
    )
    b = mid * (1 + (1 - beta) ** 2 / 24 * logFK**2 + (1 - beta) ** 4 / 1920 * logFK**4)
    return alpha / b * z / x * (1 + a * T)


def relative_strength(prices, period=5):
    deltas = np.diff(prices)
    up = deltas[:period][deltas[:period] >= 0].sum() / period
    down = -deltas[:period][deltas[:period] < 0].sum() / period
    rsi = np.zeros_like(prices)
    rsi[:period] = 100.0 - 100.0 / (1.0 + up / down)
    for i in range(period, len(prices)):
        delta = deltas[i - 1]
        if delta > 0:
            upval, downval = delta, 0.0
        else:
            upval, downval = 0.0, -delta
        up = (up * (period - 1) + upval) / period
        down = (down * (period - 1) + downval) / period
        rsi[i] = 100.0 - 100.0 / (1.0 + up / down)
    return rsi


def expected_shortfall(weights, scenarios, level=0.9):
    losses = -(scenarios @ weights)
    threshold = np.quantile(losses, level)
    return losses[losses >= threshold].mean()


def merton_default_spread(equity, debt=80.0, sigma=0.3, T=2.0, r=0.03):
    asset = bisect(lambda A: black_scholes(A, debt, T, r, sigma) - equity, 10.0, 500.0, 1e-12)
    bond = asset - equity
    return -math.log(bond / debt) / T - r


rng = np.random.default_rng(3)
prices = 100 * np.cumprod(1 + rng.normal(size=(15, 3)) * 0.02, axis=0)
daily = rng.normal(size=20) * 0.02

CASES = [
    case(
        black_scholes,
        42.0,
        40.0,
        0.5,
        0.1,
        0.2,
        argnums=(0, 1, 2, 3, 4),
        source="Hull, Options, Futures, 15.9, example 15.6",
    ),
    case(option_chain, 0.25, np.array([90.0, 100.0, 115.0])),
    case(
        binomial_call,
        100.0,
        97.0,
        1.0,
        0.05,
        0.2,
        argnums=(0, 2, 3, 4),
        source="Cox, Ross, Rubinstein 1979; Hull, 21.1",
    ),
    case(
        american_put, 98.0, 0.3, argnums=(0, 1), source="Hull, 21.1; QuantPy, American option binomial tree"
    ),
    case(implied_volatility, 7.5, source="Haug, Complete Guide to Option Pricing Formulas, 12.1"),
    case(implied_volatility_brentq, 9.0, 104.0, argnums=(0, 1), source="scipy documentation, brentq"),
    case(bond_price, 0.05, 0.04, argnums=(0, 1), source="Hull, 4.4"),
    case(
        duration_and_convexity, np.array([5.0, 5.0, 5.0, 105.0]), 0.06, argnums=(0, 1), source="Hull, 4.8-4.9"
    ),
    case(
        internal_rate_of_return,
        np.array([-100.0, 39.0, 59.0, 55.0, 20.0]),
        source="numpy-financial documentation, irr",
    ),
    case(bootstrap_zero_rates, np.array([0.02, 0.024, 0.027, 0.03]), source="Hull, 4.7"),
    case(
        nelson_siegel_fit,
        np.array([0.04, -0.02, 0.01, 1.8]),
        np.array([0.5, 1.0, 2.0, 5.0, 10.0]),
        np.array([0.021, 0.024, 0.03, 0.034, 0.038]),
        source="Nelson & Siegel 1987",
    ),
    case(vasicek_bond, 0.03, 0.5, 0.05, 0.02, argnums=(0, 1, 2, 3), source="Vasicek 1977; Hull, 31.2"),
    case(sharpe_ratio, np.array([0.3, 0.5, 0.2]), prices),
    case(minimum_variance_portfolio, rng.normal(size=(20, 3)) * 0.02, source="Merton 1972"),
    case(max_drawdown, daily),
    case(asian_option, 100.0, 0.2, argnums=(0, 1), source="Glasserman, Monte Carlo Methods, 1.1.2"),
    case(ewma_volatility, 0.94, daily, source="RiskMetrics Technical Document 1996, 5.2"),
    case(amortisation_interest, 20000.0, 0.06, argnums=(0, 1)),
    case(kelly_growth, 0.2, [1.0, -1.0, 2.0], [0.5, 0.4, 0.1], source="Kelly 1956"),
    case(
        heston_characteristic,
        np.array([1.5, 0.04, 0.3, -0.6, 0.05]),
        source="Heston 1993; Albrecher et al. 2007",
    ),
    case(implicit_black_scholes, 0.4, source="Hull, 21.8"),
    case(income_tax, 61000.0),
    case(sabr_volatility, np.array([0.03, 0.6, -0.3, 0.4]), source="Hagan et al. 2002, equation 2.17a"),
    case(relative_strength, prices[:, 0], source="matplotlib documentation, finance example; Wilder 1978"),
    case(expected_shortfall, np.array([0.4, 0.3, 0.3]), rng.normal(size=(40, 3))),
    case(merton_default_spread, 40.0, source="Merton 1974; Hull, 24.6"),
]
