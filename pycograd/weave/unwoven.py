"""What an error says of code that is not woven: why, and what works in it all the same."""

import sys
from types import FrameType

from pycograd.core.foreign import unwoven, ways_in

from .resolve import PLANS
from .selection import NEVER, modules

__all__ = ["reason_of", "way_in"]


def reason_of(frame: FrameType) -> str:
    """Why the code that `frame` runs is not woven, in words; nothing if it is."""
    code = frame.f_code
    plan = PLANS.by_code.get(id(code))
    if plan is None or plan.woven is not None or not plan.reason or plan.reason.startswith("woven"):
        return ""
    return (
        f"{code.co_name} runs unwoven ({plan.reason}): its numpy calls are differentiated, "
        "math functions, float() and np.array([...]) of watched values are not"
    )


def way_in(frame: FrameType, called: str) -> str:
    """How to differentiate through the library that `frame` runs, which the user calls as `called`; text to paste."""
    package = (frame.f_globals.get("__name__") or "").partition(".")[0]
    if package in ("pandas", "xarray"):
        return (
            "a function of numpy of the values, x.to_numpy(); to decide by the numbers, pycograd.value_of(x)"
        )
    if package in NEVER or package in sys.stdlib_module_names or modules.get(package) is not None:
        return ""
    return f'pycograd.weave("{package}")'


unwoven.append(reason_of)
ways_in.append(way_in)
