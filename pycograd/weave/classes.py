"""Classes: the construction of an instance by woven `__new__`, `__init__` and `__post_init__`, as Python does it.

`resolve` stands for what a woven call reaches, in one of the ways of weaving.
"""

from collections.abc import Callable
from functools import partial
from types import CellType, FunctionType, MethodType
from typing import Any

from .selection import is_woven

__all__ = ["construct", "generated_init", "has_makers", "of_class"]

Resolve = Callable[[Any], Any]
new_object = object.__new__


def of_class(cls: Any, resolve: Resolve) -> Any:
    """What a call of `cls` calls: `cls` itself if there is nothing of the user's to run."""
    call = type(cls).__call__
    if call is not type.__call__:
        woven = resolve(call) if type(call) is FunctionType else call
        return cls if woven is call else MethodType(woven, cls)
    new, init = cls.__new__, cls.__init__
    woven = {make: resolve(make) for make in (new, init) if is_users(make)}
    if all(make is replaced for make, replaced in woven.items()):
        return cls
    if new is not new_object:
        return partial(construct, cls, resolve)
    return constructor(cls, init, woven[init], resolve)


def has_makers(cls: Any) -> bool:
    """Whether the construction of an instance runs code of the user."""
    makers = type(cls).__call__, cls.__new__, cls.__init__
    return any(map(is_users, makers))


def is_users(make: Any) -> bool:
    return type(make) is FunctionType and is_woven(make)


def constructor(cls: Any, init: Any, woven: Any, resolve: Resolve) -> Any:
    """What `type.__call__` does for a class that has an `__init__` and no `__new__`."""

    def make(*args: Any, **kwargs: Any) -> Any:
        if cls.__init__ is not init:
            return construct(cls, resolve, *args, **kwargs)
        obj = new_object(cls)
        result = woven(obj, *args, **kwargs)
        if result is not None:
            raise not_none(result)
        return obj

    return make


def construct(cls: Any, resolve: Resolve, /, *args: Any, **kwargs: Any) -> Any:
    """What `type.__call__` does."""
    new = cls.__new__
    obj = new_object(cls) if new is new_object else resolve(new)(cls, *args, **kwargs)
    kind = type(obj)
    if issubclass(kind, cls):
        result = resolve(kind.__init__)(obj, *args, **kwargs)
        if result is not None:
            raise not_none(result)
    return obj


def not_none(result: Any) -> TypeError:
    return TypeError(f"__init__() should return None, not '{type(result).__name__}'")


# ---- dataclasses -----------------------------------------------------------------------------------------------------
def generated_init(init: FunctionType, resolve: Resolve) -> Callable[..., None] | None:
    """The `__init__` that a dataclass generated, without a source, with its factories and `__post_init__` woven.

    None if `init` is none of those, or runs nothing of the user's.
    """
    code = init.__code__
    if code.co_filename != "<string>" or code.co_name != "__init__":
        return None
    contents = [cell.cell_contents for cell in init.__closure__ or ()]
    replaced = [Object if c is object else resolve(c) if is_users(c) else c for c in contents]
    posts = "__post_init__" in code.co_names
    if not posts and all(a is b for a, b in zip(contents, replaced)):
        return None
    woven = FunctionType(
        code, init.__globals__, init.__name__, init.__defaults__, tuple(map(CellType, replaced))
    )
    woven.__kwdefaults__, woven.__qualname__ = init.__kwdefaults__, init.__qualname__

    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        woven(Fields(self, resolve), *args, **kwargs)

    return initialise


class Fields:
    """The instance whose fields a generated `__init__` sets, and whose `__post_init__` it calls."""

    __slots__ = ("instance", "resolve")
    instance: Any
    resolve: Resolve

    def __init__(self, instance: Any, resolve: Resolve) -> None:
        object.__setattr__(self, "instance", instance)
        object.__setattr__(self, "resolve", resolve)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.instance, name, value)

    def __post_init__(self, *args: Any) -> None:
        self.resolve(self.instance.__post_init__)(*args)


class Object:
    """`object`, for that `__init__`."""

    @staticmethod
    def __setattr__(fields: Fields, name: str, value: Any) -> None:  # type: ignore[override]
        object.__setattr__(fields.instance, name, value)
