"""What an error says of code that is not woven: why, and what works in it all the same."""

from types import FrameType

from pycograd.core.traced import unwoven

from .resolve import PLANS

__all__ = ["reason_of"]


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


unwoven.append(reason_of)
