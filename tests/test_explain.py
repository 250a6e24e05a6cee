"""explain, why_zero, print_saved, watch, hook: what they find, and how it is shown."""

import linecache
import math
import re
import traceback
import warnings

import numpy as np
import pytest

from pycograd import (
    checkpoint,
    custom_vjp,
    debug,
    errors,
    explain,
    grad,
    hessian,
    hook,
    jvp,
    print_saved,
    stop_gradient,
    value_and_grad,
    value_of,
    vjp,
    vmap,
    watch,
    why_zero,
)

X = np.array([0.5, 1.0, 2.0])


def helper(z):
    return np.sqrt(z)


def loss(x, w):
    y = np.tanh(x) * w
    for _ in range(3):
        y = y + helper(y * y)
    n = int(y[0])
    if y[1] > 0:
        y = y * 2
    return np.sum(y) + n


def lines_of(report, f):
    """The report's lines of `f`, by their source text."""
    first = f.__code__.co_firstlineno
    (code,) = [c for c in report.lines if c.co_firstlineno == first and c.co_name == f.__name__]
    source = linecache.getlines(__file__)
    return {source[n - 1].strip(): line for n, line in report.lines[code].items()}


# ---- explain ----------------------------------------------------------------------------------------------
def test_value_and_gradients_are_those_of_the_function():
    value, (dx, dw) = value_and_grad(loss)(X, 3.0)
    report = explain(loss, X, 3.0)
    assert report.value == value
    assert report.arguments["argument x"] == (np.max(np.abs(dx)), "")
    assert report.arguments["argument w"][0] == pytest.approx(abs(dw))


def test_the_derivative_of_the_output_in_each_line():
    lines = lines_of(explain(loss, X, 3.0), loss)
    assert lines["y = y * 2"].slope == 1.0
    assert lines["y = y + helper(y * y)"].slope == 8.0  # y + |y|, doubled, in the last but one round
    assert lines["y = np.tanh(x) * w"].slope == 16.0
    assert lines["y = y + helper(y * y)"].operations == 6
    helpers = lines_of(explain(loss, X, 3.0), helper)
    assert helpers["return np.sqrt(z)"].operations == 3


def test_bytes_kept_per_line():
    report = explain(loss, X, 3.0)
    lines = lines_of(report, loss)
    assert lines["y = np.tanh(x) * w"].kept == X.nbytes  # tanh keeps its output; the product the same array
    assert lines["y = y + helper(y * y)"].kept == 3 * X.nbytes
    assert lines["y = y * 2"].kept == 0
    assert report.kept == sum(line.kept for each in report.lines.values() for line in each.values())


def test_where_gradients_end():
    lines = lines_of(explain(loss, X, 3.0), loss)
    assert lines["n = int(y[0])"].notes == ["the gradient ends at int(y[0])"]
    assert lines["if y[1] > 0:"].notes == ["the gradient ends at y[1] > 0"]
    assert lines["y = y * 2"].notes == []


def test_value_of_is_an_end_and_printing_is_none(capsys):
    def f(x):
        print(x)
        return x * value_of(x)

    assert [n for line in lines_of(explain(f, 2.0), f).values() for n in line.notes] == [
        "the gradient ends at value_of(x)"
    ]
    assert capsys.readouterr().out == "2.0\n"


def singular(x):
    y = np.sqrt(x)
    return np.sum(y)


def test_kinks_and_the_first_infinity():
    report = explain(singular, np.array([1.0, 0.0]))
    (kink, cause) = lines_of(report, singular)["y = np.sqrt(x)"].notes
    assert kink.startswith("kink: sqrt at 0, where the slope is inf")
    assert cause.startswith("the first infinity of the backward pass is made by sqrt at element [1]")
    assert any("fix: np.sqrt(x + 1e-12)" in note for note in report.notes)


def test_a_nan_of_the_forward_pass_is_the_only_cause():
    def f(x):
        y = 2 * x
        return np.sum(np.log(y) ** 2)

    report = explain(f, np.array([1.0, -1.0]))
    assert len(report.notes) == 1 and "the first NaN of the forward pass is made by log" in report.notes[0]
    assert 'class="bad">nan<' in report._repr_html_()


test_a_nan_of_the_forward_pass_is_the_only_cause = pytest.mark.filterwarnings("ignore:invalid value")(
    test_a_nan_of_the_forward_pass_is_the_only_cause
)


def test_errors_show_no_frames_of_ours():
    for aid in (explain, why_zero, print_saved):
        with pytest.raises(errors.OutputError) as caught:
            aid(np.sin, X)
        files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert files == [__file__]


def test_times():
    report = explain(loss, X, 3.0)
    forward, backward = report.seconds
    lines = [line for each in report.lines.values() for line in each.values()]
    assert 0 < sum(line.forward for line in lines) <= forward + 1e-9
    assert 0 < sum(line.backward for line in lines) <= backward


def test_the_text():
    text = str(explain(loss, X, 3.0))
    assert text.splitlines()[0].startswith("loss (test_explain.py:")
    assert "argument x: largest derivative" in text
    assert re.search(r"^ +1 #+ +\S+ us +\S+ us +\d+      +y = y \* 2$", text, re.M), text
    assert "^ the gradient ends at int(y[0])" in text
    assert "helper  (test_explain.py)" in text


def test_the_page():
    page = explain(loss, X, 3.0)._repr_html_()
    assert page.count("<table>") == page.count("</table>") == 3
    assert page.count("<div") == page.count("</div>")
    assert page.index("<b>loss</b>") < page.index("<b>helper</b>")
    assert "if y[1] &gt; 0:" in page and "rgba(230,90,20,0.75)" in page
    assert "the gradient ends at int(y[0])" in page


def test_arguments_may_be_trees():
    report = explain(lambda p, xs: np.sum(p["w"] * xs[1]), {"w": X, "name": "n"}, [1.0, X])
    assert list(report.arguments) == ["argument p['w']", "argument xs[0]", "argument xs[1]"]


test_arguments_may_be_trees = pytest.mark.filterwarnings("ignore:argument xs")(test_arguments_may_be_trees)


@custom_vjp
def rule(x):
    return x * x


rule.defvjp(lambda x: (x * x, x), lambda x, g: (2 * x * g,))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(rule(x)),
        lambda x: np.sum(checkpoint(np.sin)(x) ** 2),
        lambda x: np.sum(vmap(lambda a: a * np.sin(a))(x)),
        lambda x: np.sum(grad(lambda y: np.sum(y**3), argnums=0)(x)),
        lambda x: np.sum(jvp(np.sin, (x,), (x,))[1]),
        lambda x: np.linalg.eigh(np.outer(x, x) + np.diag([1.0, 2.0, 3.0]))[0][1],
        lambda x: math.exp(float(x[0])) + max(x) + sum(list(x)),
        lambda x: np.sum(np.concatenate([x, np.sort(x)])[::2]),
        lambda x: np.sum(np.linalg.qr(np.outer(x, x) + np.eye(3))[1]),
    ],
    ids="custom checkpoint vmap grad jvp eigh python joined qr".split(),
)
def test_a_recorded_run_has_the_gradient_of_a_plain_one(f):
    plain = grad(f, argnums=0)(X)
    assert explain(f, X).arguments["argument x"][0] == pytest.approx(np.max(np.abs(plain)))
    with debug(kinks=False, promotion=False):
        np.testing.assert_allclose(grad(f, argnums=0)(X), plain)


def test_second_order_within_debug():
    with debug():
        np.testing.assert_allclose(hessian(lambda x: np.sum(x**3))(X), np.diag(6 * X))
        np.testing.assert_allclose(
            grad(lambda x: grad(np.sin, argnums=0)(x) * x, argnums=0)(1.0), math.cos(1) - math.sin(1)
        )


def test_vector_output():
    with pytest.raises(errors.OutputError, match="returned shape"):
        explain(np.sin, X)


# ---- why_zero ---------------------------------------------------------------------------------------------
def test_why_zero():
    def f(a, b, c, d, e):
        return a * round(b) + np.sum(0 * d) + (e - e)

    said = why_zero(f, 1.0, 2.2, 3.0, X, 1.0).splitlines()
    assert said == [
        "argument b: zero: the gradient ends at round(b)",
        "argument c: not used: its gradient is zeros",
        "argument d: zero: it vanishes in 0 * d, where the slopes are 0 or cancel",
        "argument e: zero: it vanishes in e - e, where the slopes are 0 or cancel",
    ]
    assert why_zero(lambda x: x, 1.0) == f"no gradient of <lambda> (test_explain.py:{here()}) is zero"


def here():
    source = linecache.getlines(__file__)
    (n,) = [i for i, line in enumerate(source, 1) if "why_zero(lambda x: x" in line and "source" not in line]
    return n


def test_why_zero_of_what_ends_on_purpose():
    assert why_zero(lambda x: stop_gradient(x) * 2, 1.0) == (
        "argument x: zero: the gradient ends at stop_gradient(x)"
    )
    grad(lambda x: stop_gradient(x) * 2)(1.0)  # no warning: it is meant


def test_why_zero_of_a_slope_that_is_zero():
    said = why_zero(lambda x, w: np.sum(np.maximum(x * w, 0.0)), -np.ones(3), 2.0)
    assert said.splitlines() == [
        f"argument {name}: zero: it vanishes in np.maximum(x * w, 0.0), where the slopes are 0 or cancel"
        for name in "xw"
    ]


# ---- print_saved ------------------------------------------------------------------------------------------
def test_print_saved(capsys):
    def f(x):
        y = np.tanh(x)
        z = np.exp(y)
        return np.sum(y + z) + np.sum(x * x)

    print_saved(f, np.ones(1000))
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[:2] for row in rows] == [["8,000", "bytes"]] * 2 + [["16,000", "bytes"]]
    assert [row.split("  ")[-1] for row in rows] == ["y = np.tanh(x)", "z = np.exp(y)", "in all"]


# ---- watch, hook ------------------------------------------------------------------------------------------
def test_watch(capsys):
    def f(x):
        y = watch("y", x * x)
        return 3 * np.sum(y)

    np.testing.assert_array_equal(grad(f, argnums=0)(np.array([1.0, 2.0])), [6.0, 12.0])
    assert capsys.readouterr().out == "y = [1., 4.]\nd/dy = [3., 3.]\n"
    f(2.0)
    assert capsys.readouterr().out == "y = 4.0\n"
    grad(f, argnums=0)(np.ones(1000))
    assert capsys.readouterr().out.startswith("y = f64[1000] [1., 1., ..., 1., 1.]\nd/dy = f64[1000] [3.,")


def test_hook_sees_and_replaces():
    seen = []

    def f(x, fn):
        return np.sum(hook({"a": x * x}, fn)["a"])

    np.testing.assert_array_equal(grad(lambda x: f(x, seen.append), argnums=0)(X), 2 * X)
    np.testing.assert_array_equal(seen, [np.ones(3)])
    np.testing.assert_array_equal(grad(lambda x: f(x, lambda g: 10 * g), argnums=0)(X), 20 * X)
    with pytest.raises(
        ValueError, match=r"hook: the function returned shape \(2,\) for a cotangent of shape \(3,\)"
    ):
        grad(lambda x: f(x, lambda g: np.ones(2)))(X)


def test_hook_composes():
    def f(x):
        return np.sum(hook(x**3, lambda g: g * 2.0))

    np.testing.assert_allclose(hessian(f)(X), np.diag(12 * X))
    np.testing.assert_allclose(vmap(grad(lambda x: hook(x**3, lambda g: g * 2.0), argnums=0))(X), 6 * X**2)
    np.testing.assert_allclose(jvp(f, (X,), (np.ones(3),))[1], np.sum(3 * X**2))
    np.testing.assert_allclose(vjp(f, X)[1](1.0)[0], 6 * X**2)


def test_nothing_is_left_after_debug():
    with debug():
        grad(np.sum)(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(grad(lambda x: np.sqrt(x), argnums=0)(0.0))


def of_numbers(a):
    y = math.sin(a)
    z = y * 3.0
    if z > 1:
        z = z * 2.0
    return z + 1.0


def test_programs_on_numbers_have_a_slope_in_each_line():
    lines = lines_of(explain(of_numbers, 0.7), of_numbers)
    slopes = [
        lines[text].slope for text in ("y = math.sin(a)", "z = y * 3.0", "z = z * 2.0", "return z + 1.0")
    ]
    assert slopes == [6.0, 2.0, 1.0, 1.0]


def test_a_branch_that_is_not_selected_does_no_harm():
    def f(x):
        return np.sum(np.where(x > 0, x, np.exp(1e3 * x) * 1e300 * (1 / x)))

    x = np.array([1.0, 2.0])
    with np.errstate(all="ignore"):
        assert explain(f, x).arguments["argument x"] == (1.0, "")
        with debug():
            assert grad(f, argnums=0)(x).tolist() == [1.0, 1.0]
