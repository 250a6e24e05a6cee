"""What is said where a watched value is stored in an array that cannot hold it: a plain one, or one of integers."""

import ast
import dis
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np

from .catalogue import IntegerStoreError, OutsideStoreError
from .errors import callee_text, expression, file_name, one_line, syntax_of, told, user_frame, variable_of
from .labelled import LABELLED

__all__ = ["CONVERSIONS", "OWN", "integer_store", "outside", "stores", "variable", "written"]

OWN = ("np", "numpy", "float", "complex", "int")
CONVERSIONS = frozenset(
    "array asarray asanyarray ascontiguousarray asfortranarray float complex int float64 float32".split()
)
STORING = frozenset(["fill", "put", "itemset", "__setitem__", "setitem"])
PARTS = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Load, ast.Store, ast.UnaryOp, ast.USub)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


# ---- errors ----------------------------------------------------------------------------------------------------------
def outside(x: Any, what: str = "") -> OutsideStoreError:
    """The error for a watched value that is stored in the plain array `x`, which may be `what` for the user."""
    frame = user_frame()
    return OutsideStoreError(outside_text(what or named(x).strip("`"), x, frame))


def written(frame: FrameType, reason: str = "") -> OutsideStoreError:
    """The error for a watched value that the user's `frame` writes into what holds plain numbers; `reason`: why its
    code is not woven.
    """
    into = stored_into(frame)
    x = value_at(frame, into)
    if type(x) in LABELLED or type(variable(frame, into)[0]) in LABELLED:
        return OutsideStoreError(
            told(
                f"a watched value is written into `{into}`, a plain container",
                "its gradient would be lost",
                fix=f"make a new one of it, {into.split('.')[0]}.where(condition, value), or set a whole column",
            )
        )
    return OutsideStoreError(outside_text(into, x, frame, reason))


def outside_text(into: str, x: Any, frame: FrameType | None, reason: str = "") -> str:
    """What is said of a store into `x`, which is `into` for the user, in `frame`."""
    called = f"`{into}`" if into and into != "an array" else "an array"
    if structured(x) or structured(value_at(frame, into.partition("[")[0])):
        whole = into.partition("[")[0]
        return told(
            f"a watched value is written into {called}, {'a' if into == whole else 'part of a'} structured array",
            made_at(frame, whole),
            "its fields hold plain numbers: the gradient would be lost",
            fix=f"field = np.zeros({whole}.shape), an array of its own in place of the field",
        )
    if x is not None and not isinstance(x, np.ndarray):
        return told(
            f"a watched value is written into {called}, of {type(x).__name__}, which holds plain numbers",
            made_at(frame, into),
            "its gradient would be lost",
            fix=f"{into} = np.zeros({getattr(x, 'shape', 'n')}), an array, where it is made",
        )
    return told(
        f"a watched value is written into {called}, a plain array made outside the function",
        made_at(frame, into),
        "its gradient would be lost: make the array inside the function, pass it as an argument, or store in a copy",
        reason,
        fix=way_out(into, x, frame),
    )


def way_out(into: str, x: Any, frame: FrameType | None) -> str:
    """What to paste, so that the array `x`, which is `into` in `frame`, can hold watched values."""
    if frame is None or not is_target(into):
        return "pycograd.track(np.zeros(n)) where it is made"
    code = frame.f_code
    base = getattr(x, "base", None)
    if isinstance(base, np.ndarray) and (owner := variable_of(base)) != "an array":
        owner = owner.strip("`")
        return f"own = pycograd.track({owner}), before `{into}` is taken of it, and own in place of {owner}"
    if not into.isidentifier() or into in (*code.co_varnames, *code.co_cellvars):
        return f"{into} = pycograd.track({into}), before the store"
    if isinstance(x, np.ndarray) and not x.any():
        return f"{into} = {zeros_like(x)}, as the first line of {code.co_name}"
    return f"own = pycograd.track({into}), as the first line of {code.co_name}, and own in place of {into} after it"


def integer_store(have: Any, dtype: Any, array: Any = None, said: str = "") -> IntegerStoreError:
    """The error for a watched value of dtype `have` that is stored in an array of `dtype`.

    array  a handle on the array, if there is one; `said` is what numpy says
    """
    frame = user_frame()
    into = (stored_into(frame) if array is None else named(array)).strip("`")
    known = bool(into) and into != "an array"
    return IntegerStoreError(
        told(
            f"a watched {have} is stored in {f'`{into}`, an' if known else 'an'} array of {dtype}",
            made_at(frame, into),
            "its fraction would be cut off, and its gradient lost",
            said,
            fix=f"{into if is_target(into) else 'a'} = {of_floats(frame, into)}, where it is made",
        )
    )


def of_floats(frame: FrameType | None, into: str) -> str:
    """An array of floats in the place of `into`, one of integers."""
    x = value_at(frame, into)
    now = x.current(False) if hasattr(x, "current") else x
    node = making(frame, into)
    if node is not None and np.any(now):
        return f"np.asarray({one_line(ast.unparse(node.value))}, float)"
    return f"np.zeros({sizes(getattr(x, 'shape', 'n'))})"


def zeros_like(x: Any) -> str:
    return f"np.zeros({sizes(x.shape)}{'' if x.dtype == float else f', np.{x.dtype}'})"


def sizes(shape: Any) -> str:
    return str(shape[0]) if isinstance(shape, tuple) and len(shape) == 1 else str(shape)


def structured(x: Any) -> bool:
    while isinstance(x, (np.ndarray, np.void)):
        if x.dtype.names is not None:
            return True
        x = x.base
    return False


# ---- what the statement says -----------------------------------------------------------------------------------------
def variable(frame: FrameType, text: str) -> tuple[Any, list[str]]:
    """What the first name of the dotted `text` stands for in `frame`, and the names of attributes after it."""
    first, *rest = text.split(".")
    return frame.f_locals.get(first, frame.f_globals.get(first, frame.f_builtins.get(first))), rest


def value_at(frame: FrameType | None, text: str) -> Any:
    """The value of the variable, or of the part of one, that `text` says; None if it says more than that."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return None
    if frame is None or not all(isinstance(node, PARTS) for node in ast.walk(tree.body)):
        return None
    try:
        return eval(compile(tree, "<pycograd>", "eval"), frame.f_globals, dict(frame.f_locals))
    except Exception:
        return None


def is_target(text: str) -> bool:
    """Whether `text` can stand on the left of an assignment."""
    try:
        return isinstance(ast.parse(text, mode="eval").body, (ast.Name, ast.Attribute, ast.Subscript))
    except (SyntaxError, ValueError):
        return False


def stores(frame: FrameType) -> bool:
    """Whether `frame` runs `array[key] = value`, sets `array.flat`, or calls a method that does so."""
    operation = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    if operation in ("STORE_SUBSCR", "STORE_SLICE", "STORE_ATTR"):
        return True
    return callee_text(expression(frame)).rpartition(".")[2] in STORING


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


# ---- where it was made -----------------------------------------------------------------------------------------------
def made_at(frame: FrameType | None, into: str) -> str:
    """Where `into`, as code calls it that `frame` runs, got its value, as far as the file tells; nothing if it does
    not.
    """
    if frame is None:
        return ""
    node = making(frame, into)
    if node is not None:
        return f"it was made at {file_name(frame.f_code)}:{node.lineno} `{one_line(ast.unparse(node))}`"
    arguments = frame.f_code.co_varnames[: frame.f_code.co_argcount + frame.f_code.co_kwonlyargcount]
    return f"it is an argument of {frame.f_code.co_name}" if into in arguments else ""


def making(frame: FrameType | None, into: str) -> Any:
    """The last assignment to `into` in the file, of those that code sees which `frame` runs; None if there is none."""
    tree = syntax_of(frame) if frame is not None and is_target(into) else None
    if frame is None or tree is None:
        return None
    found = None
    for node, around in assignments(tree):
        if into.isidentifier() and not all(f.lineno <= frame.f_lineno <= (f.end_lineno or 0) for f in around):
            continue  # a variable of another function
        if any(ast.unparse(target) == into for target in targets(node)):
            found = node
    return found


def assignments(tree: ast.AST, around: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The assignments in `tree`, with the functions that they stand in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            yield node, around
        yield from assignments(node, (*around, node) if isinstance(node, FUNCTIONS) else around)


def targets(node: Any) -> Iterator[ast.expr]:
    waiting = list(node.targets) if isinstance(node, ast.Assign) else [node.target]
    for target in waiting:
        if isinstance(target, (ast.Tuple, ast.List)):
            waiting += target.elts
        else:
            yield target
