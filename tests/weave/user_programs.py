"""Programs of a page, written with classes as scientists and engineers write them, in plain Python and numpy."""

import abc
import collections
import contextlib
import copy
import enum
import functools
import itertools
import math
import operator
import random
import typing
from dataclasses import dataclass

import numpy as np

PROGRAMS = []


def program(x):
    def add(f):
        PROGRAMS.append((f, x))
        return f

    return add


# ---- GP ----
class Kernel(abc.ABC):
    @abc.abstractmethod
    def __call__(self, a, b): ...
    def __add__(self, o):
        return Sum(self, o)

    def __mul__(self, o):
        return Product(self, o if isinstance(o, Kernel) else Constant(o))

    __rmul__ = __mul__


class Sum(Kernel):
    def __init__(self, *k):
        self.k = k

    def __call__(self, a, b):
        return sum(k(a, b) for k in self.k)


class Product(Kernel):
    def __init__(self, *k):
        self.k = k

    def __call__(self, a, b):
        return functools.reduce(operator.mul, [k(a, b) for k in self.k])


class Constant(Kernel):
    def __init__(self, c):
        self.c = c

    def __call__(self, a, b):
        return self.c * np.ones((len(a), len(b)))


class RBF(Kernel):
    def __init__(self, l):
        self.l = l

    def __call__(self, a, b):
        return np.array([[math.exp(-0.5 * ((x - y) / self.l) ** 2) for y in b] for x in a])


class GP:
    def __init__(self, kernel, noise):
        self.kernel, self.noise = kernel, noise

    def fit(self, X, y):
        self.X, self.y = X, y
        return self

    @functools.cached_property
    def L(self):
        return np.linalg.cholesky(self.kernel(self.X, self.X) + self.noise * np.eye(len(self.X)))

    @property
    def alpha(self):
        return np.linalg.solve(self.L.T, np.linalg.solve(self.L, self.y))

    @property
    def log_marginal(self):
        return (
            -0.5 * self.y @ self.alpha
            - np.log(np.diag(self.L)).sum()
            - 0.5 * len(self.y) * math.log(2 * math.pi)
        )


XX = np.linspace(0, 1, 5)
YY = np.sin(XX)


@program(np.array([0.5, 0.3, 1.2]))
def gp(t):
    return GP(t[2] * RBF(t[0]) + Constant(0.1), t[1] ** 2).fit(XX, YY).log_marginal


# ---- autodiff-like Value class by user ----
class Value:
    def __init__(self, data, children=()):
        self.data = data
        self.children = children

    def __add__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data + o.data, (self, o))

    def __mul__(self, o):
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data * o.data, (self, o))

    def __neg__(self):
        return self * -1

    def __sub__(self, o):
        return self + (-o)

    def __truediv__(self, o):
        return self * o**-1

    def __pow__(self, k):
        return Value(self.data**k, (self,))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, o):
        return (-self) + o

    def tanh(self):
        return Value(math.tanh(self.data), (self,))

    def exp(self):
        return Value(math.exp(self.data), (self,))

    def __repr__(self):
        return f"Value({self.data:.3f})"


class Neuron:
    def __init__(self, n, rng):
        self.w = [Value(rng.uniform(-1, 1)) for _ in range(n)]
        self.b = Value(0.0)

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x)), self.b).tanh()

    @property
    def parameters(self):
        return self.w + [self.b]


class Layer:
    def __init__(self, i, o, rng):
        self.neurons = [Neuron(i, rng) for _ in range(o)]

    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out

    def __iter__(self):
        return iter(self.neurons)

    def __len__(self):
        return len(self.neurons)


class MLP:
    def __init__(self, sizes, rng):
        self.layers = [Layer(a, b, rng) for a, b in itertools.pairwise(sizes)]

    def __call__(self, x):
        for l in self.layers:
            x = l(x)
        return x


@program(np.array([0.5, -0.3]))
def micrograd(x):
    net = MLP([2, 3, 1], random.Random(0))
    out = net(list(x))
    return (1 - out).data ** 2 + len(net.layers[0]) * 0 + (out / 2.0 - 3).exp().data


# ---- bank/physics sim ----
@dataclass
class Body:
    m: float
    q: np.ndarray
    v: np.ndarray

    @property
    def kinetic(self):
        return 0.5 * self.m * float(self.v @ self.v)

    def step(self, f, dt):
        self.v += dt * f / self.m
        self.q += dt * self.v


class Universe:
    G = 1.0

    def __init__(self, bodies):
        self.bodies = list(bodies)

    def __iter__(self):
        yield from self.bodies

    def __getitem__(self, i):
        return self.bodies[i]

    def force(self, a):
        f = np.zeros(2)
        for b in self:
            if b is not a:
                d = b.q - a.q
                f += self.G * a.m * b.m * d / math.pow(math.hypot(*d) + 0.1, 3)
        return f

    @property
    def energy(self):
        return sum(b.kinetic for b in self) + sum(
            -self.G * a.m * b.m / math.hypot(*(a.q - b.q)) for a, b in itertools.combinations(self, 2)
        )

    def run(self, n, dt):
        for _ in range(n):
            fs = [self.force(b) for b in self]
            for b, f in zip(self, fs):
                b.step(f, dt)
        return self


@program(np.array([1.0, 2.0]))
def nbody(m):
    u = Universe(
        [
            Body(m[0], np.array([0.0, 0.0]), np.array([0.0, -0.1])),
            Body(m[1], np.array([1.0, 0.0]), np.array([0.0, 1.0])),
            Body(0.5, np.array([0.0, 1.5]), np.array([0.3, 0.0])),
        ]
    )
    return u.run(5, 0.05).energy + u[0].q[1]


# ---- options tree ----
class Option(enum.Enum):
    CALL = 1
    PUT = -1

    def payoff(self, s, k):
        return max(self.value * (s - k), 0.0)


class Tree:
    def __init__(self, s, k, r, sigma, n, kind=Option.PUT):
        self.__dict__.update(s=s, k=k, r=r, sigma=sigma, n=n, kind=kind)

    @property
    def dt(self):
        return 1.0 / self.n

    @property
    def u(self):
        return math.exp(self.sigma * math.sqrt(self.dt))

    @property
    def p(self):
        return (math.exp(self.r * self.dt) - 1 / self.u) / (self.u - 1 / self.u)

    def price(self):
        v = [self.kind.payoff(self.s * self.u ** (2 * j - self.n), self.k) for j in range(self.n + 1)]
        for i in reversed(range(self.n)):
            v = [
                max(
                    math.exp(-self.r * self.dt) * (self.p * v[j + 1] + (1 - self.p) * v[j]),
                    self.kind.payoff(self.s * self.u ** (2 * j - i), self.k),
                )
                for j in range(i + 1)
            ]
        return v[0]


@program(np.array([100.0, 105.0, 0.05, 0.2]))
def american(t):
    return Tree(*t, 6).price()


# ---- Kalman ----
class Kalman:
    def __init__(self, **kw):
        self.P = np.eye(2)
        self.x = np.zeros(2)
        self.ll = 0.0
        vars(self).update(kw)

    @property
    def F(self):
        return np.array([[1.0, self.dt], [0.0, math.exp(-self.gamma)]])

    @property
    def Q(self):
        return np.diag([0.0, math.pow(self.q, 2)])

    def predict(self):
        self.x = self.F @ self.x
        self.P = self.F @ self.P @ self.F.T + self.Q
        return self

    def update(self, z):
        s = self.P[0, 0] + self.r
        k = self.P[:, 0] / s
        e = z - self.x[0]
        self.x = self.x + k * e
        self.P = self.P - np.outer(k, self.P[0])
        self.ll += -0.5 * (e**2 / s + math.log(2 * math.pi * s))
        return self


@program(np.array([0.3, 0.5, 0.2]))
def kalman(t):
    k = Kalman(dt=0.1, gamma=t[0], q=t[1], r=t[2])
    for z in [0.1, 0.3, 0.2, 0.5]:
        k.predict().update(z)
    return k.ll


# ---- quaternion ----
class Quaternion(typing.NamedTuple):
    w: float
    x: float
    y: float
    z: float

    def __mul__(a, b):
        return Quaternion(
            a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
            a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
            a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
            a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
        )

    @property
    def conjugate(self):
        return self._replace(x=-self.x, y=-self.y, z=-self.z)

    @classmethod
    def rotation(cls, axis, angle):
        s = math.sin(angle / 2)
        return cls(math.cos(angle / 2), *[s * a / math.hypot(*axis) for a in axis])

    def rotate(self, v):
        return (self * Quaternion(0.0, *v) * self.conjugate)[1:]


@program(np.array([0.4, 0.1]))
def rotations(a):
    q = Quaternion.rotation((1.0, 2.0, 3.0), a[0]) * Quaternion.rotation((0.0, 1.0, 0.0), a[1])
    r = q.rotate((1.0, 0.0, 0.0))
    return r[0] * r[1] + r[2]


# ---- polynomial w/ __call__ __getitem__ etc ----
class Poly:
    __slots__ = ("c",)

    def __init__(self, *c):
        self.c = list(c)

    def __call__(self, x):
        return functools.reduce(lambda s, c: s * x + c, reversed(self.c), 0.0)

    def __add__(self, o):
        return Poly(*[a + b for a, b in itertools.zip_longest(self.c, o.c, fillvalue=0.0)])

    def __matmul__(self, o):
        out = Poly(0.0)
        for c in reversed(self.c):
            out = out * o + Poly(c)
        return out

    def __mul__(self, o):
        if not isinstance(o, Poly):
            return Poly(*[c * o for c in self.c])
        out = [0.0] * (len(self) + len(o) - 1)
        for i, a in enumerate(self):
            for j, b in enumerate(o):
                out[i + j] += a * b
        return Poly(*out)

    def __len__(self):
        return len(self.c)

    def __iter__(self):
        return iter(self.c)

    def __getitem__(self, i):
        return self.c[i]

    def __eq__(self, o):
        return self.c == o.c

    def __bool__(self):
        return any(self.c)

    @property
    def derivative(self):
        return Poly(*[k * c for k, c in enumerate(self.c)][1:])

    @property
    def degree(self):
        return max((k for k, c in enumerate(self.c) if c), default=0)


@program(np.array([1.0, 2.0, -0.5]))
def polys(t):
    f = Poly(*t)
    g = Poly(0.5, 1.0)
    h = (f @ g) * f + g * 2.0
    return h.derivative(0.3) + h[2] * h.degree + (1.0 if h else 0.0) + (f == g)


# ---- event loop simulation with heap ----
@functools.total_ordering
class Event:
    def __init__(self, t, amount):
        self.t, self.amount = t, amount

    def __lt__(self, o):
        return math.exp(self.t) < math.exp(o.t)

    def __eq__(self, o):
        return self.t == o.t


@program(np.array([0.5, 0.2, 0.9]))
def events(t):
    total = 0.0
    for k, e in enumerate(sorted((Event(v, 2 * v) for v in t), reverse=True)):
        total += e.amount * math.exp(-k * e.t)
    return total + max(Event(t[0], 1.0), Event(t[1], 2.0)).amount * t[0]


# ---- state machine generator coroutine ----
def controller(kp, ki):
    i = 0.0
    u = 0.0
    while True:
        e = yield u
        i += e
        u = kp * e + ki * math.tanh(i)


@program(np.array([0.8, 0.3]))
def pid(k):
    c = controller(*k)
    next(c)
    y = 0.0
    cost = 0.0
    for _ in range(8):
        y += 0.3 * (c.send(1.0 - y) - 0.1 * y)
        cost += math.pow(1.0 - y, 2)
    return cost


# ---- HMM log-space ----
class Log:
    def __init__(self, l):
        self.l = l

    @classmethod
    def of(cls, p):
        return cls(math.log(p))

    def __add__(self, o):
        if not isinstance(o, Log):
            return self
        a, b = max(self.l, o.l), min(self.l, o.l)
        return Log(a + math.log1p(math.exp(b - a)))

    __radd__ = __add__

    def __mul__(self, o):
        return Log(self.l + o.l)

    def __float__(self):
        return math.exp(self.l)


@program(np.array([0.7, 0.4, 0.9]))
def hmm(t):
    A = [[Log.of(t[0]), Log.of(1 - t[0])], [Log.of(t[1]), Log.of(1 - t[1])]]
    B = [[Log.of(t[2]), Log.of(1 - t[2])], [Log.of(0.2), Log.of(0.8)]]
    f = [Log.of(0.5) * B[i][0] for i in (0, 1)]
    for o in (1, 0, 1):
        f = [sum(f[i] * A[i][j] for i in (0, 1)) * B[j][o] for j in (0, 1)]
    return sum(f).l + float(f[0])


# ---- context-managed units, descriptors validated ----
class Positive:
    def __set_name__(self, o, n):
        self.n = "_" + n

    def __get__(self, i, o=None):
        return self if i is None else math.exp(getattr(i, self.n))

    def __set__(self, i, v):
        if v <= 0:
            raise ValueError(v)
        setattr(i, self.n, math.log(v))


class Gamma:
    shape = Positive()
    rate = Positive()

    def __init__(self, shape, rate):
        self.shape, self.rate = shape, rate

    def logpdf(self, x):
        return (
            self.shape * math.log(self.rate)
            - math.lgamma(self.shape)
            + (self.shape - 1) * math.log(x)
            - self.rate * x
        )

    @contextlib.contextmanager
    def scaled(self, k):
        old = self.rate
        self.rate *= k
        try:
            yield self
        finally:
            self.rate = old


@program(np.array([2.0, 1.5]))
def gammas(t):
    g = Gamma(*t)
    with g.scaled(2.0) as s:
        a = s.logpdf(0.7)
    return a + g.logpdf(0.7)


# ---- copy/deepcopy/slots/weird ----
@program(np.array([0.5, 1.5]))
def copies(t):
    a = Poly(*t)
    b = copy.deepcopy(a)
    b.c[0] = math.exp(b.c[0])
    c = copy.copy(a)
    d = collections.ChainMap({"x": a}, {"y": b})
    m = collections.OrderedDict(sorted({k: v(0.5) for k, v in d.items()}.items()))
    return sum(m.values()) * c[1]


# ---- matrix class with numpy inside ----
class Mat:
    __array_priority__ = 100

    def __init__(self, a):
        self.a = np.asarray(a)

    def __matmul__(self, o):
        return Mat(self.a @ (o.a if isinstance(o, Mat) else o))

    def __rmatmul__(self, o):
        return Mat(o @ self.a)

    def __getitem__(self, k):
        return self.a[k]

    def __setitem__(self, k, v):
        self.a[k] = v

    @property
    def T(self):
        return Mat(self.a.T)

    def __iadd__(self, o):
        self.a = self.a + math.exp(o)
        return self

    def __array__(self, dtype=None, copy=None):
        return self.a

    @property
    def shape(self):
        return self.a.shape


@program(np.array([0.5, 1.5]))
def mats(t):
    m = Mat([[t[0], 1.0], [t[1], 2.0]])
    m[0, 1] = t[0] * t[1]
    m += t[1]
    n = np.eye(2) @ m @ m.T
    return n[0, 1] * m.shape[0] + np.trace(n.a)


# ---- recursion with memo dict & lru_cache ----
@program(np.array([0.3, 0.6]))
def memo(t):
    @functools.cache
    def fib(n):
        return t[0] if n < 2 else fib(n - 1) * math.cos(t[1]) + fib(n - 2)

    table = {}

    def path(i, j):
        if (i, j) not in table:
            table[i, j] = 1.0 if 0 in (i, j) else math.exp(-t[0] * i) * path(i - 1, j) + t[1] * path(i, j - 1)
        return table[i, j]

    return fib(8) + path(4, 4)


# ---- strategy pattern with dict dispatch, match ----
@dataclass(frozen=True)
class Node:
    op: str
    args: tuple


def ev(n, env):
    match n:
        case float() | int():
            return n
        case str():
            return env[n]
        case Node("+", (a, b)):
            return ev(a, env) + ev(b, env)
        case Node("*", (a, b)):
            return ev(a, env) * ev(b, env)
        case Node(op=name, args=(a,)):
            return getattr(math, name)(ev(a, env))
        case _:
            raise TypeError(n)


@program(np.array([0.3, 0.6]))
def interpreter(t):
    return ev(Node("+", (Node("*", ("x", Node("exp", ("y",)))), Node("sin", ("x",)))), {"x": t[0], "y": t[1]})


# ---- functional: compose, curry, pipe, closures ----
def pipe(*fs):
    return lambda x: functools.reduce(lambda v, f: f(v), fs, x)


class Maybe:
    def __init__(self, v):
        self.v = v

    def bind(self, f):
        return self if self.v is None else Maybe(f(self.v))

    def __rshift__(self, f):
        return self.bind(f)

    def __or__(self, d):
        return d if self.v is None else self.v


@program(np.array([0.3, 0.6]))
def functional(t):
    return (
        (Maybe(t[0]) >> math.exp >> (lambda v: v * t[1]) >> functools.partial(pow, 2.0) | 0.0)
        + pipe(math.sin, np.exp, lambda v: v**2)(t[1])
        + (Maybe(None) >> math.exp | t[0])
    )
