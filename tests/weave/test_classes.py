"""The construction of instances is woven, in all the ways that a class gives it."""

import abc
import dataclasses
import enum
import functools
import math
import typing
from dataclasses import dataclass, field

import numpy as np
import pytest

import pycograd
from pycograd import Var
from pycograd.weave import woven

from .test_kinds import E5, slope


@dataclass
class Prior:
    log: float
    scale: dataclasses.InitVar[float] = 1.0
    buffer: np.ndarray = field(default_factory=lambda: np.zeros(2))
    rate: float = field(init=False)

    def __post_init__(self, scale):
        self.rate = scale * math.exp(self.log)
        self.buffer[0] = self.rate


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Frozen:
    log: float
    table: list = field(default_factory=lambda: [math.exp(0.0)], compare=False)

    def __post_init__(self):
        object.__setattr__(self, "table", [*self.table, math.exp(self.log)])


@dataclass
class Derived(Prior):
    shift: float = 0.0

    def __post_init__(self, scale):
        super().__post_init__(scale)
        self.rate += math.sin(self.shift)


class Manual(Prior):
    def __init__(self, x):
        super().__init__(x, 3.0)


@dataclass
class Factory:
    made: list = field(default_factory=lambda: [math.exp(0.0)])
    pair: tuple = (1.0, 2.0)


def test_dataclass_post_init_and_factories():
    assert slope(lambda x: Prior(x).rate) == E5
    assert slope(lambda x: Prior(log=x, scale=2.0).buffer[0]) == 2 * E5
    assert slope(lambda x: Frozen(log=x).table[1]) == E5
    assert slope(lambda x: Derived(x, shift=x).rate) == pytest.approx(E5 + math.cos(0.5))
    assert slope(lambda x: Manual(x).rate) == pytest.approx(3 * E5)
    assert slope(lambda x: dataclasses.replace(Frozen(log=0.0), log=x).table[-1]) == E5
    assert slope(lambda x: x * Factory().made[0]) == 1.0
    assert woven(lambda x: [Prior(x), Frozen(log=x), Factory()] and Prior(x).rate)(0.5) == E5


def test_dataclass_errors_are_the_dataclass():
    for f in (lambda: Prior(), lambda: Prior(1.0, wrong=2), lambda: Frozen(1.0)):
        with pytest.raises(TypeError) as plain:
            f()
        with pytest.raises(TypeError) as ours:
            woven(f)()
        assert str(ours.value) == str(plain.value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        woven(lambda: setattr(Frozen(log=1.0), "log", 2.0))()


def test_dataclass_without_functions_of_its_own_is_made_by_python():
    @dataclass
    class Point:
        x: float
        y: float = 2.0

    assert slope(lambda x: Point(x).x * Point(x).y) == 2.0


class Registry(type):
    """A metaclass that prepares the arguments, and keeps one instance a key."""

    kept: typing.ClassVar[dict] = {}

    def __call__(cls, key, x):
        if key not in cls.kept:
            made = super().__call__(key, math.exp(x))
            if key is None:
                return made
            cls.kept[key] = made
        return cls.kept[key]

    def doubled(cls, x):
        return 2 * math.exp(x)

    @property
    def unit(cls):
        return math.exp(0.0)


class Registered(metaclass=Registry):
    def __init__(self, key, x):
        self.x = math.sin(x)


class Explicit(type):
    def __call__(cls, x):
        return type.__call__(cls, math.exp(x))


class Explicitly(metaclass=Explicit):
    def __init__(self, x):
        self.x = math.sin(x)


def test_metaclass():
    chain = math.cos(E5) * E5
    assert slope(lambda x: Registered(None, x).x) == pytest.approx(chain)
    assert slope(lambda x: Registered.doubled(x) * Registered.unit) == 2 * E5
    assert slope(lambda x: Explicitly(x).x) == pytest.approx(chain)
    assert woven(lambda: Registered("a", 1.0) is Registered("a", 2.0))()
    Registry.kept.clear()


class Immutable:
    def __new__(cls, x, *rest):
        if x is None:
            return 3.0
        made = super().__new__(cls)
        made.x = math.exp(x)
        return made


class Sub(Immutable):
    def __init__(self, x, y):
        self.y = math.exp(y)


class Number(float):
    """A float that remembers what it was made of."""

    def __new__(cls, value, origin):
        made = super().__new__(cls, float(value))
        made.origin = math.exp(origin)
        return made


class Failure(ValueError):
    def __init__(self, x):
        super().__init__("failed")
        self.loss = math.exp(x)


class Shape(abc.ABC):
    def __init__(self, x):
        self.x = math.exp(x)

    @abc.abstractmethod
    def area(self): ...

    def scaled(self):
        return 2 * self.area()


class Square(Shape):
    def area(self):
        return math.pow(self.x, 2)


class Kind(enum.Enum):
    EXP = "exp"
    SIN = "sin"

    def apply(self, x):
        return math.exp(x) if self is Kind.EXP else math.sin(x)


class Generic(typing.Generic[typing.TypeVar("T")]):
    def __init__(self, x):
        self.x = math.exp(x)


class Pair(typing.NamedTuple):
    a: float
    b: float = 1.0

    def total(self):
        return math.exp(self.a) + self.b


class Slots:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = math.exp(x)


class Mixin:
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mixed = math.exp(self.x)


class Base:
    def __init__(self, x):
        self.x = math.sin(x)


class Mixed(Mixin, Base):
    pass


def test_classes_of_all_kinds():
    assert slope(lambda x: Immutable(x).x) == E5
    assert woven(lambda: Immutable(None) + math.exp(0))() == 4.0
    assert slope(lambda x: Sub(x, 2 * x).x + Sub(0.0, 2 * x).y) == pytest.approx(E5 + 2 * math.e)
    assert slope(lambda x: Number(2.0, x).origin + Number(2.0, 0.0)) == E5
    assert slope(lambda x: Square(x).scaled()) == pytest.approx(4 * math.e)
    with pytest.raises(TypeError, match="abstract"):
        woven(lambda x: Shape(x))(1.0)
    assert slope(lambda x: Kind("exp").apply(x) + Kind.SIN.apply(x)) == pytest.approx(E5 + math.cos(0.5))
    assert slope(lambda x: Generic(x).x + Generic[int](x).x) == 2 * E5
    assert slope(lambda x: Pair(x).total() + Pair(a=x, b=x)._replace(a=0.0).b) == 1 + E5
    assert slope(lambda x: Slots(x).x) == E5
    assert slope(lambda x: Mixed(x).mixed) == pytest.approx(math.exp(math.sin(0.5)) * math.cos(0.5))

    def raised(x):
        try:
            raise Failure(x)
        except ValueError as error:
            return error.loss

    assert slope(raised) == E5


def test_inits_that_are_bound_anew_are_seen(monkeypatch):
    def f(x):
        return Slots(x).x

    assert slope(f) == E5

    def init(self, x):
        self.x = 2 * math.exp(x)

    monkeypatch.setattr(Slots, "__init__", init)
    assert slope(f) == 2 * E5


class Hooked:
    """What runs when a class is made, not when it is called, is not woven: it is right, or raises."""

    def __init_subclass__(cls, scale=1.0, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.scale = np.exp(scale)


def test_init_subclass_and_class_bodies():
    def made(x):
        class Local(Hooked, scale=x):
            value = math.exp(x)

            @staticmethod
            def twice(y):
                return 2 * math.exp(y)

        return Local.scale + Local.value + Local.twice(x)

    assert slope(made) == pytest.approx(4 * E5)


class Methods:
    scale = 2.0

    def __init__(self, x):
        self.x = x

    @functools.singledispatchmethod
    def apply(self, y):
        raise TypeError(y)

    @apply.register
    def _(self, y: float):
        return y * math.exp(self.x)

    @apply.register(str)
    def _(self, y):
        return math.sin(self.x)

    power = functools.partialmethod(lambda self, k, y: k * math.exp(y), 3)

    @functools.lru_cache  # noqa: B019
    def cached(self, y):
        return math.exp(y)

    @classmethod
    def made(cls, x):
        return cls(math.exp(x))

    @staticmethod
    def static(x):
        return math.exp(x)

    nested = staticmethod(functools.partial(lambda k, y: k * math.exp(y), 4))


def test_methods_of_all_kinds():
    assert slope(lambda x: Methods(x).apply(2.0)) == 2 * E5
    assert slope(lambda x: Methods(x).apply("a")) == math.cos(0.5)
    assert pycograd.grad(lambda x: Methods(0.0).apply(x))(2.0) == (1.0,)
    with pytest.raises(TypeError):
        woven(lambda x: Methods(x).apply([math.exp(0)]))(1.0)
    assert slope(lambda x: Methods(1.0).power(x)) == 3 * E5
    assert slope(lambda x: Methods(1.0).cached(x)) == E5
    assert slope(lambda x: Methods.made(x).x + Methods.static(x)) == 2 * E5
    assert slope(lambda x: Methods(1.0).nested(x)) == 4 * E5
    assert slope(lambda x: Methods.made(x).made(0.0).scale * x) == 2.0
    assert isinstance(woven(lambda x: Methods(x))(Var(1.0)), Methods)
