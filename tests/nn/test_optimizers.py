"""Optimizers against PyTorch's, step by step, and against closed forms; schedules; clipping."""

import math
import pickle

import numpy as np
import pytest

from pycograd import (
    LBFGS,
    SGD,
    Adam,
    AdamW,
    Lion,
    Momentum,
    Param,
    ParamDict,
    RMSProp,
    clip_grad_norm,
    constant_lr,
    cosine_decay,
    dtype,
    frozen,
    grad,
    gradient_descent,
    params,
    sgd_update,
    step_decay,
    tied,
    value_and_grad,
    vmap,
)
from pycograd.nn import Optimizer

START = {"w": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": np.array([0.1, -0.4])}


def loss(p):
    """A valley with a bend: gradients change in size and sign along the way."""
    return ((p["w"] * 3.0 - 1.0) ** 2).sum() / 10 + ((p["b"] + p["w"][0]) ** 4).sum() / 50


# ---- step by step with PyTorch ----------------------------------------------------------------------------
PAIRS = [
    (SGD, "SGD", {"lr": 0.1}, {}),
    (SGD, "SGD", {"lr": 0.05, "momentum": 0.9}, {}),
    (SGD, "SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True}, {}),
    (SGD, "SGD", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True}, {}),
    (SGD, "SGD", {"lr": 0.05, "weight_decay": 0.3}, {}),
    (Momentum, "SGD", {"lr": 0.05, "momentum": 0.9}, {}),
    (Adam, "Adam", {"lr": 0.1}, {}),
    (Adam, "Adam", {"lr": 0.1, "betas": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.2}, {}),
    (AdamW, "AdamW", {"lr": 0.1}, {}),
    (AdamW, "AdamW", {"lr": 0.1, "weight_decay": 0.3}, {}),
    (RMSProp, "RMSprop", {"lr": 0.05}, {}),
    (RMSProp, "RMSprop", {"lr": 0.05, "decay": 0.8, "momentum": 0.5, "centered": True, "weight_decay": 0.1},
     {"decay": "alpha"}),
    (LBFGS, "LBFGS", {"lr": 0.3, "history": 100}, {"history": "history_size"}),
    (LBFGS, "LBFGS", {"lr": 0.5, "history": 2}, {"history": "history_size"}),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("ours, theirs, options, names", PAIRS, ids=lambda x: str(getattr(x, "__name__", x)))
def test_steps_are_those_of_pytorch(ours, theirs, options, names, kind):
    torch = pytest.importorskip("torch")
    tensors = {k: torch.tensor(v.astype(kind), requires_grad=True) for k, v in START.items()}
    renamed = {names.get(k, k): v for k, v in options.items()}
    optimizer = getattr(torch.optim, theirs)(
        tensors.values(), **renamed, **({"max_iter": 1} if ours is LBFGS else {})
    )
    mine, opt = {k: v.astype(kind) for k, v in START.items()}, ours(**options)

    def closure():
        optimizer.zero_grad()
        value = loss(tensors)
        value.backward()
        return value

    # rounding: differences grow along the steps; those of L-BFGS with the curvature that they estimate
    tolerance = {"float64": 1e-11, "float32": 2e-3 if ours is LBFGS else 2e-5}[kind]
    for _ in range(12):
        optimizer.step(closure)
        mine = opt.step(mine, grad(loss, 0)(mine))
        for name, tensor in tensors.items():
            assert mine[name].dtype == np.dtype(kind)
            assert np.allclose(mine[name], tensor.detach().numpy(), rtol=tolerance, atol=tolerance), name


def test_complex_parameters_follow_pytorch():
    torch = pytest.importorskip("torch")
    z = np.array([1.0 + 2.0j, -0.5j])
    tensor = torch.tensor(z, requires_grad=True)
    optimizer, opt = torch.optim.SGD([tensor], lr=0.1, momentum=0.5), SGD(0.1, momentum=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        (tensor * (1 + 1j) - 2j).abs().pow(2).sum().backward()
        optimizer.step()
        z = opt.step(z, grad(lambda z: np.sum(np.abs(z * (1 + 1j) - 2j) ** 2), 0)(z))
        assert np.allclose(z, tensor.detach().numpy(), rtol=1e-12)


# ---- closed forms -----------------------------------------------------------------------------------------
def test_gradient_descent_on_a_parabola():
    x, opt = 3.0, SGD(0.1)
    for _ in range(7):
        x = opt.step(x, 2 * x)
    assert np.isclose(x, 3.0 * 0.8**7, rtol=1e-14) and type(x) is float and opt.t == 7


def test_lion_by_hand():
    opt, x, mean = Lion(0.1, betas=(0.5, 0.75), weight_decay=0.2), np.array([1.0, -1.0]), np.zeros(2)
    for g in (np.array([1.0, 2.0]), np.array([-4.0, 0.5]), np.array([0.0, -9.0])):
        expected = x - 0.1 * (np.sign(0.5 * mean + 0.5 * g) + 0.2 * x)
        mean = 0.75 * mean + 0.25 * g
        x = opt.step(x, g)
        assert np.allclose(x, expected, rtol=1e-15)


def test_the_first_step_of_adam_is_the_learning_rate():
    x = Adam(0.01).step(np.zeros(4), np.array([1e-3, -5.0, 1e4, 0.0]))
    assert np.allclose(x, [-0.01, 0.01, -0.01, 0.0], rtol=1e-4)


def test_the_base_class_is_plain_descent_and_a_rule_is_enough_for_an_optimizer():
    class Signs(Optimizer):
        def rule(self, x, g, slot, lr):
            return x - lr * np.sign(g)

    assert Optimizer(0.5).step([2.0], [1.0]) == [1.5]
    assert Signs(0.5).step([2.0], [-7.0]) == [2.5]


def test_lbfgs_solves_a_quadratic_in_few_steps():
    A = np.diag([1.0, 10.0, 100.0])
    opt, x = LBFGS(), np.ones(3)
    for _ in range(25):
        x = opt.step(x, A @ x)
    assert np.linalg.norm(x) < 1e-5


def test_lbfgs_with_a_search_finds_the_bottom_of_rosenbrocks_valley():
    rosenbrock = lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    both, opt, x = value_and_grad(rosenbrock, argnums=0), LBFGS(), np.array([-1.2, 1.0])
    losses = []
    for _ in range(60):
        value, g = both(x)
        losses.append(value)
        x = opt.step(x, g, value, both)
    assert np.allclose(x, 1.0, atol=1e-6)
    assert all(b <= a for a, b in zip(losses, losses[1:], strict=False)), "each step lowers the loss"


def test_lbfgs_refuses_complex_parameters():
    with pytest.raises(ValueError, match="LBFGS: the parameters are complex"):
        LBFGS().step(np.ones(2) * 1j, np.ones(2) * 1j)


# ---- what a step does with its parameters -----------------------------------------------------------------
ALL = [SGD, Momentum, Adam, AdamW, RMSProp, Lion, LBFGS]


@pytest.mark.parametrize("kind", ALL)
def test_a_step_keeps_parameters_dtypes_and_what_is_not_trained(kind):
    with dtype("f32"):
        weights = params(w=START["w"], held=frozen(1.0), block={"s": 2.0}, name="x")
    grads = ParamDict(w=np.ones((2, 2), np.float32), held=None, block=ParamDict(s=np.float32(1)), name=None)
    opt = kind(lr=np.float64(0.1))
    for _ in range(3):
        new = opt.step(weights, grads)
    assert type(new) is ParamDict and type(new.w) is Param and new.name == "x"
    assert new.w.dtype == new.block.s.dtype == np.float32 and np.all(new.w < weights.w)
    assert new.held.value is weights.held.value and not new.held.trainable
    assert np.array_equal(weights.w, START["w"]), "the given parameters are left alone"
    assert opt.t == 3


@pytest.mark.parametrize("kind", ALL)
def test_a_frozen_parameter_stays_whatever_its_gradient(kind):
    new = kind().step({"w": frozen(1.0)}, {"w": 5.0})
    assert new["w"] == 1.0


@pytest.mark.parametrize("kind", ALL)
def test_half_precision_is_kept_and_summed_in_single(kind):
    x, opt = np.ones(3, np.float16), kind(lr=0.01)
    for _ in range(3):
        x = opt.step(x, np.full(3, 1e-4, np.float16))
    assert x.dtype == np.float16 and np.all(np.isfinite(x))


def test_tied_parameters_move_as_one():
    w = np.ones(3)
    weights = params(w=w, v=tied[w])
    opt = Adam(0.1)
    for _ in range(3):
        weights.step(weights.grad(lambda: np.sum(weights.w * weights.v**2))[1], opt)
    assert weights.w.value is weights.v.value and np.all(weights.w < 1)


def test_the_tuple_of_all_gradients_goes_with_a_tuple_of_parameters():
    p = (np.ones(2), np.zeros(2))
    new = SGD(0.1).step(p, grad(lambda a, b: np.sum(a * a + b))(*p))
    assert type(new) is tuple and np.allclose(new[0], 0.8) and np.allclose(new[1], -0.1)


def test_a_step_is_differentiated_like_any_code():
    def trained(lr):
        opt, x = SGD(lr, momentum=0.5), 3.0
        for _ in range(3):
            x = opt.step(x, grad(lambda x: x * x, 0)(x))
        return x

    eps = 1e-6
    assert np.isclose(grad(trained, 0)(0.1), (trained(0.1 + eps) - trained(0.1 - eps)) / (2 * eps), rtol=1e-8)
    assert np.allclose(vmap(trained)(np.array([0.1, 0.2])), [trained(0.1), trained(0.2)])


# ---- what is refused --------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ALL)
def test_gradients_of_another_structure_are_refused(kind):
    with pytest.raises(ValueError, match=rf"{kind.__name__}\.step: the gradients have another structure"):
        kind().step({"w": 1.0}, {"v": 1.0})
    with pytest.raises(ValueError, match=r"another structure[\s\S]*argnums=0"):
        kind().step({"w": 1.0}, grad(lambda p: p["w"] ** 2)({"w": 1.0}))
    with pytest.raises(
        ValueError, match=rf"{kind.__name__}\.step: 'a.0' has shape \(2,\), its gradient \(3,\)"
    ):
        kind().step({"a": [np.ones(2)]}, {"a": [np.ones(3)]})


@pytest.mark.parametrize("kind", ALL)
def test_other_parameters_than_at_the_step_before_are_refused(kind):
    opt = kind()
    opt.step({"w": 1.0}, {"w": 1.0})
    with pytest.raises(ValueError, match="the parameters have another structure than at the step before"):
        opt.step({"w": 1.0, "b": 1.0}, {"w": 1.0, "b": 1.0})


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"SGD: nesterov looks ahead along the momentum[\s\S]*momentum=0\.9"):
        SGD(nesterov=True)
    with pytest.raises(ValueError, match=r"Adam: betas=\(0\.9, 1\.0\) are shares"):
        Adam(betas=(0.9, 1.0))
    with pytest.raises(ValueError, match=r"Lion: betas=\(-0\.1, 0\.5\)"):
        Lion(betas=(-0.1, 0.5))
    with pytest.raises(ValueError, match="LBFGS: history must be at least one step, not 0"):
        LBFGS(history=0)


def test_optimizers_say_what_they_are():
    assert repr(Adam(cosine_decay(0.1, 10))) == (
        "Adam(lr=cosine_decay(lr0=0.1, total_steps=10, min_lr=0.0), betas=(0.9, 0.999), eps=1e-08, weight_decay=0)"
    )
    opt = Adam(step_decay(0.1, 0.5, 10))
    opt.step(1.0, 1.0)
    again = pickle.loads(pickle.dumps(opt))
    assert again.step(1.0, 2.0) == opt.step(1.0, 2.0)


# ---- schedules --------------------------------------------------------------------------------------------
def test_schedules_have_their_closed_forms():
    assert [constant_lr(0.3)(t) for t in (1, 100)] == [0.3, 0.3]
    assert [step_decay(1.0, 0.1, 3)(t) for t in range(1, 8)] == [1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.1**2]
    cosine = cosine_decay(0.2, 50, min_lr=0.02)
    assert cosine(50) == cosine(51) == cosine(1000) == 0.02 and cosine(25) == pytest.approx(0.11)
    for t in range(1, 50):
        assert cosine(t) == pytest.approx(0.02 + 0.18 * math.cos(math.pi * t / 100) ** 2)


def test_the_learning_rate_is_asked_with_the_step_from_one():
    asked = []
    opt = SGD(lambda step: asked.append(step) or 1.0 / step)
    x = 0.0
    for _ in range(3):
        x = opt.step(x, 1.0)
    assert asked == [1, 2, 3] and x == -(1 + 1 / 2 + 1 / 3)


def test_schedules_out_of_range_are_refused():
    with pytest.raises(ValueError, match="step_decay: every must be at least one step, not 0"):
        step_decay(0.1, 0.5, 0)
    with pytest.raises(ValueError, match="cosine_decay: total_steps must be at least one, not 0"):
        cosine_decay(0.1, 0)


# ---- clipping ---------------------------------------------------------------------------------------------
def test_clipping_scales_all_leaves_by_one_number():
    grads = ParamDict(w=np.array([3.0, 0.0], np.float32), b=None, block=ParamDict(s=4.0))
    clipped = clip_grad_norm(grads, 2.5)
    assert type(clipped) is ParamDict and clipped.b is None and clipped.w.dtype == np.float32
    assert np.allclose(clipped.w, [1.5, 0.0]) and clipped.block.s == 2.0
    assert (
        np.array_equal(clip_grad_norm(grads, 5.0).w, grads.w) and clip_grad_norm(grads, 100.0).block.s == 4.0
    )
    assert not np.any(clip_grad_norm({"w": np.zeros(2)}, 1.0)["w"])


def test_clipping_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    grads = {k: rng.normal(size=v.shape) for k, v in START.items()}
    tensors = []
    for g in grads.values():
        tensors.append(torch.zeros(g.shape, dtype=torch.float64))
        tensors[-1].grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_(tensors, 0.7)
    ours = clip_grad_norm(grads, 0.7)
    for g, tensor in zip(ours.values(), tensors, strict=True):
        assert np.allclose(g, tensor.grad.numpy(), rtol=2e-6), "PyTorch adds 1e-6 to the norm"


def test_clipping_counts_a_shared_gradient_once_and_does_not_overflow():
    g = np.array([3.0, 4.0])
    clipped = clip_grad_norm({"w": g, "v": g}, 1.0)
    assert clipped["w"] is clipped["v"] and np.allclose(clipped["w"], [0.6, 0.8])
    huge = clip_grad_norm(np.array([3e30, 4e30], np.float32), 1.0)
    assert np.allclose(huge, [0.6, 0.8])
    assert np.allclose(clip_grad_norm(np.array([3j, 4.0]), 1.0), [0.6j, 0.8])


@pytest.mark.parametrize("norm", [0, -1.0, math.nan])
def test_the_norm_to_clip_to_is_positive(norm):
    with pytest.raises(ValueError, match="clip_grad_norm: max_norm must be positive"):
        clip_grad_norm([1.0], norm)


# ---- the plainest of them ---------------------------------------------------------------------------------
def test_plain_descent_goes_downhill_for_complex_parameters_too():
    f = lambda z: np.sum(np.abs(z - 1j) ** 2)
    (z,), losses = gradient_descent(f, (np.array([2.0 + 0j]),), lr=0.25, steps=20)
    assert np.allclose(z, 1j, atol=1e-5) and losses[-1] < losses[0]
    assert np.allclose(sgd_update([1j], [2j], 0.5), [2j]), "the conjugate of the gradient leads uphill"


def test_gradients_may_stand_in_parameters():
    weights = params(w=START["w"])
    found = SGD(1.0).step(weights, params(w=np.ones((2, 2))))
    assert np.array_equal(found.w, START["w"] - 1.0)


def test_lbfgs_begins_anew_where_its_directions_lead_nowhere():
    """A gradient of the wrong sign: no length lowers the loss, and nothing is changed."""
    opt, x = LBFGS(), np.array([1.0, 2.0])
    both = lambda x: (float(x @ x), -2 * x)
    for _ in range(3):
        x = opt.step(x, -2 * x, float(x @ x), both)
    assert np.array_equal(x, [1.0, 2.0]) and len(opt.slots[0]["s"]) == 0


def test_declarations_say_what_they_are():
    assert repr(frozen) == "<pycograd.frozen>"


def test_clipping_of_gradients_whose_squares_overflow_or_vanish():
    """Squares that overflowed made the norm infinite, and the gradients zeros."""
    np.testing.assert_allclose(clip_grad_norm([np.array([3e200, 4e200])], 1.0)[0], [0.6, 0.8])
    np.testing.assert_allclose(clip_grad_norm([3e200, np.array([4e200j])], 1.0)[1], [0.8j])
    np.testing.assert_allclose(clip_grad_norm([np.array([3e-200, 4e-200])], 1e-200)[0], [0.6e-200, 0.8e-200])
    assert np.all(clip_grad_norm([np.zeros(2)], 1.0)[0] == 0) and clip_grad_norm({}, 1.0) == {}
