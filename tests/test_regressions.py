"""Each test once failed: its first line says what was wrong."""

import cmath
import linecache
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from pycograd import Grads, grad, hessian, jacfwd, jacrev, jvp, linearize, stop_gradient, vjp, vmap

x = np.array([1.0, 2.0, 3.0])


def total(a, b):
    return np.sum(a + b)


def test_an_argument_selected_twice():
    """`argnums=(0, 0)` gave zeros as the first of the two gradients."""
    with pytest.raises(ValueError, match="argnums=\\(0, -2\\) selects an argument of total twice"):
        grad(total, argnums=(0, -2))(x, x)


class Shift:
    """A user's own operand, which knows what a number plus it is."""

    def __radd__(self, other):
        return 3 * other

    def __rmul__(self, other):
        return other**2


@pytest.mark.parametrize("wrap", [lambda v: v, np.float64, np.array])
def test_an_operand_that_knows_the_operator(wrap):
    """`x + operand` called the operand's `__radd__` with the plain number, so that its slope was lost."""
    shift = Shift()
    assert grad(lambda v: v + shift, 0)(wrap(2.0)) == 3.0
    assert grad(lambda v: v * shift, 0)(wrap(2.0)) == 4.0


def test_an_operand_that_knows_no_operator():
    """`x + object()` asked numpy, whose error named the plain number."""
    with pytest.raises(TypeError, match="unsupported operand"):
        grad(lambda v: v + object())(2.0)


def test_an_array_of_objects():
    """`np.array([x], dtype=object)` was a constant."""
    with pytest.raises(TypeError, match="array of objects.*would lose the gradient"):
        grad(lambda v: np.array([v, v], dtype=object).sum())(2.0)


def test_the_type_of_a_watched_value():
    """`type(x) is float` was False in a transform, so that another branch ran."""
    assert grad(lambda v: 2 * v if type(v) is float else v, 0)(2.0) == 2.0
    assert grad(lambda v: type(v)(3) * v, 0)(2.0) == 3.0
    assert grad(lambda v: v.sum() if type(v) is np.ndarray else 0.0, 0)(x).tolist() == [1, 1, 1]


@pytest.mark.parametrize("use", [lambda w, g: w.__isub__(g), lambda w, g: np.multiply(0.1, g)])
def test_the_tuple_of_gradients_in_a_ufunc(use):
    """`w -= grads` said that Grads supports no ufuncs, not what to do."""
    with pytest.raises(TypeError, match="(?s)one per argument.*unpack it"):
        use(x.copy(), Grads([x]))


def test_many_lambdas_on_one_line():
    """The n-th of many lambdas on a line took a time that grew without bound: minutes for forty."""
    count = 200
    text = "[" + ", ".join(f"lambda v: math.sin(v * {i})" for i in range(count)) + "]\n"
    linecache.cache["lambdas.py"] = (len(text), None, [text], "lambdas.py")
    found = eval(compile(text, "lambdas.py", "eval"), {"math": math})
    for i in (0, 1, count // 2, count - 1):
        assert grad(found[i], 0)(1.0) == pytest.approx(i * math.cos(i))


# ---- what is returned may be written into ---------------------------------------------------------------------------
def separate(*arrays):
    """Whether writing into any of the arrays changes no other."""
    return not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_tangents_are_of_their_own():
    """`jvp` and `linearize` returned the tangent that they were given, and the same one for two outputs."""
    t = np.ones(3)
    _, (first, second) = jvp(lambda v: (v + 1, v + 2), (x,), (t,))
    _, along = linearize(lambda v: (v + 1, np.zeros(3)), x)
    assert separate(t, first, second, *along(t), *along(t))


def test_jacobians_are_of_their_own():
    """The Jacobians of `a + b` were one array, and one of zeros could not be written into."""
    for jac in (jacrev, jacfwd):
        found = jac(lambda a, b: (a + b, a), argnums=(0, 1))(x, x)
        arrays = [block for row in found for block in row]
        assert separate(*arrays)
        assert all(a.flags.writeable for a in arrays)


def test_gradients_per_example_are_of_their_own():
    """vmap returned gradients that could not be written, or two that were one array."""
    batch = np.ones((2, 3))
    for f in (total, lambda a, b: np.sum(a), lambda a, b: np.dot(a, a + b)):
        a, b = vmap(grad(f))(batch, batch)
        assert a.flags.writeable and b.flags.writeable and separate(a, b, batch)


def test_a_jacobian_of_zeros_has_the_dtype_of_its_argument():
    """`jacrev` of a constant was float64 for every argument."""
    assert jacrev(lambda v: np.ones(2))(np.ones(3, np.float32)).dtype == np.float32


# ---- arrays and numbers of other kinds ------------------------------------------------------------------------------
def test_the_sign_of_a_complex_number():
    """`np.sign` of a complex number, z / |z|, was a constant."""
    z = np.array([3 + 4j, 0])
    (g,) = grad(lambda z: np.sum(np.sign(z).real))(z)
    assert g == pytest.approx(np.array([4**2 / 125 + 12j / 125, 0]))
    assert grad(lambda v: np.sum(np.sign(v) + 0 * v), 0)(x).tolist() == [0, 0, 0]


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("make", [lambda: np.ma.masked_array(x, [0, 1, 0]), lambda: np.asmatrix(x)])
def test_arrays_with_operators_of_their_own(make):
    """The mask of a masked array was overlooked, and `*` of matrices differentiated element by element."""
    odd = make()
    with pytest.raises(TypeError, match="argument 0, whose operations are not an array's: pass np.asarray"):
        grad(lambda m: np.sum(m * m))(odd)
    with pytest.raises(TypeError, match=f"a {type(odd).__name__} at .* are not an array's: use np.asarray"):
        grad(lambda v: np.sum(v * odd))(x)
    with pytest.raises(TypeError):
        grad(lambda v: np.sum(np.multiply(odd, v)))(x)
    assert grad(lambda v, m: np.sum(v) * m.shape[0], 0)(x, odd).shape == (3,)


def test_a_branch_not_selected_does_no_harm_through_any_elementwise_operation():
    """The gradient of np.where(x > 0, x * log(x), 0) was nan at 0: only the logarithm was guarded, not the product."""
    x = np.array([0.0, 1.0, -1.0])
    with np.errstate(all="ignore"):
        xlogx = lambda x: np.sum(np.where(x > 0, x * np.log(x), 0.0))
        assert_array_equal(grad(xlogx)(x)[0], [0.0, 1.0, 0.0])
        assert_array_equal(hessian(xlogx)(x), np.diag([0.0, 1.0, 0.0]))
        roots = lambda x: np.sum(np.where(x > 0, np.sqrt(x) * np.sqrt(x), 0.0))
        assert_array_equal(grad(roots)(x)[0], [0.0, 1.0, 0.0])
        assert_array_equal(grad(lambda x: np.sum(np.sqrt(x)))(np.array([0.0, 1.0]))[0], [np.inf, 0.5])


def test_a_store_into_a_part_of_a_complex_value():
    """`z.real[0] = 5.0` wrote into a value of its own: z kept its numbers and its gradient, in silence."""

    def write(x):
        z = x * (1 + 2j)
        z.real[0] = 5.0
        return np.sum(np.abs(z))

    def write_copy(x):
        z = x * (1 + 2j)
        r = z.real.copy()
        r[0] = 5.0
        return np.sum(r * z.imag)

    assert_allclose(grad(write)(np.array([1.0, 2.0]))[0], [4 / 29**0.5, 5**0.5])
    assert_array_equal(grad(write_copy)(np.array([1.0, 2.0]))[0], [10.0, 8.0])


def test_stop_gradient_under_vmap_under_grad():
    """`stop_gradient` of a value that vmap watches let the gradient of an outer `grad` through."""
    f = lambda x: np.sum(vmap(lambda v: v * stop_gradient(v))(x))  # noqa: E731
    assert_array_equal(grad(f, 0)(x), x)
    assert_array_equal(jvp(f, (x,), (np.ones(3),))[1], np.sum(x))


def test_a_complex_function_at_its_singularity():
    """The slope of `cmath.sqrt` at 0 raised ZeroDivisionError."""
    slope = grad(lambda x: cmath.sqrt(x).real)(0.0)[0]
    assert math.isinf(slope) or math.isnan(slope)
    assert grad(lambda x: x + 0.0 * abs(cmath.sqrt(1 + x)))(0.0)[0] == 1.0


def test_the_tangent_of_a_real_part_is_real():
    """In forward mode a Python float made of a complex number had a complex tangent."""
    out, tangent = jvp(lambda z: cmath.phase(z), (1.0 + 1.0j,), (1.0 + 0.0j,))
    assert type(tangent) in (float, np.float64) and math.isclose(tangent, -0.5)


@pytest.mark.parametrize("order", ["C", "F"])
def test_nditer_takes_watched_elements_in_the_order_of_memory(order):
    x = np.asarray(np.arange(6.0).reshape(2, 3), order=order)

    def f(x):
        out = []
        with np.nditer(x, flags=["c_index"]) as elements:
            for v in elements:
                out.append(v * elements.index)
        return np.stack(out)

    assert np.array_equal(vjp(f, x)[0], f(x))


def test_the_tangent_of_a_real_part_is_real_under_vmap():
    z = np.array([0.6 + 0.4j, 0.606 + 0.404j])
    t = 1.0 + 2.0j
    slope = vmap(lambda z: jvp(lambda w: cmath.phase(w), (z,), (t,))[1])(z)
    np.testing.assert_allclose(slope, (np.conj(z) * t).imag / np.abs(z) ** 2)
