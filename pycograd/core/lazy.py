"""Optional packages: imported when first needed; one that is missing is reported by the extra that brings it.

The only place in pycograd that imports inside a function.
"""

from importlib import import_module
from types import ModuleType

__all__ = ["optional"]


def optional(name: str, extra: str) -> ModuleType:
    """The module `name` of an optional package; ModuleNotFoundError names the extra if it is missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise  # the package is there, and itself misses something
        raise ModuleNotFoundError(
            f"{name} is not installed; it comes with the extra {extra!r}: "
            f"pip install '.[{extra}]' from the checkout of pycograd",
            name=name,
        ) from error
