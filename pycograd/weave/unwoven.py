"""What an error says of code that is not woven: why, and what works in it all the same."""

import sys
from types import CodeType, FrameType

from pycograd.core.errors import is_ours
from pycograd.core.foreign import remedies, unwoven, ways_in

from .resolve import PLANS, enabled
from .selection import NEVER, is_user_file, is_users, modules
from .specials import defined, look

__all__ = ["reason_of", "way_in"]

WORKS = "its numpy calls are differentiated, math functions, float() and np.array([...]) of watched values are not"


def reason_of(frame: FrameType) -> str:
    """Why the code that `frame` runs is not woven, in words; nothing if it is."""
    code = frame.f_code
    plan = PLANS.by_code.get(id(code))
    if is_result(code) or not enabled[-1]:
        return ""
    if plan is not None and plan.woven is None:
        return f"{code.co_name} runs unwoven ({plan.reason}): {WORKS}" if plan.reason else ""
    if not is_users(code, frame.f_globals):
        return ""
    return f"{code.co_qualname} runs unwoven, {caller_of(frame)}: {WORKS}"


def remedy_of(frame: FrameType) -> str:
    """What would let the code be woven that `frame` runs; nothing if that is not known."""
    plan = PLANS.by_code.get(id(frame.f_code))
    if plan is None or plan.woven is not None or is_result(frame.f_code) or not plan.reason:
        return ""
    name = frame.f_code.co_name
    if plan.alone:
        return f"pycograd.weave({name if name.isidentifier() else frame.f_globals.get('__name__')})"
    return f"{name if name.isidentifier() else 'the function'} in a .py file or a notebook cell, which has a source"


def is_result(code: CodeType) -> bool:
    """Whether weaving made that code."""
    plan = PLANS.by_code.get(id(code))
    inner = plan is not None and plan.woven is None and plan.reason.startswith("woven")
    return inner or any(name.startswith("__pg_") for name in code.co_freevars)


def caller_of(frame: FrameType) -> str:
    """Who called the function of `frame` where weaving does not see it."""
    caller = frame.f_back
    while caller is not None and is_ours(caller.f_code):
        caller = caller.f_back
    if caller is not None and not is_user_file(caller.f_code.co_filename):
        return (
            f"called by {caller.f_globals.get('__name__')}.{caller.f_code.co_qualname}, which is left alone"
        )
    known = set(defined)
    look()
    if not known.issuperset(defined):
        return "of a class that was made after its caller was woven (call the transform again)"
    return "called by Python itself or by compiled code (call it by its name, as a method or a function)"


def way_in(frame: FrameType, called: str) -> str:
    """How to differentiate through the library that `frame` runs, which the user calls as `called`; text to paste."""
    package = (frame.f_globals.get("__name__") or "").partition(".")[0]
    if package in ("pandas", "xarray"):
        return (
            "a function of numpy of the values, x.to_numpy(); to decide by the numbers, pycograd.value_of(x)"
        )
    if package in NEVER or package in sys.stdlib_module_names or modules.get(package):
        return ""
    return f'pycograd.weave("{package}")'


unwoven.append(reason_of)
remedies.append(remedy_of)
ways_in.append(way_in)
