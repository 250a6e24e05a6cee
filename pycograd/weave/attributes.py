"""Attributes that run functions of the user: properties, descriptors, `__getattr__` and its like, as Python finds them.

`resolve` says what is called in place of a function.
"""

import functools
from collections.abc import Callable
from typing import Any

from .specials import special, user_function

__all__ = ["read", "write"]

Resolve = Callable[[Any], Any]


def read(value: Any, name: str, resolve: Resolve) -> Any:
    """`value.name`."""
    kind = type(value)
    if kind is super:
        return read_super(value, name, resolve)
    general, fallback = user_function(kind, "__getattribute__"), user_function(kind, "__getattr__")
    try:
        if general:
            return resolve(general)(value, name)
        return computed(special(kind, name), value, kind, name, resolve, special(kind, "__getattribute__"))
    except AttributeError:
        if fallback is None:
            raise
    return resolve(fallback)(value, name)


def computed(attribute: Any, value: Any, kind: type, name: str, resolve: Resolve, native: Any) -> Any:
    """`value.name`, where the class has `attribute` under that name."""
    if type(attribute) is property and attribute.fget is not None:
        return resolve(attribute.fget)(value)
    if type(attribute) is functools.cached_property:
        kept = value.__dict__
        if attribute.attrname not in kept:
            kept[attribute.attrname] = resolve(attribute.func)(value)
        return kept[attribute.attrname]
    get = user_function(type(attribute), "__get__")
    if get is not None:
        written = special(type(attribute), "__set__") or special(type(attribute), "__delete__")
        if written or name not in getattr(value, "__dict__", ()):
            return resolve(get)(attribute, value, kind)
    return native(value, name)


def read_super(value: Any, name: str, resolve: Resolve) -> Any:
    """`super().name`."""
    obj, kind = value.__self__, value.__self_class__
    for base in kind.__mro__[kind.__mro__.index(value.__thisclass__) + 1 :]:
        if name in base.__dict__ and obj is not kind:
            return computed(
                base.__dict__[name], obj, kind, name, resolve, lambda _, name: getattr(value, name)
            )
    return getattr(value, name)


def write(value: Any, action: str, name: str, resolve: Resolve, *args: Any) -> None:
    """`value.name = args[0]`, or `del value.name`: by the action "set" or "delete"."""
    kind = type(value)
    attribute = special(kind, name)
    general = user_function(kind, f"__{action[:3]}attr__")
    if general:
        resolve(general)(value, name, *args)
        return
    if type(attribute) is property:
        function = attribute.fset if action == "set" else attribute.fdel
        if function is not None:
            resolve(function)(value, *args)
            return
    function = user_function(type(attribute), f"__{action}__")
    if function is not None:
        resolve(function)(attribute, value, *args)
    else:
        (setattr if action == "set" else delattr)(value, name, *args)
