"""What a user reads when something is wrong: what happened, in their file and line, and the way out.

Each case is a line of this file that fails; the message must name that line (the one marked `# here`).
"""

import linecache
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from pycograd import (
    Grads,
    MissingRuleError,
    ShapeError,
    Var,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    unweave,
    value_and_grad,
    vjp,
    vmap,
    weave,
)

X = np.linspace(0.1, 0.9, 4)
A = np.ones((3, 4))


class Held:
    """What tensors of other libraries look like: numbers that numpy can have."""

    dtype, shape = "float32", (2,)

    def __array__(self, dtype=None, copy=None):
        return np.ones(2, np.float32)


def total(w, x):
    return np.sum(w * x)


def line_marked_here(function):
    """`test_errors.py:12`, the line of `function` that is marked."""
    first = function.__code__.co_firstlineno
    for n in range(first, first + 20):
        if "# here" in linecache.getline(__file__, n):
            return f"test_errors.py:{n}"
    raise LookupError(function)


def failing(error, transform, *args, says, f):
    """The message of `transform(f)(*args)`, which names the marked line of `f` and what else it must say."""
    with pytest.raises(error) as caught:
        transform(f)(*args)
    message = str(caught.value)
    assert line_marked_here(f) in message, message
    for words in says:
        assert words in message, message
    return message


# ---- the output of grad
def vector(x):  # here
    return np.sin(x)


def pair(x):  # here
    return np.sum(x), np.sum(x)


def complex_number(x):  # here
    return np.sum(x) * 1j


@pytest.mark.parametrize("transform", [grad, value_and_grad, hessian], ids=lambda t: t.__name__)
def test_grad_of_a_vector(transform):
    says = ["returning a single scalar", "vector", "shape (4,)", "jacobian", "np.sum"]
    failing(TypeError, transform, X, f=vector, says=says)


def test_grad_of_a_container():
    failing(
        TypeError, grad, X, f=pair, says=["returning a single scalar", "pair", "tuple", "has_aux", "jacobian"]
    )


def test_grad_of_a_complex_number():
    failing(TypeError, grad, X, f=complex_number, says=["real", "complex", "holomorphic_grad"])


def test_grad_of_none():
    with pytest.raises(
        TypeError, match=r"returning a single scalar.*<lambda> \(test_errors.py:\d+\) returned None"
    ):
        grad(lambda x: None)(X)


# ---- argnums
def test_argnums_out_of_range():
    for argnums in (2, -3, (0, 2)):
        with pytest.raises(
            ValueError, match=r"argnums=-?\d is out of range: total was called with 2 positional arguments"
        ):
            grad(total, argnums=argnums)(X, X)


def test_argnums_by_a_name_that_is_unknown():
    with pytest.raises(ValueError, match="argnums: total has no parameter 'weights'; it has w, x"):
        grad(total, argnums="weights")(X, X)


def test_two_spellings_of_one_keyword():
    with pytest.raises(TypeError, match="argnums and argnum"):
        grad(total, argnums=0, argnum=1)(X, X)


# ---- vmap
def test_mapped_sizes_that_disagree():
    with pytest.raises(ValueError, match="vmap of total: .* disagree: argument 0 has 3, argument 1 has 4"):
        vmap(total)(np.ones((3, 4)), np.ones((4, 4)))


def test_nothing_mapped():
    with pytest.raises(ValueError, match="no batched"):
        vmap(total, in_axes=None)(X, X)


def branches(x):
    if x > 0:  # here
        return x
    return -x


def counts(x):
    return sum(range(int(x)))  # here


def test_a_branch_on_a_batched_value():
    failing(TypeError, vmap, X, f=branches, says=["np.where", "vmap", "x > 0"])


def test_a_count_that_differs_between_examples():
    failing(TypeError, vmap, np.arange(3), f=counts, says=["vmap"])


# ---- rules that are missing
def packs(x):
    return np.sum(np.packbits(x))  # here


@pytest.mark.parametrize(
    "transform", [grad, vmap, lambda f: lambda x: jvp(f, (x,), (x,))], ids=["grad", "vmap", "jvp"]
)
def test_an_operation_without_a_rule(transform):
    says = ["no derivative for np.packbits", "np.packbits(x)", "blackbox", "custom_vjp"]
    failing(MissingRuleError, transform, A, f=packs, says=says)
    assert issubclass(MissingRuleError, NotImplementedError)


def writes_elsewhere(x):
    out = np.zeros(4)
    np.add(x, 1.0, out=out)  # here
    return np.sum(out)


def test_out_of_a_plain_array_is_never_swallowed():
    says = ["`out`", "np.add", "made outside the function"]
    failing(TypeError, grad, X, f=unweave(writes_elsewhere) or writes_elsewhere, says=says)


def typo(x):
    return np.sum(x, axes=0)  # numpy: unexpected keyword argument


def test_a_keyword_that_numpy_does_not_know_is_a_type_error():
    with pytest.raises(TypeError, match="axes"):
        grad(typo)(X)


# ---- shapes
def adds(x):
    return np.sum(x + np.ones(3))  # here


def multiplies(x):
    return np.sum(x @ np.ones((5, 6)))  # here


def solves(x):
    return np.sum(np.linalg.solve(np.ones((3, 3)), x))  # here


def joins(x):
    return np.sum(np.concatenate([x, np.ones((2, 3))], axis=0))  # here


def reshapes(x):
    return np.sum(np.reshape(x, (5,)))  # here


@pytest.mark.parametrize("transform", [grad, lambda f: lambda x: jvp(f, (x,), (x,))], ids=["grad", "jvp"])
def test_shapes_that_do_not_fit(transform):
    failing(
        ShapeError,
        transform,
        X,
        f=adds,
        says=["elementwise: incompatible shapes (4,) and (3,)", "add", "x + np.ones(3)"],
    )
    failing(ShapeError, transform, A, f=multiplies, says=["matmul: incompatible shapes (3, 4) and (5, 6)"])
    failing(
        ShapeError,
        transform,
        A,
        f=joins,
        says=["concatenate: incompatible shapes", "(3, 4)", "(2, 3)", "axis 0"],
    )
    failing(ShapeError, transform, A, f=reshapes, says=["reshape: cannot reshape size 12 into (5,)"])
    failing(ValueError, transform, X, f=solves, says=["solve", "(3, 3)", "(4,)"])
    assert issubclass(ShapeError, ValueError)


def test_shapes_that_do_not_fit_under_vmap():
    with pytest.raises(ShapeError, match=r"incompatible shapes .*\n?.*test_errors.py:\d+"):
        vmap(adds)(A)


# ---- conversions that would lose the gradient
def foreign(source):
    """A function that is not woven: its source is not to be found."""
    scope = {"np": np}
    exec(compile(f"def f(x):\n    return {source}\n", "<foreign>", "exec"), scope)
    return scope["f"]


@pytest.mark.parametrize(
    "source",
    [
        "float(x[0])",
        "np.sum(np.array([x[0], 1.0]))",
        "complex(x[0])",
        "np.sum(np.frompyfunc(abs, 1, 1)(np.asarray(x)))",
    ],
)
def test_converting_a_watched_value_in_unwoven_code(source):
    with pytest.raises(TypeError) as caught:
        grad(foreign(source))(X)
    for words in ["watched value", "lose its gradient", "pycograd.value_of", "fix: f in a .py file"]:
        assert words in str(caught.value)


def converts(x):
    return float(x)  # here


def test_the_conversion_names_its_line():
    with pytest.raises(
        TypeError, match=rf"float\(\) of a watched value at {line_marked_here(converts)} `float\(x\)`"
    ):
        converts(Var(2.0))


def test_an_index_that_is_watched():
    with pytest.raises(TypeError, match=r"test_errors.py:\d+ `X\[x\]`"):
        grad(lambda x: np.sum(X[x]))(1.0)


# ---- Grads, Var, jvp, vjp
def test_arithmetic_with_the_tuple_of_gradients():
    grads = grad(total)(X, X)
    assert isinstance(grads, Grads)
    for f in (lambda: X - grads, lambda: grads * 2.0, lambda: 0.1 * grads, lambda: -grads):
        with pytest.raises(TypeError, match=r"\(g,\) = .*\n  fix: grad\(f, argnums=0\)"):
            f()
    with pytest.raises(TypeError, match=r"\(g,\) = .*\n  fix: np.asarray\(grad\(np.sum, argnums=0\)\(X\)\)"):
        np.asarray(grad(np.sum)(X))


def test_var_of_a_watched_value():
    with pytest.raises(TypeError, match="Var of a watched value"):
        grad(lambda x: np.sum(Var(x)))(X)


def test_backward_inside_a_transform_names_it():
    def f(x):
        y = np.sum(x * x)
        y.backward()
        return y

    with pytest.raises(TypeError, match="backward.*grad"):
        grad(f)(X)


def test_backward_of_a_vector_needs_a_cotangent():
    with pytest.raises(TypeError, match=r"shape \(4,\) needs a cotangent"):
        (Var(X) * 2).backward()


def test_cotangents_and_tangents_of_the_wrong_shape():
    _, pullback = vjp(np.sin, X)
    with pytest.raises(ValueError, match=r"sin.*\(3,\).*\(4,\)"):
        pullback(np.ones(3))
    with pytest.raises(ValueError, match=r"\(3,\).*\(4,\)"):
        jvp(np.sin, (X,), (np.ones(3),))


def test_pickling_a_watched_value():
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Var(X))


# ---- an error of the user's own passes unchanged
def test_an_exception_of_the_function_is_the_users():
    class Mine(Exception):
        pass

    def f(x):
        raise Mine("as it was")

    for transform in (grad(f), jacobian(f), vmap(f), weave(f)):
        with pytest.raises(Mine, match="as it was"):
            transform(X)


def test_numpys_own_errors_stay_instances_of_numpys():
    with pytest.raises(np.exceptions.AxisError, match="axis 3 is out of bounds"):
        grad(lambda x: np.sum(np.sum(x, axis=3)))(A)
    with pytest.raises(IndexError):
        grad(lambda x: x[7])(X)
    with pytest.raises(np.linalg.LinAlgError):
        grad(lambda x: np.sum(np.linalg.inv(x)))(np.zeros((2, 2)))
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x / 0)(1.0)


# ---- writing into arrays made outside
OUTSIDE = np.zeros(4)


def writes_an_element(x):
    y = OUTSIDE
    y[0] = x[0]  # here
    return np.sum(y)


def writes_a_slice(x):
    y = OUTSIDE
    y[:] = x  # here
    return np.sum(y)


def adds_in_place(x):
    y = OUTSIDE
    y += x  # here
    return np.sum(y)


@pytest.mark.parametrize("f", [writes_a_slice, writes_an_element, adds_in_place], ids=lambda f: f.__name__)
def test_writing_into_a_plain_array_made_outside(f):
    with pytest.raises(TypeError, match="make the array inside the function") as caught:
        grad(f)(X)
    assert line_marked_here(f) in str(caught.value) and "`y`" in str(caught.value)


def test_an_unknown_keyword_is_told_under_the_name_that_the_user_wrote():
    with pytest.raises(TypeError, match=r"^sum\(\) got an unexpected keyword argument 'axes'"):
        grad(lambda x: np.sum(x, axes=0))(X)


# ---- arguments that hold numbers which are not watched --------------------------------------------------------------
class Settings(dict):
    pass


class Bounded(dict):
    def valuesdict(self):
        return dict(self)


@pytest.mark.parametrize(
    "argument, says",
    [
        (Settings(a=1.0), "got a Settings as argument 0, a kind of dict that is not opened: pass dict(x)"),
        (
            Bounded(a=1.0),
            "got a Bounded as argument 0, a kind of dict that is not opened: pass its .valuesdict()",
        ),
        (Held(), "got a Held as argument 0, an array of another kind: pass np.asarray of it"),
        (
            np.ma.array([1.0]),
            "got a MaskedArray as argument 0, whose operations are not an array's: pass np.asarray",
        ),
    ],
)
def test_numbers_that_cannot_be_watched_are_refused_not_left_out(argument, says):
    with pytest.raises(TypeError, match=re.escape(says)):
        grad(lambda a, x: x * 1.0)(argument, 2.0)
    assert grad(lambda a, x: x * 1.0, argnums=1)(argument, 2.0) == 1.0


def test_a_jacobian_by_no_numbers():
    for transform in (jacobian, jacfwd, jacrev):
        with pytest.raises(
            TypeError, match=r"the Jacobian of total \(test_errors.py:\d+\): argnums=0 selects no numbers"
        ):
            transform(total)("w", X)


def test_a_cell_of_a_notebook_is_named_as_the_notebook_names_it():
    pytest.importorskip("IPython")
    code = """if True:
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_cell("import numpy as np; from pycograd import grad, explain", store_history=True)
        cell = "def f(x):\\n    return np.sum(np.packbits(x))\\ntry:\\n    grad(f)(np.ones(3))\\n"
        shell.run_cell(cell + "except NotImplementedError as error:\\n    print(error)", store_history=True)
    """
    out = subprocess.run(
        [sys.executable, *["-P"] * sys.flags.safe_path, "-c", code], capture_output=True, text=True
    )
    assert "no derivative for np.packbits at In[2]:2 `np.packbits(x)`" in out.stdout, out.stdout + out.stderr
