"""Each message of the catalogue: its code, the user's line and expression, what it says, and one fix."""

import array
import ast
import ctypes
import ctypes.util
import datetime
import fractions
import json
import linecache
import math
import os
import pickle
import statistics
import struct
import subprocess
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest

import pycograd
from pycograd import (
    Var,
    blackbox,
    custom_jvp,
    custom_vjp,
    debug,
    defvjp,
    elementwise_grad,
    errors,
    explain,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    primitive,
    unweave,
    value_and_grad,
    vjp,
    vmap,
)
from pycograd.debug import zeros

scipy = pytest.importorskip("scipy")
ndimage = pytest.importorskip("scipy.ndimage")
optimize = pytest.importorskip("scipy.optimize")

special = pytest.importorskip("scipy.special")

X = np.array([1.0, 0.0, 4.0])
LIBM = ctypes.CDLL(ctypes.util.find_library("m"))
LIBM.cos.argtypes, LIBM.cos.restype = [ctypes.c_double], ctypes.c_double
README = Path(__file__).parent.parent / "README.md"


def says(error, *words):
    """Check that the message has these words, in this order, one fix, and its code at the end."""
    text = str(error)
    at = 0
    for word in words:
        assert word in text[at:], text
        at = text.index(word, at)
    assert text.count("fix: ") == 1, text
    assert text.endswith(f"[{type(error).code}]"), text
    return text


def raised(kind, f, *args):
    with pytest.raises(kind) as caught:
        f(*args)
    return caught.value


def warned(kind, f, *args):
    with pytest.warns(kind) as caught:
        f(*args)
    (found,) = [w for w in caught if issubclass(w.category, kind)]
    assert found.filename == __file__
    return found.message


# ---- the catalogue itself ---------------------------------------------------------------------------------
def test_every_code_has_one_class_with_a_docstring_and_a_fix():
    found = errors.catalogue()
    assert len(found) == len(set(found.values())) >= 20
    for code, cls in found.items():
        assert code.startswith("PG2" if issubclass(cls, Warning) else "PG1")
        assert "\n\n" in cls.__doc__, f"{cls.__name__}: first when, then the fix"
        assert getattr(errors, cls.__name__) is cls
        assert pickle.loads(pickle.dumps(cls("text"))).args == ("text",)


def test_the_table_in_the_readme_is_the_catalogue():
    start, end = errors.MARKS
    assert errors.index() == README.read_text().partition(start + "\n")[2].partition(end)[0]


def test_write_index_replaces_what_is_between_the_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{errors.MARKS[0]}\nold\n{errors.MARKS[1]}\nafter\n")
    errors.write_index(str(page))
    text = page.read_text()
    assert (
        text.startswith("before\n")
        and text.endswith("\nafter\n")
        and "\nold\n" not in text
        and "PG103" in text
    )


# ---- no rule ----------------------------------------------------------------------------------------------
def packs(x):
    return np.sum(np.packbits(x))


def test_a_function_without_a_rule():
    error = raised(errors.MissingRuleError, grad(packs), X)
    says(error, "no derivative for np.packbits at test_error_catalogue.py:", "`np.packbits(x)`", "custom_vjp",
         'on_missing="fd"', "fix: pycograd.blackbox(np.packbits")  # fmt: skip


def smooths(x):
    return np.sum(ndimage.generic_filter(x, np.ptp, 3) ** 2)


def test_a_library_function_that_takes_the_numbers():
    error = raised(errors.ForeignCodeError, grad(smooths), X)
    name = "ndimage.generic_filter"
    says(error, f"{name} is a library function (scipy.ndimage._filters.generic_filter)",
         "test_error_catalogue.py:", f"`{name}(x, np.ptp, 3)`", "f64[3]",
         f'fix: pycograd.blackbox({name}, jac="3-point")')  # fmt: skip
    assert isinstance(error, errors.MissingRuleError) and isinstance(error, TypeError)


def test_its_fix_works():
    smooth = blackbox(ndimage.spline_filter, jac="3-point")
    assert np.all(np.isfinite(grad(lambda x: np.sum(smooth(x) ** 2), argnums=0)(X)))


def packs_floats(x):
    return array.array("d", [x])[0]


@pytest.mark.parametrize("f, callee", [(packs_floats, "array.array")])
def test_compiled_code(f, callee):
    error = raised(errors.ForeignCodeError, grad(f), 0.5)
    says(error, f"{callee} is compiled code, and was given a watched value at", f"`{callee}(", "f64[]",
         f"fix: pycograd.blackbox({callee}")  # fmt: skip


def waits(x):
    return datetime.timedelta(seconds=x).total_seconds()


def plans(x):
    return optimize.quadratic_assignment(np.reshape(x, (1, 1)), np.eye(1)).fun


# what scipy says of numpy's own generator where another test has seeded it
@pytest.mark.filterwarnings("ignore:The NumPy global RNG was seeded:FutureWarning")
@pytest.mark.parametrize(
    "f, callee, kind, said",
    [
        (waits, "datetime.timedelta", "compiled code", "it says: unsupported type for timedelta"),
        (
            plans,
            "optimize.quadratic_assignment",
            "a library function (scipy.optimize",
            "it was given f64[1,1]",
        ),
    ],
)
def test_errors_of_compiled_code_are_told_in_the_users_words(f, callee, kind, said):
    error = raised(errors.ForeignCodeError, grad(f), 2.0)
    says(
        error,
        f"{callee} is {kind}",
        "test_error_catalogue.py:",
        f"`{callee}(",
        said,
        f"fix: pycograd.blackbox({callee}",
    )


def refuses(x):
    raise TypeError(f"a Var is not wanted here, nor {type(x).__name__}")


def test_a_function_of_scipy_without_a_rule_is_called_what_the_user_calls_it():
    error = raised(errors.MissingRuleError, grad(lambda x: np.sum(scipy.special.mathieu_a(1, x))), X)
    says(error, "no derivative for scipy.special.mathieu_a at test_error_catalogue.py",
         'fix: pycograd.blackbox(scipy.special.mathieu_a, jac="3-point")(1, x)')  # fmt: skip
    f = lambda x: np.sum(blackbox(scipy.special.mathieu_a, jac="3-point")(1, x))
    plain = [(f(X + h) - f(X - h)) / 2e-5 for h in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(grad(f)(X)[0], plain, rtol=1e-5, atol=1e-7)


OTHERS = {
    "libm.cos(x)": (
        lambda x: LIBM.cos(x),
        "it says: argument 1",
        "pycograd.blackbox(LIBM.cos",
    ),
    "struct": (
        lambda x: struct.pack("d", x),
        "required argument is not a float",
        "pycograd.blackbox(struct.pack",
    ),
    "json": (lambda x: json.dumps(x), "not JSON serializable", "pycograd.blackbox(json.dumps"),
    "median": (
        lambda x: statistics.median_grouped([x, 2 * x]),
        "a library function (statistics.",
        "pycograd.blackbox(statistics.median_grouped",
    ),
    "fraction": (
        lambda x: float(fractions.Fraction(x)),
        "(fractions.Fraction",
        "pycograd.blackbox(fractions.Fraction",
    ),
}


@pytest.mark.parametrize("f, said, fix", OTHERS.values(), ids=OTHERS)
def test_other_code_that_takes_plain_numbers(f, said, fix):
    says(raised(errors.ForeignCodeError, grad(f), 1.5), said, f"fix: {fix}")


def test_what_a_float_knows_of_itself():
    assert grad(lambda x: x * x.is_integer())(2.0) == (1.0,)
    says(
        raised(errors.LostGradientError, grad(lambda x: x.hex()), 2.0),
        ".hex() of a watched value",
        "`x.hex()`",
    )


def test_errors_of_the_user_stay_as_they_are():
    assert type(raised(TypeError, grad(refuses), 2.0)) is TypeError
    assert type(raised(TypeError, grad(lambda x: math.hypot(x, "a")), 2.0)) is TypeError


# ---- lost gradients ---------------------------------------------------------------------------------------
@unweave
def converts(x):
    return float(x)


def test_a_conversion_in_code_that_is_not_woven():
    error = raised(errors.LostGradientError, converts, Var(2.0))
    says(
        error,
        "float() of a watched value at test_error_catalogue.py:",
        "`float(x)`",
        "f64[]",
        "fix: pycograd.value_of",
    )


def test_a_function_without_source():
    scope = {"math": math}
    exec("def f(x):\n    return math.exp(x)", scope)
    error = raised(errors.LostGradientError, grad(scope["f"]), 1.0)
    says(error, "float() of a watched value at <string>:2", "f runs unwoven (<string> has no source)",
         "its numpy calls are differentiated", "math functions", "fix:")  # fmt: skip


def test_explain_of_a_function_without_source():
    scope = {"np": np}
    exec("def f(x):\n    return np.exp(x)", scope)
    says(warned(errors.UnwovenWarning, explain, scope["f"], 1.0), "f runs unwoven", "no source", "np.array([x, y])",
         "fix: put the function in a file")  # fmt: skip


# ---- the output, the tuple --------------------------------------------------------------------------------
def vector(x):
    return np.sin(x)


def test_a_vector_given_to_grad():
    error = raised(errors.OutputError, grad(vector), X)
    says(error, "vector (test_error_catalogue.py:", "returned shape (3,)", "f64[3]", "fix: np.sum", "jacobian(vector)",
         "egrad(vector)")  # fmt: skip
    raised(errors.OutputError, grad(lambda x: (x, x)), 1.0)
    raised(errors.OutputError, value_and_grad(lambda x: 1j * x), 1.0)


def test_arithmetic_with_the_tuple():
    error = raised(errors.GradsError, lambda: 0.1 * grad(np.sum)(X))
    says(
        error,
        "tuple of 1 gradient, one per argument at test_error_catalogue.py:",
        "(g,) =",
        "fix: 0.1 * grad(np.sum, argnums=0)(X)",
    )


LOSS = lambda x: np.sum((x - 1) ** 2)
SCOPE = dict(
    np=np, grad=grad, value_and_grad=value_and_grad, optimize=optimize, f=LOSS, X=X, abs=abs, float=float
)


@pytest.mark.parametrize(
    "text",
    [
        "X - 0.1 * grad(f)(X)",
        "grad(f)(X).sum()",
        "grad(f)(X).T @ X",
        "abs(grad(f)(X))",
        "float(grad(np.sin)(0.5))",
        "f'{grad(np.sin)(0.5):.3f}'",
        "np.linalg.norm(grad(f)(X))",
        "grad(f)(X) / 2",
        "optimize.minimize(f, X, jac=grad(f)).x",
        "optimize.minimize(value_and_grad(f), X, jac=True).x",
        "optimize.root(grad(f), X).x",
        "optimize.fmin_bfgs(f, X, fprime=grad(f), disp=0)",
    ],
)
def test_what_to_paste_for_the_tuple(text):
    name = f"<tuple {hash(text)}>"
    linecache.cache[name] = len(text), None, [text], name
    error = raised(errors.GradsError, eval, compile(text, name, "eval"), SCOPE)
    says(error, "one per argument at", "fix: ")
    fix = str(error).partition("fix: ")[2].removesuffix(" [PG108]")
    assert fix.count("argnums=0") == 1
    eval(fix, SCOPE)


def test_an_attribute_that_no_array_has_is_an_attribute_error():
    grads = grad(np.sum)(X)
    assert not hasattr(grads, "shape") and not hasattr(grads, "nothing")
    with pytest.raises(AttributeError, match="'Grads' object has no attribute 'nothing'"):
        grads.nothing  # noqa: B018


def test_the_tuple_as_jac_of_scipy():
    def loss(x):
        return np.sum((x - 1) ** 2)

    error = raised(errors.GradsError, lambda: optimize.minimize(loss, X, jac=grad(loss)))
    says(error, "test_error_catalogue.py:", "(g,) =", "argnums=0")
    assert optimize.minimize(loss, X, jac=grad(loss, argnums=0)).success


# ---- zero, unused -----------------------------------------------------------------------------------------
def through_int(x):
    return 2.0 * int(3 * x)


def through_argmax(x):
    return 1.0 * np.argmax(x)


def through_comparison(x):
    return np.sum(x > 0.5) * 1.0


def through_helper(x):
    return helper(x) + 1.0


def helper(x):
    return round(x)


@pytest.mark.parametrize(
    "f, x, text",
    [
        (through_int, 0.7, "`int(3 * x)`"),
        (through_argmax, X, "`np.argmax(x)`"),
        (through_comparison, X, "`x > 0.5`"),
        (through_helper, 0.7, "`round(x)`"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_a_gradient_that_is_exactly_zero(f, x, text):
    zeros.seen.clear()
    gradient = grad(f, argnums=0)
    says(
        warned(errors.ZeroGradientWarning, gradient, x),
        f"{f.__name__} (test_error_catalogue.py:",
        text,
        "fix:",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.all(gradient(x) == 0)  # said once


def test_zero_is_not_noted_where_it_is_meant_or_is_not_the_whole():
    stopped = pycograd.stop_gradient
    for f in (lambda x: 3.0, lambda x: x - x, lambda x: stopped(x), lambda x: x + round(x), lambda x: 0 * x):
        assert grad(f)(0.7)[0] in (0.0, 1.0)


def test_a_gradient_that_is_zero_in_one_argument():
    f = lambda a, b, tol: a * round(b) if a > tol else a
    with pytest.warns(errors.ZeroGradientWarning) as caught:
        assert grad(f)(1.0, 2.7, 0.1) == (3.0, 0.0, 0.0)
    (warning,) = caught
    says(
        warning.message, "exactly zero in one of its arguments", "the gradient ends at", "`round(b)`", "fix:"
    )
    assert "tol" not in str(warning.message).partition("`round(b)`")[2]


@pytest.mark.parametrize(
    "run",
    [
        lambda: jvp(lambda x: 2.0 * int(x), (1.5,), (1.0,)),
        lambda: jacrev(lambda x: np.floor(x))(X),
        lambda: jacfwd(lambda x: np.floor(x))(X),
        lambda: vjp(lambda x: np.floor(x), X),
        lambda: grad(lambda x: float(f"{x}"))(1.5),
        lambda: grad(lambda x: float(str(x)))(1.5),
        lambda: grad(lambda x: float("%.3f" % x))(1.5),  # noqa: UP031
    ],
)
def test_a_zero_in_other_transforms_and_through_a_text(run):
    zeros.seen.clear()
    text = r"exactly zero\n  the gradient ends at test_error_catalogue.py"
    with pytest.warns(errors.ZeroGradientWarning, match=text):
        run()


def test_what_is_printed_is_no_way_of_a_gradient(capsys):
    def constant(x):
        print(x, f"{x}")
        return 3.0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(constant)(1.0) == (0.0,)


def test_looking_into_a_zero_draws_no_random_numbers_and_prints_nothing(capsys):
    zeros.seen.clear()
    rng = np.random.default_rng(0)

    def f(x):
        print("once")
        return int(x) + rng.normal()

    warned(errors.ZeroGradientWarning, grad(f), 1.5)
    assert capsys.readouterr().out == "once\n"
    expected = np.random.default_rng(0)
    expected.normal()
    assert rng.normal() == expected.normal()


def test_an_argument_that_is_never_used():
    report = []
    message = warned(
        errors.UnusedArgumentWarning, lambda: report.append(explain(lambda x, n: x * x, 2.0, 3.0))
    )
    says(message, "argument n of <lambda> is not used", "fix: leave it out of argnums")
    assert "not used" in report[0].arguments["argument n"][1]


# ---- NaN, kinks, dtypes, mutation: within debug() ---------------------------------------------------------
def slope_is_infinite(x):
    y = np.sqrt(x)
    return np.sum(y)


def value_is_nan(x):
    y = np.log(x - 1.0)
    return np.sum(y * x)


def test_the_first_infinity_of_the_backward_pass():
    with debug(kinks=False):
        error = raised(errors.NonFiniteError, grad(slope_is_infinite), X)
    says(error, "first infinity of the backward pass", "sqrt at element [1]", "test_error_catalogue.py:",
         "`np.sqrt(x)`", "its input there: 0", "fix: np.sqrt(x + 1e-12)")  # fmt: skip
    assert grad(slope_is_infinite, argnums=0)(X)[1] == np.inf  # an answer, where nobody asks


def test_the_first_nan_of_the_forward_pass():
    with debug(), np.errstate(all="ignore"):
        error = raised(errors.NonFiniteError, grad(value_is_nan), X)
    says(
        error,
        "the forward pass",
        "log at element [0]",
        "`np.log(x - 1.0)`",
        "its input there: 0",
        "fix: np.log(",
    )


def test_a_nan_of_the_output_whose_gradient_is_finite():
    def loss(x):
        return np.sum(np.log(x))

    with debug(), np.errstate(invalid="ignore"):
        error = raised(errors.NonFiniteError, grad(loss), -X - 1)
    says(error, "first NaN of the forward pass", "made by log", "`np.log(x)`")


def test_an_infinity_under_vmap():
    with debug(kinks=False):
        error = raised(errors.NonFiniteError, vmap(grad(lambda x: np.sqrt(x))), X)
    says(error, "first infinity of the backward pass is made by sqrt", "`np.sqrt(x)`")


def test_an_infinity_that_is_not_selected_is_no_error():
    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    with debug(kinks=False):
        assert np.all(np.isfinite(grad(f, argnums=0)(X)))


def kinked(x):
    for _ in range(3):
        y = np.linalg.norm(x)
    return y + np.sum(x)


def test_a_kink_is_told_once():
    with debug():
        message = warned(errors.KinkWarning, grad(kinked), np.zeros(2))
    says(message, "norm of a zero vector, where the slope is taken as 0", "`np.linalg.norm(x)`", "fix: ")


@pytest.mark.parametrize(
    "f, x",
    [
        (np.sqrt, 0.0), (np.abs, 0.0), (np.std, np.ones(3)), (np.max, np.ones(2)), (lambda x: np.maximum(x, 1.0), 1.0),
        (lambda x: np.min(x, axis=0)[0], np.ones((2, 2))), (lambda x: np.hypot(x, 0.0 * x), 0.0),
    ],
)  # fmt: skip
def test_what_is_at_a_kink(f, x):
    with debug(nan=False):
        warned(errors.KinkWarning, grad(lambda x: f(x)), x)


def test_what_is_not_at_a_kink():
    with debug():
        grad(lambda x: np.std(x) + np.max(x) + np.sqrt(x[0]) + np.linalg.norm(x))(np.array([1.0, 2.0]))


def widens(x):
    return np.sum(x * np.arange(3.0))


def test_a_dtype_that_widens():
    with debug():
        message = warned(errors.PromotionWarning, grad(widens), np.float32(X))
        grad(lambda x: np.sum(2.0 * x.astype(float)))(np.float32(X))
    says(
        message,
        "multiply widens float32 to float64",
        "`x * np.arange(3.0)`",
        "f32[3], f64[3]",
        "fix: np.float32",
    )


A = np.ones(3)


@unweave
def writes_later(x):
    y = x * A
    A[0] = 5.0
    return np.sum(y * y)


@unweave
def writes_in_a_loop(x):
    row = np.empty(3)
    for i in range(3):
        row[:] = i + 1.0
        x = x * row
    return np.sum(x)


@pytest.mark.parametrize(
    "f, saved, changed",
    [(writes_later, "`x * A`", "`A[0] = 5.0`"), (writes_in_a_loop, "`x * row`", "`row[:] = i + 1.0`")],
)
def test_an_array_written_between_forward_and_backward(f, saved, changed):
    with debug():
        error = raised(errors.MutatedError, grad(f), X)
    says(error, "saved by multiply at test_error_catalogue.py:", saved, "f64[3]", "changed at test_error_catalogue.py:",
         changed, "fix: ")  # fmt: skip
    A[0] = 1.0


@unweave
def writes_last(x):
    y = np.sum(x * A)
    A[0] = 5.0
    A[1] = 6.0
    return y


def test_an_array_written_after_the_last_operation():
    with debug():
        error = raised(errors.MutatedError, grad(writes_last), X)
    says(error, "`x * A`", "before the backward pass began")
    A[:] = 1.0


def test_an_array_written_after_the_function_returned_is_of_no_consequence():
    b = np.ones(3)
    with debug():
        _, pullback = vjp(lambda x: np.sum(x * b), X)
        b[1] = 2.0
        np.testing.assert_array_equal(pullback(1.0)[0], np.ones(3))


# ---- values of earlier calls ------------------------------------------------------------------------------
cache = {}


def keeps(x):
    y = np.sin(x)
    old = cache.get("y", 0.0)
    cache["y"] = y
    return np.sum(y * old)


def test_a_watched_value_of_an_earlier_call():
    cache.clear()
    grad(keeps)(X)
    error = raised(errors.StaleValueError, grad(keeps), X)
    says(
        error,
        "keeps (test_error_catalogue.py:",
        "kept from an earlier call",
        "`y * old`",
        "f64[]",
        "fix: keep pycograd.value_of",
    )
    cache.clear()


KEPT = {}


def uses_what_was_kept(x):
    if "value" in KEPT:
        return np.sum(x * KEPT["value"])
    KEPT["value"] = x * 1.0
    return np.sum(x)


def test_a_value_of_an_earlier_call_in_every_transform():
    f, ones = uses_what_was_kept, np.ones(3)
    transforms = {
        "grad": lambda: grad(f)(X),
        "aux": lambda: grad(lambda x: (np.sum(x), f(x)), has_aux=True)(X),
        "egrad": lambda: elementwise_grad(f)(X),
        "vjp": lambda: vjp(f, X),
        "jvp": lambda: jvp(f, (X,), (ones,)),
        "linearize": lambda: linearize(f, X),
        "vmap": lambda: vmap(f)(np.stack([X, X])),
        "jacrev": lambda: jacrev(f)(X),
        "jacfwd": lambda: jacfwd(f)(X),
        "hessian": lambda: hessian(f)(X),
    }
    for first in ("grad", "jvp", "vmap"):
        KEPT.clear()
        transforms[first]()
        for transform in transforms.values():
            error = raised(errors.StaleValueError, transform)
            says(
                error,
                "kept from an earlier call",
                "test_error_catalogue.py:",
                "fix: keep pycograd.value_of(x)",
            )
            assert first != "grad" or '`x * KEPT["value"]`' in str(error)
    KEPT.clear()


# ---- rules of the user's own ------------------------------------------------------------------------------
@custom_vjp
def doubled(x):
    return 2 * x


@custom_jvp
def tripled(x):
    return 3 * x


def test_the_shape_of_a_cotangent_of_a_rule():
    doubled.defvjp(lambda x: (2 * x, None), lambda _, g: (np.ones(2),))
    error = raised(errors.RuleShapeError, grad(lambda x: np.sum(doubled(x))), X)
    says(
        error,
        "custom_vjp of doubled: the cotangent of argument 0 has shape (2,), the argument (3,)",
        "fix: a rule that returns one number for each of the (3,)",
    )
    tripled.defjvp(lambda xs, ts: (3 * xs[0], np.ones(2)))
    error = raised(errors.RuleShapeError, lambda: jvp(tripled, (X,), (X,)))
    says(error, "custom_jvp of tripled: the tangent has shape (2,), the output (3,)")


def fails(residuals, g):
    raise ZeroDivisionError("in the rule")


def calls_a_rule_that_fails(x):
    y = np.sin(x)
    return np.sum(doubled(y))


@primitive
def counted(x):
    return 2 * x


@pytest.mark.parametrize(
    "given, shape, fix",
    [
        (np.ones((3, 1)), (3,), "np.reshape(g, (3,))"),
        (np.ones((4, 3)), (3,), "np.sum(g, axis=(0,))"),
        (np.ones((4, 3)), (4, 1), "np.sum(g, axis=(1,), keepdims=True)"),
        (np.float64(2.0), (3,), "a rule that returns one number for each of the (3,)"),
    ],
)
def test_what_makes_the_shape_of_a_cotangent(given, shape, fix):
    doubled.defvjp(lambda x: (2 * x, None), lambda _, g: (given,))
    says(raised(errors.RuleShapeError, grad(lambda x: np.sum(doubled(x))), np.ones(shape)), f"fix: {fix}")
    defvjp(counted, lambda ans, x: lambda g: given)
    says(raised(errors.RuleShapeError, grad(lambda x: np.sum(counted(x))), np.ones(shape)), f"fix: {fix}")


def test_the_shape_of_a_jacobian():
    f = blackbox(lambda x: x**2, jac=lambda x: 2 * x)
    error = raised(errors.RuleShapeError, grad(lambda x: np.sum(f(x))), X)
    says(error, "the Jacobian has shape (3,), not (3, 3)", "fix: np.diag of what jac returns")
    f = blackbox(lambda x: x**2, jac=lambda x: np.diag(2 * x))
    np.testing.assert_array_equal(grad(lambda x: np.sum(f(x)))(X)[0], 2 * X)


def test_a_zero_cotangent_is_of_any_shape():
    defvjp(counted, lambda ans, x: lambda g: 0.0)
    np.testing.assert_array_equal(grad(lambda x: np.sum(counted(x)))(X)[0], np.zeros(3))


def test_a_rule_that_raises_is_named_by_its_forward_line():
    doubled.defvjp(lambda x: (2 * x, None), fails)
    error = raised(ZeroDivisionError, grad(calls_a_rule_that_fails), X)
    (note,) = error.__notes__
    assert (
        note.startswith("in the backward pass of doubled at test_error_catalogue.py:")
        and "`doubled(y)`" in note
    )


# ---- branches, pickling -----------------------------------------------------------------------------------
def branches(x):
    if x > 0:
        return x
    return -x


def test_a_branch_on_a_batched_value():
    says(raised(errors.BranchError, vmap(branches), X), "a Python branch", "test_error_catalogue.py:", "`x > 0`",
         "fix: np.where")  # fmt: skip


def test_a_branch_on_a_captured_value():
    error = raised(errors.BranchError, branches, symbol())
    says(error, "a captured value bool[]", "`x > 0`", "fix: np.where")


def symbol():
    return pycograd.core.new_symbol(pycograd.core.Aval(()), 10**9)


def test_the_gradient_of_a_lambda_pickled():
    def inner(x):
        return x

    error = raised(errors.LambdaPickleError, pickle.dumps, grad(lambda x: x * x))
    says(error, "grad of <lambda> (test_error_catalogue.py:", "fix:", "def", "cloudpickle")
    says(raised(errors.LambdaPickleError, pickle.dumps, grad(inner)), "a function defined inside another")
    assert pickle.loads(pickle.dumps(grad(branches)))(2.0) == (1.0,)


# ---- tracebacks -------------------------------------------------------------------------------------------
def adds(x):
    return np.sum(x + np.ones(4))


def frames(error):
    return [f.filename for f in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize(
    "call",
    [
        lambda: grad(adds)(X), lambda: vjp(adds, X), lambda: jvp(adds, (X,), (X,)), lambda: linearize(adds, X),
        lambda: pycograd.hessian(adds)(X), lambda: vmap(adds)(np.ones((2, 3))), lambda: grad(packs)(X),
    ],
)  # fmt: skip
def test_our_frames_are_not_in_tracebacks(call):
    error = raised(Exception, call)
    assert set(frames(error)) == {__file__}
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)


def test_they_are_there_on_demand(monkeypatch):
    monkeypatch.setenv("PYCOGRAD_TRACEBACK", "full")
    assert any("reverse.py" in f for f in frames(raised(errors.ShapeError, grad(adds), X)))


def test_an_error_of_the_user_keeps_the_users_frames():
    def inner(x):
        return x / 0

    error = raised(ZeroDivisionError, grad(lambda x: inner(x)), 1.0)
    assert [f.name for f in traceback.extract_tb(error.__traceback__)][-2:] == ["<lambda>", "inner"]


# ---- the debugger -----------------------------------------------------------------------------------------
PROGRAM = """
import numpy as np
from contextlib import nullcontext
from pycograd import custom_vjp, debug, grad

@custom_vjp
def rule(x):
    return x
def back(_, g):
    raise ValueError("backward")
rule.defvjp(lambda x: (x, None), back)

def wrong_shape(weights):
    return np.sum(weights + np.ones(3))
def wrong_rule(weights):
    return np.sum(rule(weights))
def infinite(weights):
    return np.sum(np.sqrt(weights - 1.0))
with debug(kinks=False) if "{name}" == "infinite" else nullcontext():
    grad({name})(np.ones(2))
"""


@pytest.mark.parametrize(
    "name, line",
    [
        ("wrong_shape", "return np.sum(weights + np.ones(3))"),
        ("wrong_rule", "return np.sum(rule(weights))"),
        ("infinite", "return np.sum(np.sqrt(weights - 1.0))"),
    ],
)
def test_the_debugger_stops_at_the_users_forward_line(tmp_path, name, line):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(name=name))
    out = subprocess.run(
        [sys.executable, str(program)],
        input="p weights.shape\nq\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYCOGRAD_ON_ERROR": "pdb", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert f"-> {line}" in out.stdout and "(2,)" in out.stdout, out.stdout + out.stderr
    assert "Traceback" in out.stderr and "During handling" not in out.stderr


def test_the_debugger_shows_no_frames_of_ours(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(name="wrong_rule"))
    out = subprocess.run(
        [sys.executable, str(program)],
        input="w\nup\nq\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYCOGRAD_ON_ERROR": "pdb", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert "-> grad(wrong_rule)(np.ones(2))" in out.stdout and "pycograd" not in out.stdout.replace(
        str(tmp_path), ""
    )


# ---- they cost nothing while all is well ------------------------------------------------------------------
def test_the_observed_value_is_only_made_when_asked():
    source = ast.parse((Path(pycograd.__file__).parent / "transforms" / "reverse.py").read_text())
    assert "debug" not in ast.dump(source)
