"""vmap: axes, sizes, nesting, chunks, errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pycograd import grad, hessian, jacobian, jvp, vmap

rng = np.random.default_rng(0)
W, X = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))


def f(w, x):
    return np.sum(np.tanh(w @ x) ** 2)


def test_one_argument_mapped_the_other_whole():
    assert_allclose(vmap(f, in_axes=(None, 0))(W, X), [f(W, x) for x in X])


def test_negative_and_last_axes():
    assert_allclose(vmap(f, in_axes=(None, -1))(W, X.T), [f(W, x) for x in X])
    assert_allclose(vmap(lambda x: x * 2, in_axes=1, out_axes=-1)(X), 2 * X)


def test_synonyms_and_giving_both():
    assert_allclose(vmap(f, in_dims=(None, 0), out_dims=0)(W, X), [f(W, x) for x in X])
    with pytest.raises(TypeError, match="in_axes and in_dims"):
        vmap(f, in_axes=0, in_dims=0)


def test_pytree_arguments_prefixes_and_outputs():
    model = {"w": rng.normal(size=(5, 3)), "b": 2.0}
    out = vmap(lambda m, x: {"y": m["w"] * m["b"] + x, "b": m["b"]}, in_axes=({"w": 0, "b": None}, None))(
        model, 1.0
    )
    assert_allclose(out["y"], model["w"] * 2 + 1)
    assert_allclose(out["b"], np.full(5, 2.0))


def test_per_example_gradients_are_stacked_gradients():
    each = vmap(grad(f, argnums=0), in_axes=(None, 0))(W, X)
    assert_allclose(each, np.stack([grad(f, argnums=0)(W, x) for x in X]))


def test_grad_of_vmap_equals_sum_of_grads():
    total = grad(lambda w: np.sum(vmap(f, in_axes=(None, 0))(w, X)), argnums=0)(W)
    assert_allclose(total, sum(grad(f, argnums=0)(W, x) for x in X))


def test_vmap_of_vmap_jvp_jacobian_hessian():
    A = rng.normal(size=(2, 5, 4))
    assert_allclose(vmap(vmap(np.sum))(A), A.sum(2))
    g = lambda x: np.sum(np.sin(x) * x)
    assert_allclose(vmap(lambda x: jvp(g, (x,), (x,))[1])(X), [jvp(g, (x,), (x,))[1] for x in X])
    assert_allclose(vmap(jacobian(np.sin))(X), np.stack([np.diag(np.cos(x)) for x in X]))
    assert_allclose(vmap(hessian(g))(X), np.stack([hessian(g)(x) for x in X]))


def test_closed_over_values_of_outer_transforms():
    def outer(w):
        return np.sum(vmap(lambda x: x * w)(X[:, 0]))

    assert_allclose(grad(outer)(2.0)[0], X[:, 0].sum())
    assert_allclose(vmap(lambda a: vmap(lambda b: a * b)(X[:, 1]))(X[:, 0]), np.outer(X[:, 0], X[:, 1]))


def test_chunks_give_the_same():
    whole = vmap(f, in_axes=(None, 0))(W, X)
    for size in (1, 2, 5, 7):
        assert_allclose(vmap(f, in_axes=(None, 0), chunk_size=size)(W, X), whole)
    with pytest.raises(ValueError, match="chunk_size must be at least 1"):
        vmap(np.sin, chunk_size=-1)(X)


def test_keyword_arguments_are_passed_whole():
    assert_allclose(vmap(lambda x, scale: x * scale)(X, scale=np.arange(4.0)), X * np.arange(4.0))


def test_outputs_that_do_not_differ_are_repeated_unless_asked_not_to():
    assert vmap(lambda x: 1.0)(X).shape == (5,)
    assert vmap(lambda x: 1.0, out_axes=None)(X) == 1.0
    with pytest.raises(ValueError, match="out_axes is None"):
        vmap(lambda x: x, out_axes=None)(X)


def test_axis_size_where_no_argument_tells():
    assert vmap(lambda: 2.0, axis_size=3)().shape == (3,)
    assert vmap(lambda x: x, in_axes=None, axis_size=3)(1.0).shape == (3,)


def test_no_batched_argument():
    with pytest.raises(ValueError, match=r"no batched \(array\) argument"):
        vmap(np.sin, in_axes=None)(X)
    with pytest.raises(
        ValueError, match=r"argument 0 has shape \(\), no axis 0 .*: no batched \(array\) argument"
    ):
        vmap(np.sin)(1.0)


def test_sizes_that_disagree_are_named():
    with pytest.raises(ValueError, match="argument 0 has 5, argument 1 has 3"):
        vmap(lambda a, b: a + b)(np.ones(5), np.ones(3))


def test_an_axis_that_is_not_there():
    with pytest.raises(ValueError, match=r"argument 0 has shape \(5,\), no axis 1"):
        vmap(np.sin, in_axes=1)(np.ones(5))


def test_branching_on_a_value_that_differs_names_the_line_and_where():
    def branch(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(TypeError, match=r"(?s)test_vmap.py:\d+.*np\.where"):
        vmap(branch)(np.array([1.0, -1.0]))


def test_empty_batch():
    assert vmap(np.sin)(np.zeros((0, 3))).shape == (0, 3)
