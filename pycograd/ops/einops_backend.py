"""einops on watched values.

einops asks its backends whose class a tensor is of.  Watched values say that they are arrays, so its numpy backend
takes them as they are, whichever is imported first; `register_einops_backend` gives them one of their own.
"""

from typing import Any

from pycograd.core import Traced
from pycograd.core.lazy import optional

__all__ = ["register_einops_backend"]

registered: list[Any] = []


def register_einops_backend() -> None:
    """Make watched values known to einops by a backend of their own, which einops finds by its class.

    `rearrange`, `reduce`, `repeat`, `einsum`, `pack` and their like work without it.  It may be called any number of
    times, whatever einops has been used for before.  Raises ModuleNotFoundError if einops is not installed.
    """
    if not registered:
        registered.append(backend(optional("einops._backends", "einops").NumpyBackend))


def backend(base: Any) -> Any:
    """The subclass of the numpy backend `base` for watched values: they have numpy's functions."""

    class PycogradBackend(base):
        framework_name = "pycograd"

        def is_appropriate_type(self, tensor: Any) -> bool:
            return issubclass(type(tensor), Traced)

    return PycogradBackend
