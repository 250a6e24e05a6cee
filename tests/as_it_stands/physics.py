"""Physics: mechanics, heat, waves, quanta, optics."""

import math
from functools import reduce
from math import cos, sin, sqrt

import numpy as np
from scipy.integrate import quad, solve_ivp
from scipy.special import j1

from as_it_stands.cases import case
from as_it_stands.numerics import rk4, simpson, thomas

G = 9.81


def projectile_range(angle, speed, drag=0.02):
    x, y = 0.0, 0.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    dt = 0.01
    while True:
        v = math.sqrt(vx**2 + vy**2)
        vx -= drag * v * vx * dt
        vy -= (G + drag * v * vy) * dt
        x_new, y_new = x + vx * dt, y + vy * dt
        if y_new < 0:
            return x + (x_new - x) * y / (y - y_new)
        x, y = x_new, y_new


def double_pendulum(state, steps=20, h=0.02):
    def f(r, t):
        theta1, theta2, omega1, omega2 = r
        delta = theta1 - theta2
        den = 3 - cos(2 * delta)
        a1 = (
            -(
                omega1**2 * sin(2 * delta)
                + 2 * omega2**2 * sin(delta)
                + G / 0.4 * (sin(theta1 - 2 * theta2) + 3 * sin(theta1))
            )
            / den
        )
        a2 = (
            4 * omega1**2 * sin(delta)
            + omega2**2 * sin(2 * delta)
            + 2 * G / 0.4 * (sin(2 * theta1 - theta2) - sin(theta2))
        ) / den
        return np.array([omega1, omega2, a1, a2], float)

    r = np.array(state, float)
    t = 0.0
    for _ in range(steps):
        r = rk4(f, r, t, h)
        t += h
    return r


def lennard_jones(positions, epsilon=1.0, sigma=1.0):
    n = len(positions)
    energy = 0.0
    for i in range(n):
        for j in range(i + 1, n):
            r = np.linalg.norm(positions[i] - positions[j])
            sr6 = (sigma / r) ** 6
            energy += 4 * epsilon * (sr6**2 - sr6)
    return energy


def heat_equation(T0, diffusivity):
    T = T0.copy()
    dx, dt = 0.1, 0.002
    for _ in range(25):
        T[1:-1] += diffusivity * dt / dx**2 * (T[2:] - 2 * T[1:-1] + T[:-2])
    return T


def burgers(u0, nu=0.07, nt=8):
    nx = len(u0)
    dx = 2 * np.pi / (nx - 1)
    dt = dx * nu
    u = u0.copy()
    for _ in range(nt):
        un = u.copy()
        for i in range(1, nx - 1):
            u[i] = (
                un[i]
                - un[i] * dt / dx * (un[i] - un[i - 1])
                + nu * dt / dx**2 * (un[i + 1] - 2 * un[i] + un[i - 1])
            )
        u[0] = un[0] - un[0] * dt / dx * (un[0] - un[-2]) + nu * dt / dx**2 * (un[1] - 2 * un[0] + un[-2])
        u[-1] = u[0]
    return u


def wave_on_a_string(shape, c):
    nx, nt = len(shape), 12
    C2 = (c * 0.5) ** 2
    u = np.zeros((nt, nx))
    u[0] = shape
    u[1, 1:-1] = u[0, 1:-1] + 0.5 * C2 * (u[0, 2:] - 2 * u[0, 1:-1] + u[0, :-2])
    for n in range(1, nt - 1):
        u[n + 1, 1:-1] = 2 * u[n, 1:-1] - u[n - 1, 1:-1] + C2 * (u[n, 2:] - 2 * u[n, 1:-1] + u[n, :-2])
    return np.sum(u[-1] ** 2) + u[nt // 2].max()


def kepler_position(eccentricity, mean_anomaly):
    E = mean_anomaly if eccentricity < 0.8 else math.pi
    delta = 1.0
    while abs(delta) > 1e-13:
        delta = (E - eccentricity * math.sin(E) - mean_anomaly) / (1 - eccentricity * math.cos(E))
        E -= delta
    return (math.cos(E) - eccentricity) + math.sqrt(1 - eccentricity**2) * math.sin(E)


class Body:
    def __init__(self, mass, position, velocity):
        self.mass = mass
        self.position = np.array(position, dtype=float)
        self.velocity = np.array(velocity, dtype=float)

    def kick(self, acceleration, dt):
        self.velocity += acceleration * dt

    def drift(self, dt):
        self.position += self.velocity * dt


def three_bodies(masses, steps=10):
    bodies = [
        Body(masses[0], [0.0, 0.0], [0.0, 0.0]),
        Body(masses[1], [1.0, 0.0], [0.0, 1.0]),
        Body(masses[2], [0.0, 2.0], [-0.7, 0.1]),
    ]
    dt = 0.05
    for _ in range(steps):
        for body in bodies:
            a = np.zeros(2)
            for other in bodies:
                if other is not body:
                    d = other.position - body.position
                    a += other.mass * d / (d @ d + 1e-3) ** 1.5
            body.kick(a, dt)
        for body in bodies:
            body.drift(dt)
    return sum(0.5 * b.mass * np.dot(b.velocity, b.velocity) for b in bodies)


def velocity_verlet(x0, k):
    n = 20
    dt = 0.05
    x, v = np.zeros(n), np.zeros(n)
    x[0] = x0
    a = -k * x[0] - 0.3 * x[0] ** 3
    for i in range(n - 1):
        x[i + 1] = x[i] + v[i] * dt + 0.5 * a * dt**2
        a_new = -k * x[i + 1] - 0.3 * x[i + 1] ** 3
        v[i + 1] = v[i] + 0.5 * (a + a_new) * dt
        a = a_new
    return x[-1] * v[-1]


def binding_energy(coefficients, Z=26, A=56):
    a1, a2, a3, a4 = coefficients
    if A % 2 == 1:
        a5 = 0
    elif Z % 2 == 0:
        a5 = 12.0
    else:
        a5 = -12.0
    return a1 * A - a2 * A ** (2 / 3) - a3 * Z**2 / A ** (1 / 3) - a4 * (A - 2 * Z) ** 2 / A + a5 / A**0.5


def step_transmission(E, V=9.0):
    k1 = sqrt(2 * E)
    k2 = sqrt(2 * (E - V))
    T = 4 * k1 * k2 / (k1 + k2) ** 2
    R = ((k1 - k2) / (k1 + k2)) ** 2
    assert abs(T + R - 1) < 1e-12
    return T


def bessel_by_simpson(x, m=1):
    return simpson(lambda theta: cos(m * theta - x * sin(theta)), 0.0, math.pi, 200) / math.pi


def airy_disc(r, wavelength=0.5):
    x = 2 * np.pi / wavelength * r
    return np.sum((j1(x) / x) ** 2)


def debye_heat_capacity(T, theta_D=428.0):
    nodes, weights = np.polynomial.legendre.leggauss(30)
    top = theta_D / T
    x = 0.5 * top * (nodes + 1)
    w = 0.5 * top * weights
    integrand = x**4 * np.exp(x) / (np.exp(x) - 1) ** 2
    return 9 * 1e-3 * 6.022 * 1.380649 * (T / theta_D) ** 3 * np.sum(w * integrand)


def finite_well_levels(depth, n=24):
    x = np.linspace(-3, 3, n)
    h = x[1] - x[0]
    H = np.zeros((n, n))
    for i in range(n):
        H[i, i] = 1.0 / h**2
        if abs(x[i]) < 1.0:
            H[i, i] -= depth
        if i > 0:
            H[i, i - 1] = H[i - 1, i] = -0.5 / h**2
    return np.linalg.eigvalsh(H)[:3]


def thin_film_reflectance(thicknesses, indices, wavelength=0.55):
    M = np.eye(2, dtype=complex)
    for n, d in zip(indices, thicknesses):
        delta = 2 * np.pi * n * d / wavelength
        M = M @ np.array([[np.cos(delta), 1j * np.sin(delta) / n], [1j * n * np.sin(delta), np.cos(delta)]])
    B, C = M @ np.array([1.0, 1.52])
    r = (B - C) / (B + C)
    return abs(r) ** 2


def planck_power(T):
    x = np.linspace(0.05, 20, 200)
    spectrum = x**3 / np.expm1(x / T)
    return np.trapezoid(spectrum, x)


def add_velocities(velocities):
    return reduce(lambda u, v: (u + v) / (1 + u * v), velocities)


def resistor_ladder(resistances, V=5.0):
    n = len(resistances) - 1
    A = np.zeros((n, n))
    b = np.zeros(n)
    for i in range(n):
        left, right = 1 / resistances[i], 1 / resistances[i + 1]
        A[i, i] = left + right + 0.1
        if i + 1 < n:
            A[i, i + 1] -= right
            A[i + 1, i] -= right
    b[0] = V / resistances[0]
    return np.linalg.solve(A, b)


def laplace_relaxation(boundary):
    n = len(boundary)
    phi = np.zeros([n, n])
    phi[0, :] = boundary
    for _ in range(15):
        phi[1:-1, 1:-1] = 0.25 * (phi[2:, 1:-1] + phi[:-2, 1:-1] + phi[1:-1, 2:] + phi[1:-1, :-2])
    return phi[n // 2, n // 2] + np.sum(phi**2)


def lorenz_path(sigma, rho, beta, dt=0.005):
    x, y, z = 1.0, 1.0, 1.0
    while True:
        x, y, z = x + dt * sigma * (y - x), y + dt * (x * (rho - z) - y), z + dt * (x * y - beta * z)
        yield x, y, z


def lorenz_mean_height(parameters):
    heights = []
    for step, (_, _, z) in enumerate(lorenz_path(*parameters)):
        heights.append(z)
        if step == 60:
            break
    return np.mean(np.array(heights))


def pendulum_period(amplitude, length=1.0):
    a, b = 1.0, math.cos(amplitude / 2)
    while abs(a - b) > 1e-15:
        a, b = (a + b) / 2, math.sqrt(a * b)
    return 2 * math.pi * math.sqrt(length / G) / a


def anharmonic_period(amplitude):
    def integrand(x):
        return 1 / sqrt(amplitude**4 - (amplitude * sin(x)) ** 4) * amplitude * cos(x)

    value, error = quad(integrand, 0, 1.2)
    return sqrt(8) * value


def van_der_pol(mu):
    def rhs(t, z):
        x, y = z
        return [y, mu * (1 - x**2) * y - x]

    solution = solve_ivp(rhs, [0, 3], [2, 0], rtol=1e-10, atol=1e-12)
    return solution.y[0, -1]


def crank_nicolson_rod(T, alpha):
    n = len(T)
    main = np.full(n, 1 + alpha)
    off = np.full(n - 1, -alpha / 2)
    for _ in range(4):
        rhs = (1 - alpha) * T
        rhs[1:] += alpha / 2 * T[:-1]
        rhs[:-1] += alpha / 2 * T[1:]
        T = thomas(off, main, off, rhs)
    return T


def moment_of_inertia(masses, points):
    centre = np.average(points, axis=0, weights=masses)
    inertia = np.zeros((3, 3))
    for m, (x, y, z) in zip(masses, points - centre):
        inertia += m * np.array(
            [
                [y * y + z * z, -x * y, -x * z],
                [-x * y, x * x + z * z, -y * z],
                [-x * z, -y * z, x * x + y * y],
            ]
        )
    return np.linalg.eigvalsh(inertia)


rng = np.random.default_rng(2)
xs = np.linspace(0, 1, 11)

CASES = [
    case(projectile_range, 0.7, 20.0, argnums=(0, 1), source="Newman, Computational Physics, exercise 8.7"),
    case(double_pendulum, np.array([1.2, 0.4, 0.0, 0.1]), source="Newman, exercise 8.15"),
    case(
        lennard_jones, 1.5 * rng.uniform(0, 1, (5, 3)) + np.arange(5)[:, None], source="Frenkel & Smit, 3.2.2"
    ),
    case(heat_equation, np.sin(np.pi * xs), 0.8, argnums=(0, 1), source="Newman, example 9.3"),
    case(
        burgers, 2 + np.sin(np.linspace(0, 2 * np.pi, 13)), source="Barba, 12 Steps to Navier-Stokes, step 4"
    ),
    case(
        wave_on_a_string,
        np.sin(np.pi * xs) + 0.1 * xs * (1 - xs),
        1.1,
        argnums=(0, 1),
        source="Langtangen & Linge, 2.1",
    ),
    case(kepler_position, 0.3, 1.1, argnums=(0, 1), source="Danby, Celestial Mechanics, 6.6"),
    case(three_bodies, np.array([1.0, 0.3, 0.2]), source="after Newman, exercise 8.16"),
    case(velocity_verlet, 1.0, 2.0, argnums=(0, 1)),
    case(binding_energy, np.array([15.67, 17.23, 0.75, 93.2]), source="Newman, exercise 2.10"),
    case(step_transmission, 10.0, source="Newman, exercise 2.5"),
    case(bessel_by_simpson, 2.3, source="Newman, exercise 5.4"),
    case(airy_disc, np.linspace(0.1, 0.9, 6), source="Newman, exercise 5.4 (b)"),
    case(debye_heat_capacity, 150.0, source="Newman, exercise 5.9"),
    case(finite_well_levels, 6.0),
    case(
        thin_film_reflectance,
        np.array([0.1, 0.07, 0.12]),
        np.array([1.38, 2.1, 1.46]),
        argnums=(0, 1),
        source="Hecht, Optics, 9.7",
    ),
    case(planck_power, 1.3, source="Newman, exercise 5.12"),
    case(add_velocities, [0.1, 0.3, 0.5]),
    case(resistor_ladder, np.array([1.0, 2.0, 0.5, 3.0, 1.5]), source="after Newman, exercise 6.1"),
    case(laplace_relaxation, np.sin(np.linspace(0.1, 3, 8)), source="Newman, example 9.1"),
    case(lorenz_mean_height, np.array([10.0, 28.0, 8 / 3]), source="Newman, exercise 8.3"),
    case(pendulum_period, 1.0, source="Abramowitz & Stegun, 17.6 (arithmetic-geometric mean)"),
    case(anharmonic_period, 1.7, source="after Newman, exercise 5.10"),
    case(van_der_pol, 1.5, source="scipy documentation, solve_ivp; Newman, exercise 8.6"),
    case(
        crank_nicolson_rod,
        np.sin(np.pi * xs),
        0.4,
        argnums=(0, 1),
        source="Press et al., Numerical Recipes, 20.2",
    ),
    case(moment_of_inertia, np.array([1.0, 2.0, 0.5, 1.5]), rng.normal(size=(4, 3)), argnums=(0, 1)),
]
