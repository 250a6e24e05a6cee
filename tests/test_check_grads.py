"""check_grads: it passes what is right, and says what is wrong where."""

import numpy as np
import pytest

from pycograd import (
    GradientMismatch,
    check_grads,
    checkpoint,
    custom_jvp,
    custom_vjp,
    defvjp,
    primitive,
    stop_gradient,
)

X = np.linspace(0.2, 1.4, 5)


def wrong_at_three(x):
    return x**3


opaque = primitive(wrong_at_three)
defvjp(opaque, lambda ans, x: lambda g: g * x**2 * np.where(np.arange(5) == 3, 4.0, 3.0))


def test_a_right_function_gives_a_report():
    report = check_grads(lambda x, p: np.sin(x) * p["a"], X, {"a": 2.0, "n": 3, "s": "label"})
    assert repr(report).startswith("check_grads of <lambda>: 12 comparisons agree, largest error ")
    assert report.largest_error < 1e-8
    assert "fwd over rev  argument p['a']" in str(report)
    assert {c.modes for c in report.comparisons} == {"fwd", "rev"} | {
        f"{a} over {b}" for a in ("fwd", "rev") for b in ("fwd", "rev")
    }


@pytest.mark.parametrize("modes, order, n", [(("rev",), 1, 1), (("fwd",), 3, 3), (("fwd", "rev"), 3, 14)])
def test_modes_and_order(modes, order, n):
    assert len(check_grads(lambda x: np.sum(np.exp(x)), X, modes=modes, order=order).comparisons) == n


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (np.cumsum(x), {"m": np.mean(x)}),
        lambda x: np.outer(x, x) @ x,
        checkpoint(lambda x: np.tanh(x) * x),
        lambda x: np.exp(1j * x),
        lambda x: np.float32(x) ** 2,
    ],
)
def test_containers_shapes_and_dtypes_of_outputs(f):
    check_grads(f, X)


def test_complex_arguments_holomorphic_or_not():
    z = X + 1j * X[::-1]
    check_grads(lambda z: z**2, z)
    check_grads(lambda z: np.conj(z) * np.abs(z), z)


def test_float32_has_its_own_step_and_tolerance():
    report = check_grads(lambda x: np.sum(np.sin(x) ** 2), np.float32(X))
    assert 1e-9 < report.largest_error < 5e-3


def test_the_first_wrong_primitive_the_argument_the_index_and_both_numbers():
    def loss(y, x):
        z = np.exp(x)
        return np.sum(opaque(z) * y)

    with pytest.raises(GradientMismatch) as caught:
        check_grads(loss, 2.0, X)
    text = str(caught.value)
    right = 2 * 3 * np.exp(3 * X[3])
    assert "the derivative in argument x at index (3,) is " in text
    assert f"{right * 4 / 3:.5f}"[:6] in text and f"{right:.5f}"[:6] in text
    assert "The first primitive whose own rule disagrees is wrong_at_three at test_check_grads.py:" in text
    assert "`opaque(z)`: the vjp of its operand 0 gives" in text


def test_the_element_of_the_output_is_named():
    with pytest.raises(GradientMismatch, match=r"of output 1 at index \(3,\) in argument x at index \(3,\)"):
        check_grads(lambda x: (np.sin(x), opaque(x)), X)


def test_a_wrong_custom_vjp_and_a_wrong_custom_jvp():
    f = custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: (x * x, x), lambda x, g: (3 * x * g,))
    with pytest.raises(GradientMismatch, match="is 6, finite differences give 4"):
        check_grads(f, 2.0)
    f = custom_jvp(lambda x: x * x)
    f.defjvp(lambda primals, tangents: (primals[0] ** 2, 3 * primals[0] * tangents[0]))
    with pytest.raises(GradientMismatch, match="the vjp of its operand 0 gives"):
        check_grads(lambda x: np.sum(f(x)), X)


def test_a_rule_wrong_in_second_order_only():
    f = custom_vjp(lambda x: x**3)
    f.defvjp(lambda x: (x**3, x), lambda x, g: (3 * stop_gradient(x) ** 2 * g,))
    check_grads(f, 2.0, order=1)
    with pytest.raises(GradientMismatch, match="stop_gradient at test_check_grads.py"):
        check_grads(f, 2.0)


def test_a_function_that_jumps_has_no_wrong_primitive():
    with pytest.raises(GradientMismatch, match="Every primitive that it runs agrees"):
        check_grads(lambda x: np.where(x > 2.0, x + 1.0, x), 2.0)


def test_complex_mistakes_are_found_in_the_imaginary_part():
    f = custom_vjp(lambda z: z * 1.0)
    f.defvjp(lambda z: (z, None), lambda res, g: (np.real(g) + 0.5j * np.imag(g),))
    with pytest.raises(GradientMismatch, match="is -0.5, finite differences give -1|is 0.5, finite"):
        check_grads(f, np.array([1 + 1j]), order=1)


def test_what_cannot_be_checked():
    with pytest.raises(TypeError, match="no argument holds floating or complex numbers"):
        check_grads(lambda n: n, 3)
    with pytest.raises(ValueError, match="modes are fwd and rev"):
        check_grads(np.sin, 1.0, modes=("forward",))
