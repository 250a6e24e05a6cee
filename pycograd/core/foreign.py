"""What is said when a watched value reaches what takes plain numbers: compiled code, a library, an array of others."""

import dis
import re
import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

from .catalogue import ForeignCodeError, LostGradientError
from .errors import (
    Coded,
    blackbox_text,
    callee_text,
    expression,
    is_ours,
    is_users,
    place_of,
    told,
    user_frame,
    where,
)
from .registry import REGISTRY
from .stored import CONVERSIONS, OWN, stores, variable, written

__all__ = [
    "THIRD_PARTY",
    "as_key",
    "compiled",
    "is_refusal",
    "lost",
    "refused",
    "remedies",
    "unwoven",
    "ways_in",
]

unwoven: list[Callable[[FrameType], str]] = []  # weaving's: why the code of a frame is not woven
remedies: list[Callable[[FrameType], str]] = []  # weaving's: what would let it be woven
ways_in: list[
    Callable[[FrameType, str], str]
] = []  # (frame of a library, what was called) -> how it can be done
THIRD_PARTY = "to differentiate through third-party Python code: pycograd.weave(function)"
# What code of C says of a type that it does not know, by our name for it or without.
UNKNOWN = re.compile(
    r"\b(Var|Buffer|Dual|Batched|Symbol|Observed)\b|ambiguous argument types|[Nn]o matching signature|"
    "incompatible function arguments|argument is not a float|not JSON serializable|wrong type|"
    "know how to convert|ForeignCodeError: "
)
KINDS = frozenset(["TypeError", "ArgumentError", "error"])  # the last two are those of ctypes and struct


def refused(what: str, x: Any) -> TypeError:
    """The error for a watched value `x` whose numbers somebody takes, perhaps to store them."""
    user = user_frame()
    if user is None or not stores(user):
        return lost(what, x)
    return written(user, unwoven[0](user) if unwoven else "")


def lost(what: str, x: Any) -> TypeError:
    """The error for a watched value `x` whose numbers somebody takes."""
    frame, library = user_frame(), None
    inner: FrameType | None = sys._getframe(1)
    while inner is not None and inner is not frame:
        library = library if is_ours(inner.f_code) else inner
        inner = inner.f_back
    called = callee_text(expression(frame)) if frame else ""
    owner, _, name = called.rpartition(".")
    converts = name in CONVERSIONS and owner in ("", *OWN) or name == what[1:-2]
    inside = library is not None or not what.startswith(".")
    if frame and called and inside and not converts and not known_in(frame, called):
        fact = f"it was given {x.aval}, of which it wants the numbers: {what} would lose its gradient"
        return of_library(expression(frame), called, library, where(), fact)
    reason = unwoven[0](frame) if frame and unwoven else ""
    remedy = remedies[0](frame) if frame and remedies else ""
    return LostGradientError(
        told(
            f"{what} of a watched value",
            f"it is {x.aval}, and would lose its gradient",
            reason or THIRD_PARTY,
            "for the plain numbers: pycograd.value_of(x)" if remedy else "",
            fix=remedy or "pycograd.value_of(x), for the plain numbers",
        )
    )


def as_key(x: Any, number: Any) -> TypeError:
    """The error for a watched value `x` that is to be hashed; `number` is what there is of it without its tape."""
    if getattr(number, "unanswerable", ""):
        return TypeError(
            f"a key of a dictionary, or a member of a set,{where()} that is {number.unanswerable}"
        )
    return LostGradientError(
        told(
            "a watched number is the key of a dictionary or a member of a set",
            f"it is {x.aval}; what is found under an equal number may have another gradient",
            fix="pycograd.value_of(x), for the plain number",
        )
    )


def of_library(text: str, called: str, library: FrameType | None, place: str, fact: str) -> ForeignCodeError:
    """The error for the call `text` of what the user writes as `called`, whose code is of `library`, or compiled."""
    kind, way = "compiled code", ""
    if library is not None:
        name = f"{library.f_globals.get('__name__')}.{library.f_code.co_qualname}"
        kind = f"a library function ({name}) that takes plain numbers"
        way = ways_in[0](library, called) if ways_in else ""
    lines = [f"{called} is {kind}, and was given a watched value{place}", fact]
    if not way:
        lines.append(f"if its derivative is known: pycograd.blackbox({called}, jac=...)")
        way = blackbox_text(text, called)
    elif way.startswith("pycograd.weave"):
        lines.append(
            f'if it calls compiled code: pycograd.blackbox({called}, jac="3-point"), or with its derivative'
        )
    return ForeignCodeError("\n  ".join([*lines, f"fix: {way}"]))


def compiled(error: Exception, kind: type) -> ForeignCodeError | None:
    """The error in the user's words, if compiled code raised `error` because it was given a value of `kind`."""
    if not is_refusal(error):
        return None
    users, library, last = None, None, None
    tb = error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        if not is_ours(code) and is_users(code) and not of_cython(code):
            users, library = tb, None
        elif not is_ours(code):
            library = library or tb.tb_frame
        last, tb = last if of_cython(code) else tb, tb.tb_next
    if users is None or last is None or (users is last and not calls(last)):
        return None
    if not any(issubclass(type(x), kind) for x in last.tb_frame.f_locals.values()):
        return None
    text = expression(users.tb_frame, users.tb_lasti)
    called = callee_text(text)
    if not called or known_in(users.tb_frame, called):
        return None
    said = str(error).partition("\n")[0].partition(": ForeignCodeError")[0]  # ours, as ctypes tells it
    return of_library(text, called, library, place_of(users.tb_frame, users), f"it says: {said}")


def is_refusal(error: Exception) -> bool:
    """Whether compiled code raised `error` because of a type that it does not know."""
    return type(error).__name__ in KINDS and not isinstance(error, Coded) and bool(UNKNOWN.search(str(error)))


def of_cython(code: CodeType) -> bool:
    """Whether `code` stands in a traceback for compiled code: it is empty."""
    return not (code.co_consts or code.co_names or code.co_varnames)


def calls(tb: TracebackType) -> bool:
    """Whether the frame of `tb` ended in a call."""
    at, code = tb.tb_lasti, tb.tb_frame.f_code.co_code
    while at > 0 and dis.opname[code[at]] == "CACHE":
        at -= 2
    return "CALL" in dis.opname[code[at]]


def known_in(frame: FrameType, text: str) -> bool:
    """Whether what `frame` calls by the dotted name `text` is differentiable where it is woven."""
    value, rest = variable(frame, text)
    for name in rest:
        value = getattr(value, name, None) if isinstance(value, ModuleType) else None
    return value is not None and REGISTRY.find(value) is not None
