"""Param, ParamDict and the declarations: what they hold, how they step aside, what transforms make of them."""

import copy
import pickle
from collections import namedtuple

import numpy as np
import pytest

from pycograd import (
    Adam,
    Param,
    ParamDict,
    Var,
    buffer,
    check_grads,
    checkpoint,
    custom_jvp,
    custom_vjp,
    dtype,
    explain,
    frozen,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    on_cpu,
    on_device,
    param_values,
    params,
    sgd_update,
    stop_gradient,
    tied,
    tree_flatten,
    tree_leaves,
    tree_map,
    tree_structure,
    value_and_grad,
    vjp,
    vmap,
)

W = np.array([1.0, -2.0, 3.0])
X = np.array([0.5, 1.5, -1.0])


# ---- a parameter ------------------------------------------------------------------------------------------
def test_a_parameter_becomes_the_working_dtype():
    assert Param([1, 2]).dtype == np.float64
    assert Param(np.float32(1)).dtype == np.float64
    with dtype("f32"):
        assert Param(W).dtype == np.float32
    assert Param(W).value is W, "no copy where the dtype is right"


@pytest.mark.parametrize("value", ["text", None, object(), [1.0, "a"], [[1.0], [1.0, 2.0]], np.array(["a"])])
def test_what_holds_no_numbers_is_no_parameter(value):
    with pytest.raises(TypeError, match="a Param holds numbers, not a"):
        Param(value)


def test_an_array_with_operators_of_its_own_is_no_parameter():
    with pytest.raises(TypeError, match=r"operations are not an array's[\s\S]*np\.asarray"):
        Param(np.ma.masked_array([1.0, 2.0], [True, False]))


def test_a_parameter_steps_aside_for_its_value():
    p = Param(W)
    assert np.array_equal(p * 2 + 1, W * 2 + 1) and type(p * 2) is np.ndarray
    assert np.array_equal(2 - p, 2 - W) and (p @ X) == W @ X and (X @ p) == W @ X
    assert np.array_equal(p > 0, W > 0) and np.sum(p) == p.sum() == W.sum()
    assert len(p) == 3 and p[1] == -2.0 and list(p) == list(W) and 3.0 in p
    assert p.shape == (3,) and p.ndim == 1 and p.size == 3 and p.T.shape == (3,) and p.nbytes == 24
    assert np.array_equal(np.concatenate([p, p]), np.concatenate([W, W]))
    assert np.array_equal(np.histogram(p)[0], np.histogram(W)[0]), "no rule is asked for where nobody watches"
    assert np.array_equal(np.asarray(p), W) and float(Param(2.0)) == 2.0 and f"{Param(2.0):.1f}" == "2.0"
    assert bool(Param(1.0)) and round(Param(2.345), 2) == 2.35 and complex(Param(1.0)) == 1
    assert isinstance(p, Param) and not isinstance(p, np.ndarray)


def test_a_parameter_can_be_written():
    p = Param(W.copy())
    p[0] = 5.0
    p += 1
    np.add(p, 1.0, out=p)
    np.add.at(p, [0, 0], 1.0)
    assert np.array_equal(p.value, [9.0, 0.0, 5.0])


def test_copies_and_pickles_keep_the_flags():
    p = Param(W, trainable=False, mutable=True, tie="t", device="cpu")
    for q in (copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert type(q) is Param and np.array_equal(q.value, W)
        assert (q.trainable, q.mutable, q.tie, q.device) == (False, True, "t", "cpu")
    assert copy.deepcopy(p).value is not W


def test_the_repr_tells_what_is_unusual():
    assert repr(Param(1.0)) == "Param(array(1.))"
    assert repr(Param(1.0, False, True, "k", "cpu")) == (
        "Param(array(1.), trainable=False, mutable=True, tie='k', device='cpu')"
    )


# ---- declarations -----------------------------------------------------------------------------------------
def test_declarations_work_as_calls_and_with_brackets():
    for p in (frozen(W), frozen[W]):
        assert (p.trainable, p.mutable) == (False, False)
    for p in (buffer(W), buffer[W]):
        assert (p.trainable, p.mutable) == (False, True)
    for p in (on_cpu(frozen(W)), on_cpu[frozen[W]], frozen(on_cpu(W))):
        assert (p.device, p.trainable) == ("cpu", False)
    for p in (on_device("mps", buffer(W)), on_device("mps")[buffer[W]], on_device("mps")(buffer(W))):
        assert (p.device, p.trainable, p.mutable) == ("mps", False, True)
    assert tied("k", W).tie == "k"


def test_frozen_of_a_container_freezes_all_in_it():
    model = params(w=W, block={"b": 1.0}, name="x")
    held = frozen(model)
    assert type(held) is ParamDict and held.name == "x"
    assert not held.w.trainable and not held.block.b.trainable
    assert model.w.trainable, "the given one is as it was"


@pytest.mark.parametrize("given", [(), (W,), ("k", W, 1)])
def test_tied_takes_a_key_and_a_value(given):
    with pytest.raises(TypeError, match=r"tied takes a key and a value[\s\S]*tied\[w\]"):
        tied(*given)


def test_a_key_that_cannot_be_one_is_refused():
    with pytest.raises(TypeError, match="a ndarray cannot be a key"):
        tied(W, W)


@pytest.mark.parametrize("declare", [lambda v: tied("k", v), lambda v: tied[v]])
def test_a_container_cannot_be_tied(declare):
    with pytest.raises(TypeError, match="tied takes one number or array, not a dict"):
        declare({"w": W})


def test_the_name_of_a_device_is_a_string():
    with pytest.raises(TypeError, match="the name of a device is a string, not a int"):
        on_device(0, W)


# ---- params -----------------------------------------------------------------------------------------------
def test_params_makes_parameters_of_numbers_and_leaves_the_rest():
    Pair = namedtuple("Pair", "a b")
    mask = np.array([True, False])
    found = params(
        w=W,
        n=3,
        layers=[1.0, {"b": 2.0}],
        pair=Pair(1.0, (2.0,)),
        name="mlp",
        flag=True,
        mask=mask,
        none=None,
    )
    assert type(found) is ParamDict and type(found.w) is type(found.n) is Param
    assert found.n.dtype == np.float64
    assert type(found.layers) is list and type(found.layers[1]) is ParamDict
    assert type(found.layers[1].b) is Param
    assert type(found.pair) is Pair and type(found.pair.b[0]) is Param
    assert (found.name, found.flag, found.none) == ("mlp", True, None) and found.mask is mask


def test_arrays_of_other_packages_become_parameters():
    pandas = pytest.importorskip("pandas")
    found = params(w=pandas.Series([1.0, 2.0]), words=pandas.Series(["a", "b"]))
    assert (
        type(found.w) is Param and np.array_equal(found.w, [1.0, 2.0]) and type(found.words) is pandas.Series
    )


def test_params_takes_a_mapping_or_keywords():
    assert list(params({"b": 1.0, "a": 2.0})) == ["b", "a"]
    assert list(params()) == []
    with pytest.raises(TypeError, match="params takes a mapping or keywords, not both"):
        params({"a": 1.0}, b=2.0)
    with pytest.raises(TypeError, match="params takes a mapping of names, not a ndarray"):
        params(W)


def test_items_are_attributes():
    weights = params(w=W)
    weights.b = 3.0
    assert weights["b"] == 3.0
    weights.w = np.zeros(3)
    assert type(weights.w) is Param and not np.any(weights.w), "numbers become the value of the parameter"
    weights._note = "real"
    assert "_note" not in weights and weights._note == "real"
    del weights.b, weights._note
    with pytest.raises(AttributeError, match="no parameter 'b' here; there are w"):
        _ = weights.b
    with pytest.raises(AttributeError, match="b"):
        del weights.b
    with pytest.raises(AttributeError, match="_note"):
        _ = weights._note
    with pytest.raises(AttributeError, match="'step' is a method of ParamDict"):
        weights.step = 1.0
    assert "w" in dir(weights) and "grad" in dir(weights)


def test_setting_a_parameter_keeps_its_flags():
    weights = params(w=frozen(W))
    weights["w"] = [0, 0, 1]
    assert type(weights.w) is list, "a list is a container"
    weights = params(w=frozen(W))
    weights["w"] = np.array([0, 0, 1])
    assert not weights.w.trainable and weights.w.dtype == np.float64


def test_a_param_dict_is_copied_joined_and_pickled_as_one():
    weights = params(w=W, b=1.0)
    copies = (
        weights.copy(),
        copy.deepcopy(weights),
        pickle.loads(pickle.dumps(weights)),
        weights | {},
        {} | weights,
    )
    for other in copies:
        assert type(other) is ParamDict and np.array_equal(other.w, W)
    assert weights.copy().w is weights.w and copy.deepcopy(weights).w is not weights.w
    assert repr(params(a=1.0)) == "ParamDict(a=Param(array(1.)))"


def test_param_values_strips_the_parameters():
    found = param_values(params(w=frozen(W), block={"b": 1.0}, name="x"))
    assert type(found) is ParamDict and found.w is W and found.block.b == 1.0 and found.name == "x"


# ---- trees ------------------------------------------------------------------------------------------------
def test_parameters_are_nodes_of_trees_that_keep_their_type_and_order():
    weights = params(w=W, b=frozen(1.0))
    leaves, treedef = tree_flatten(weights)
    assert len(leaves) == 2 and leaves[1] is W
    doubled = tree_map(lambda x: 2 * x, weights)
    assert list(doubled) == ["w", "b"] and type(doubled) is ParamDict
    assert type(doubled.b) is Param and not doubled.b.trainable and doubled.b == 2.0
    assert treedef == tree_structure(params(b=frozen(5.0), w=X)), "whatever the order"
    assert treedef != tree_structure(params(b=5.0, w=X)), "the flags are part of the structure"
    assert tree_leaves(params({1: 1.0, "a": 2.0})) == [1.0, 2.0], (
        "keys of mixed types come as they were inserted"
    )


def test_tree_map_takes_bare_gradients_in_the_places_of_parameters():
    weights, grads = params(w=W, block={"b": 1.0}), ParamDict(w=X, block=ParamDict(b=2.0))
    new = tree_map(lambda p, g: p - 0.5 * g, weights, grads)
    assert type(new.w) is Param and np.array_equal(new.w, W - 0.5 * X) and new.block.b == 0.0
    with pytest.raises(ValueError, match="tree_map: the structures differ"):
        tree_map(lambda p, g: p, weights, {"w": X})


# ---- transforms of functions of parameters ----------------------------------------------------------------
def loss(weights, x):
    assert type(weights["w"]) is Param, "the function sees what it would see without a transform"
    return np.sum(np.tanh(weights["w"] * x)) + weights["block"]["b"] ** 2 * weights["scale"].value


def plain(w, b, scale, x):
    return np.sum(np.tanh(w * x)) + b**2 * scale


def model():
    return params(w=W, block={"b": 3.0}, scale=frozen(2.0), name="model")


def test_grad_gives_bare_gradients_in_the_same_containers_and_none_where_nothing_is_trained():
    value, grads = value_and_grad(loss, 0)(model(), X)
    expected, (gw, gb) = value_and_grad(plain, (0, 1))(W, 3.0, 2.0, X)
    assert value == expected == loss(model(), X)
    assert type(grads) is ParamDict and list(grads) == ["w", "block", "scale", "name"]
    assert np.array_equal(grads.w, gw) and grads.block.b == gb and type(grads.w) is np.ndarray
    assert grads.scale is None and grads.name is None


def test_the_value_attribute_is_watched():
    (g,) = grad(lambda p: np.sum(p.value**2))(Param(W))
    assert np.array_equal(g, 2 * W)


def test_every_transform_takes_parameters():
    v = ParamDict(w=np.ones(3), block=ParamDict(b=1.0), scale=None, name=None)
    eps = 1e-6
    central = (plain(W + eps, 3.0 + eps, 2.0, X) - plain(W - eps, 3.0 - eps, 2.0, X)) / (2 * eps)
    assert np.isclose(jvp(lambda m: loss(m, X), (model(),), (v,))[1], central, rtol=1e-8)
    assert np.isclose(linearize(lambda m: loss(m, X), model())[1](v), central, rtol=1e-8)
    _, pullback = vjp(lambda m: loss(m, X), model())
    assert np.array_equal(pullback(1.0)[0].w, grad(plain, 0)(W, 3.0, 2.0, X))
    assert np.array_equal(grad(checkpoint(loss), 0)(model(), X).w, grad(plain, 0)(W, 3.0, 2.0, X))
    each = vmap(loss, in_axes=(None, 0))(model(), np.stack([X, 2 * X]))
    assert np.allclose(each, [plain(W, 3.0, 2.0, X), plain(W, 3.0, 2.0, 2 * X)])
    several = vmap(loss, in_axes=(ParamDict(w=0, block=None, scale=None, name=None), None))
    stacked = params(w=np.stack([W, X]), block={"b": 3.0}, scale=frozen(2.0), name="model")
    assert np.allclose(several(stacked, X), [plain(W, 3.0, 2.0, X), plain(X, 3.0, 2.0, X)])
    per_example = vmap(grad(loss, 0), in_axes=(None, 0))(model(), np.stack([X, 2 * X]))
    assert np.allclose(per_example.w[1], grad(plain, 0)(W, 3.0, 2.0, 2 * X))
    J = jacobian(lambda m: m.w * m.block.b)(params(w=W, block={"b": 3.0}))
    assert np.array_equal(J.w, 3 * np.eye(3)) and np.array_equal(J.block.b, W)
    H = hessian(lambda m: np.sum(m.w**3))(params(w=W))
    assert np.allclose(H.w.w, np.diag(6 * W))
    assert np.allclose(hvp(lambda m: np.sum(m.w**3))(params(w=W), ParamDict(w=X)).w, 6 * W * X)


def test_stop_gradient_of_parameters_keeps_them_parameters():
    def f(m):
        held = stop_gradient(m)
        assert type(held.w) is Param
        return np.sum(m.w * held.w)

    assert np.array_equal(grad(f, 0)(params(w=W)).w, W)


def test_an_array_that_a_function_writes_is_left_written():
    weights = params(w=W.copy())

    def f(m):
        m.w[0] = m.w[1] * 2
        return np.sum(m.w**2)

    plainly = params(w=W.copy())
    value = f(plainly)
    assert value_and_grad(f, 0)(weights)[0] == value
    assert np.array_equal(weights.w, plainly.w)


# ---- ties -------------------------------------------------------------------------------------------------
def test_tied_parameters_share_the_sum_of_their_gradients():
    weights = params(a=tied("k", W), b=tied("k", X), c=2.0)
    g = grad(lambda m: np.sum(m.a * m.b) * m.c, 0)(weights)
    assert np.allclose(g.a, 2 * (W + X)) and g.a is g.b and np.allclose(g.c, W @ X)
    J = jacobian(lambda m: m.a * m.b)(weights)
    assert np.allclose(J.a, np.diag(W + X)) and np.allclose(J.b, J.a)


def test_tied_brackets_find_the_sibling_made_of_the_same_object():
    for w in (np.arange(3.0), frozen(np.arange(3.0)), Param(np.arange(3, dtype=int)), 0.25):
        weights = params(w=w, head={"v": tied[w]}, other=5.0)
        assert weights.w.tie is weights.head.v.tie is not None and weights.other.tie is None
        assert weights.w.origin is None
    int_array = np.arange(3)
    assert np.array_equal(params(w=int_array, v=tied[int_array]).v, int_array), (
        "though the value is another array"
    )


def test_two_sets_of_parameters_are_not_tied_to_each_other():
    w = np.ones(2)
    both = params(a=params(w=w, v=tied[w]), b=params(w=w, v=tied[w]))
    g = grad(lambda m: np.sum(m.a.v) + 10 * np.sum(m.b.w), 0)(both)
    assert g.a.w[0] == 1 and g.b.v[0] == 10


def test_a_tie_survives_a_copy():
    w = np.ones(2)
    weights = copy.deepcopy(params(w=w, v=tied[w]))
    assert weights.w.tie is weights.v.tie and weights.w.value is weights.v.value
    assert copy.copy(weights.w).tie is weights.w.tie


def test_a_tie_to_nothing_is_refused():
    with pytest.raises(ValueError, match=r"tied: 'v' must reference another parameter of the same params"):
        params(w=W, v=tied[W.copy()])
    with pytest.raises(ValueError, match="reference another parameter"):
        params(v=tied[W])


def test_a_tie_to_two_is_refused():
    with pytest.raises(ValueError, match="tied: 'v' could be tied to 'a' or 'b'"):
        params(a=W, b=W, v=tied[W])


def test_a_tied_parameter_that_stands_alone_is_refused():
    with pytest.raises(ValueError, match="a tied parameter that stands alone"):
        value_and_grad(lambda m: np.sum(m["v"]))({"v": tied[W]})


def test_tied_parameters_have_one_shape():
    with pytest.raises(ValueError, match=r"tied by 'k' have the shapes \(3,\) and \(2,\)"):
        grad(lambda m: np.sum(m.a))(params(a=tied("k", W), b=tied("k", W[:2])))


# ---- steps ------------------------------------------------------------------------------------------------
def test_sgd_update_keeps_the_parameters_and_leaves_alone_what_has_no_gradient():
    weights = model()
    new = sgd_update(weights, grad(loss, 0)(weights, X), 0.1)
    assert type(new) is ParamDict and type(new.w) is Param and new.name == "model"
    assert np.array_equal(new.w, W - 0.1 * grad(plain, 0)(W, 3.0, 2.0, X))
    assert new.scale == 2.0 and not new.scale.trainable and np.array_equal(weights.w, W)
    moved = sgd_update({"w": frozen(W)}, {"w": X}, 0.1)
    assert np.array_equal(moved["w"], W), "a frozen parameter stays, whatever the gradient"


def test_a_step_is_taken_in_place_and_leaves_the_given_arrays_alone():
    given = W.copy()
    weights = params(w=given, block={"b": 3.0}, scale=frozen(2.0), name="x")
    held = weights.w
    _, grads = weights.grad(lambda: loss(weights, X))
    weights.step(grads, 0.1)
    assert weights.w is held and np.array_equal(given, W)
    assert np.array_equal(held, W - 0.1 * grads.w) and weights.block.b == 3.0 - 0.1 * grads.block.b
    assert weights.scale == 2.0 and held.dtype == np.float64
    with pytest.raises(ValueError):
        weights.step({"w": X}, 0.1)


def test_a_step_keeps_float32():
    with dtype("f32"):
        weights = params(w=W, b=1.0)
    _, grads = weights.grad(lambda: np.sum(weights.w) * weights.b)
    assert grads.w.dtype == np.float32
    weights.step(grads, np.float64(0.1))
    assert weights.w.dtype == weights.b.dtype == np.float32 and type(weights.b.value) is np.ndarray


def test_tied_parameters_of_one_array_stay_one_array():
    w = np.ones(3)
    weights = params(w=w, v=tied[w])
    weights.step(weights.grad(lambda: np.sum(weights.w * weights.v))[1], 0.1)
    assert weights.w.value is weights.v.value and np.allclose(weights.w, 0.8)


def test_a_step_inside_a_transform_is_refused():
    def f(x):
        weights = params(w=x)
        weights.step(ParamDict(w=x), 0.1)
        return weights.w

    with pytest.raises(TypeError, match=r"weights\.step inside a transform[\s\S]*sgd_update"):
        grad(f)(1.0)


def test_gradients_flow_through_parameters_made_inside():
    def f(lr):
        weights = params(w=2.0)
        new = sgd_update(weights, ParamDict(w=3.0), lr)
        return new.w.value**2

    assert np.isclose(grad(f)(0.5)[0], 2 * (2.0 - 1.5) * -3.0)


# ---- buffers ----------------------------------------------------------------------------------------------
def test_buffers_are_updated_nested_and_cast():
    with dtype("f32"):
        weights = params(mean=buffer(np.zeros(2)), block={"var": buffer(1.0)})
    weights.update_buffers({"mean": np.array([1, 2]), "block": {"var": 3.0}})
    assert np.array_equal(weights.mean, [1, 2]) and weights.mean.dtype == np.float32
    assert weights.block.var == 3.0


@pytest.mark.parametrize(
    "values, message",
    [
        ({"w": 1.0}, r"'w' is not a mutable buffer: it is Param\(array\(1\.\)\)"),
        ({"held": 1.0}, "'held' is not a mutable buffer"),
        ({"none": 1.0}, "'none' is not a mutable buffer: there is nothing of that name"),
        ({"name": 1.0}, "'name' is not a mutable buffer: it is a str"),
        ({"block": {"x": 1.0}}, r"'block\.x' is not a mutable buffer"),
        ({"mean": np.ones(3)}, r"'mean' has shape \(2,\), its new value \(3,\)"),
    ],
)
def test_what_is_no_buffer_is_not_updated(values, message):
    weights = params(w=1.0, held=frozen(1.0), name="n", block={"b": 1.0}, mean=buffer(np.zeros(2)))
    with pytest.raises(ValueError, match=f"update_buffers: {message}"):
        weights.update_buffers(values)


def test_a_buffer_takes_the_plain_numbers_of_a_watched_value():
    weights = params(w=W, mean=buffer(0.0))

    def objective():
        weights.update_buffers({"mean": np.mean(weights.w)})
        return np.sum(weights.w * weights.mean)

    value, grads = weights.grad(objective)
    assert weights.mean.value == np.mean(W) and value == np.sum(W * np.mean(W))
    assert np.allclose(grads.w, np.mean(W)) and grads.mean is None


def test_a_buffer_cannot_take_a_value_that_differs_between_examples():
    weights = params(mean=buffer(0.0))

    def f(x):
        weights.update_buffers({"mean": x})
        return x

    with pytest.raises(TypeError, match="different for each example of vmap"):
        vmap(f)(W)


# ---- the other tools --------------------------------------------------------------------------------------
def test_rules_of_the_users_own_take_parameters_and_give_bare_cotangents():
    @custom_vjp
    def scaled(m, x):
        return np.sum(m.w * x) * m.block.b

    def backward(residuals, g):
        m, x = residuals
        cotangent = ParamDict(
            w=10 * g * x * m.block.b, block=ParamDict(b=g * np.sum(m.w * x)), scale=None, name=None
        )
        return cotangent, g * m.w * m.block.b

    scaled.defvjp(lambda m, x: (scaled(m, x), (m, x)), backward)
    g = grad(scaled, 0)(model(), X)
    assert np.allclose(g.w, 10 * X * 3.0) and np.isclose(g.block.b, np.sum(W * X)) and g.scale is None

    @custom_jvp
    def cubed(m):
        return m.w**3

    cubed.defjvp(lambda primals, tangents: (cubed(*primals), 30 * primals[0].w ** 2 * tangents[0].w))
    assert np.allclose(grad(lambda m: np.sum(cubed(m)), 0)(params(w=W)).w, 30 * W**2)


def test_check_grads_and_explain_take_parameters():
    report = check_grads(loss, model(), X)
    assert "m['block']['b']" in str(report) or "weights['block']['b']" in str(report)
    assert "['value']" not in str(report)
    said = str(explain(loss, model(), X))
    assert "weights['w']" in said and "weights['scale']" not in said


def test_axes_of_vmap_may_be_plain_dicts():
    axes = {"w": 0, "block": {"b": None}, "scale": None, "name": None}
    stacked = params(w=np.stack([W, X]), block={"b": 3.0}, scale=frozen(2.0), name="model")
    found = vmap(loss, in_axes=(axes, None))(stacked, X)
    assert np.allclose(found, [plain(W, 3.0, 2.0, X), plain(X, 3.0, 2.0, X)])
    with pytest.raises(ValueError, match="is not a prefix"):
        vmap(loss, in_axes=({"w": 0}, None))(stacked, X)


def test_a_parameter_is_a_constant_beside_a_var():
    v = Var(X)
    np.sum(v * Param(W)).backward()
    assert np.array_equal(v.grad, W)
    leaf = Var(Param(W))
    np.sum(leaf**2).backward()
    assert np.array_equal(leaf.grad, 2 * W)


def test_a_step_takes_a_dict_of_the_same_names_and_says_which_are_missing():
    weights = params(w=np.ones(2), inner={"x": 1.0})
    weights.step({"w": np.ones(2), "inner": {"x": 2.0}}, 0.1)
    assert np.array_equal(weights.w.value, [0.9, 0.9]) and weights.inner.x.value == 0.8
    for how in (0.1, Adam(0.1)):
        with pytest.raises(
            ValueError,
            match=r"parameters are a ParamDict of inner\.x, w\s+the gradients are a ParamDict of w",
        ):
            weights.step({"w": np.ones(2)}, how)


def test_rows_of_an_array_stand_below_each_other():
    assert repr(Param(np.eye(2))) == "Param(array([[1., 0.],\n             [0., 1.]]))"
    pretty = pytest.importorskip("IPython.lib.pretty").pretty
    assert pretty(params(w=np.ones(2), b=0.0)) == repr(params(w=np.ones(2), b=0.0))
    shown = pretty(params(w=np.eye(2), b=np.zeros(30), n={"v": np.eye(2)})).splitlines()
    assert shown[:3] == ["ParamDict(", "  w=Param(array([[1., 0.],", "                 [0., 1.]])),"]
    assert shown[3].startswith("  b=Param(array([0.,") and shown[-1].strip() == "[0., 1.]]))))"
