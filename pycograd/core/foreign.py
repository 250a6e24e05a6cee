"""What is said when a watched value reaches what takes plain numbers: compiled code, a library, an array of others."""

import ast
import dis
import re
import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any

from .catalogue import ForeignCodeError, IntegerStoreError, LostGradientError, OutsideStoreError
from .errors import callee_text, expression, is_ours, is_users, place_of, told, user_frame, variable_of, where
from .labelled import LABELLED
from .registry import REGISTRY

__all__ = [
    "THIRD_PARTY",
    "as_key",
    "compiled",
    "integer_store",
    "lost",
    "named",
    "outside_text",
    "refused",
    "unwoven",
    "ways_in",
]

unwoven: list[Callable[[FrameType], str]] = []  # weaving's: why the code of a frame is not woven
ways_in: list[
    Callable[[FrameType, str], str]
] = []  # (frame of a library, what was called) -> how it can be done
THIRD_PARTY = "to differentiate through third-party Python code: pycograd.weave(function)"
OWN = ("np", "numpy", "float", "complex", "int")
# What code of C says of a type that it does not know, by our name for it or without.
UNKNOWN = re.compile(
    r"\b(Var|Buffer|Dual|Batched|Symbol|Observed)\b|ambiguous argument types|[Nn]o matching signature|"
    "incompatible function arguments"
)


def refused(what: str, x: Any) -> TypeError:
    """The error for a watched value `x` whose numbers somebody takes, perhaps to store them."""
    user = user_frame()
    return lost(what, x) if user is None or not stores(user) else written(user)


def lost(what: str, x: Any) -> TypeError:
    """The error for a watched value `x` whose numbers somebody takes."""
    frame, library = user_frame(), None
    inner: FrameType | None = sys._getframe(1)
    while inner is not None and inner is not frame:
        library = library if is_ours(inner.f_code) else inner
        inner = inner.f_back
    called = callee_text(expression(frame)) if frame else ""
    numpys = called.split(".")[0] in OWN or what[1:-2] == called.rpartition(".")[2]
    if frame and called and not what.startswith(".") and not numpys and not known_in(frame, called):
        fact = f"it was given {x.aval}, of which it wants the numbers: {what} would lose its gradient"
        return of_library(called, library, where(), fact)
    return LostGradientError(
        told(
            f"{what} of a watched value",
            f"it is {x.aval}, and would lose its gradient",
            (unwoven[0](frame) if frame and unwoven else "") or THIRD_PARTY,
            fix="pycograd.value_of(x), for the plain numbers",
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


def of_library(called: str, library: FrameType | None, place: str, fact: str) -> ForeignCodeError:
    """The error for a call that the user writes as `called`, whose code is that of `library`, or compiled."""
    kind, way = "compiled code", ""
    if library is not None:
        name = f"{library.f_globals.get('__name__')}.{library.f_code.co_qualname}"
        kind = f"a library function ({name}) that takes plain numbers"
        way = ways_in[0](library, called) if ways_in else ""
    lines = [f"{called} is {kind}, and was given a watched value{place}", fact]
    if not way:
        lines.append(f"if its derivative is known: pycograd.blackbox({called}, jac=...)")
        way = f'pycograd.blackbox({called}, jac="3-point")'
    elif way.startswith("pycograd.weave"):
        lines.append(
            f'if it calls compiled code: pycograd.blackbox({called}, jac="3-point"), or with its derivative'
        )
    return ForeignCodeError("\n  ".join([*lines, f"fix: {way}"]))


def compiled(error: Exception, kind: type) -> ForeignCodeError | None:
    """The error in the user's words, if compiled code raised `error` because it was given a value of `kind`."""
    if type(error) is not TypeError or not UNKNOWN.search(str(error)):
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
    if users is None or last is None or not calls(last):
        return None
    if not any(issubclass(type(x), kind) for x in last.tb_frame.f_locals.values()):
        return None
    called = callee_text(expression(users.tb_frame, users.tb_lasti))
    if not called or known_in(users.tb_frame, called):
        return None
    said = str(error).partition("\n")[0]
    return of_library(called, library, place_of(users.tb_frame, users), f"it says: {said}")


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


def variable(frame: FrameType, text: str) -> tuple[Any, list[str]]:
    """What the first name of the dotted `text` stands for in `frame`, and the names of attributes after it."""
    first, *rest = text.split(".")
    return frame.f_locals.get(first, frame.f_globals.get(first, frame.f_builtins.get(first))), rest


# ---- stores --------------------------------------------------------------------------------------------------------
def stores(frame: FrameType) -> bool:
    """Whether `frame` runs `array[key] = value`, sets `array.flat`, or calls a method that does so."""
    operation = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    if operation in ("STORE_SUBSCR", "STORE_SLICE", "STORE_ATTR"):
        return True
    return callee_text(expression(frame)).rpartition(".")[2] in STORING


STORING = frozenset(["fill", "put", "itemset", "__setitem__", "setitem"])


def stored_into(frame: FrameType | None) -> str:
    """The user's expression for the array that the statement or call writes into that `frame` runs; "" if unknown."""
    try:
        statement: Any = ast.parse(expression(frame)).body[0] if frame else None
    except (SyntaxError, ValueError, IndexError):
        return ""
    augmented = isinstance(statement, ast.AugAssign)
    node = statement.target if augmented else getattr(statement, "value", None)
    if isinstance(node, ast.Call):
        node = argument_written(node)
    elif isinstance(node, ast.Subscript) or isinstance(node, ast.Attribute) and not augmented:
        node = node.value
    while isinstance(node, ast.Attribute) and node.attr in ("flat", "real", "imag"):
        node = node.value
    return ast.unparse(node) if isinstance(node, ast.expr) else ""


def argument_written(call: ast.Call) -> ast.expr | None:
    """What `call` writes into, as far as its text tells."""
    for keyword in call.keywords:
        if keyword.arg == "out":
            return keyword.value
    if isinstance(call.func, ast.Attribute) and call.func.attr in STORING:
        owner = call.func.value
        if not (isinstance(owner, ast.Name) and owner.id in (*OWN, "operator")):
            return owner
    return call.args[0] if call.args else None


def named(x: Any) -> str:
    """What the user calls the array `x`, which his line writes into: a variable, or an expression of it."""
    name = variable_of(x)
    text = stored_into(user_frame()) if name == "an array" else ""
    return f"`{text}`" if text else name


def written(frame: FrameType) -> OutsideStoreError:
    """The error for a watched value that the user's `frame` writes into a plain array."""
    into = stored_into(frame)
    first = into.partition("[")[0]
    if first and getattr(getattr(variable(frame, first)[0], "dtype", None), "names", None):
        return OutsideStoreError(structured_text(into, first))
    if type(variable(frame, into)[0]) not in LABELLED:
        reason = unwoven[0](frame) if unwoven else ""
        return OutsideStoreError(outside_text(f"`{into}`" if into else "an array", reason))
    return OutsideStoreError(
        told(
            f"a watched value is written into `{into}`, a plain container",
            "its gradient would be lost",
            fix=f"make a new one of it, {into.split('.')[0]}.where(condition, value), or set a whole column",
        )
    )


def integer_store(have: Any, dtype: Any, array: Any = None, said: str = "") -> IntegerStoreError:
    """The error for a watched value of dtype `have` that is stored in an array of `dtype`.

    array  a handle on the array, if there is one; `said` is what numpy says
    """
    into = (stored_into(user_frame()) if array is None else named(array)).strip("`")
    which = f"`{into}`, an" if into and into != "an array" else "an"
    return IntegerStoreError(
        told(
            f"a watched {have} is stored in {which} array of {dtype}",
            "its fraction would be cut off, and its gradient lost",
            said,
            fix=f"{into if into.isidentifier() else 'a'} = np.zeros(n), an array of floats",
        )
    )


def structured_text(into: str, array: str) -> str:
    """What is said of a store into `into`, a part of the structured array that the user calls `array`."""
    return told(
        f"a watched value is written into `{into}`, {'a' if into == array else 'part of a'} structured array",
        "its fields hold plain numbers: the gradient would be lost",
        fix=f"field = np.zeros({array}.shape), an array of its own in place of the field",
    )


def outside_text(into: str, reason: str = "") -> str:
    """What is said of a store into the plain array that the user calls `into`, and for what `reason` it is plain."""
    name = into.strip("`") if into.strip("`").isidentifier() else "a"
    return told(
        f"a watched value is written into {into}, a plain array made outside the function",
        "its gradient would be lost: make the array inside the function, pass it as an argument, or store in a copy",
        reason,
        fix=f"{name} = pycograd.track({name}), before the store",
    )
