"""What layers compute in: floating arrays in their own dtype, bfloat16 in single precision, as numpy has it."""

import numpy as np
import pytest

import pycograd
from pycograd import grad

rng = np.random.default_rng(0)
LABELS = np.array([0, 2, 1, 1])
ACTIVATIONS = """relu sigmoid silu tanh gelu leaky_relu elu softplus mish hardsigmoid hardswish softsign selu softmax
log_softmax logsumexp""".split()
CASES = {
    **{name: (getattr(pycograd, name), (4, 3)) for name in ACTIVATIONS},
    "cross_entropy": (lambda z: pycograd.cross_entropy(z, LABELS), (4, 3)),
    "linear": (pycograd.linear, (4, 3), (3, 2), (2,)),
    "layer_norm": (pycograd.layer_norm, (4, 3), (3,), (3,)),
    "rms_norm": (pycograd.rms_norm, (4, 3), (3,)),
    "group_norm": (lambda x, g, b: pycograd.group_norm(x, g, b, 2), (2, 4, 3), (4,), (4,)),
    "attention": (pycograd.scaled_dot_product_attention, (2, 3, 4), (2, 3, 4), (2, 3, 4)),
    "conv2d": (pycograd.conv2d, (1, 2, 4, 4), (3, 2, 2, 2), (3,)),
    "conv_transpose1d": (pycograd.conv_transpose1d, (1, 2, 4), (2, 3, 2), (3,)),
    "avg_pool2d": (lambda x: pycograd.avg_pool2d(x, 2), (1, 4, 4)),
    "max_pool2d": (lambda x: pycograd.max_pool2d(x, 2), (1, 4, 4)),
    "gated_act": (pycograd.gated_act, (4, 3), (4, 3)),
    "gru": (lambda xs, wx, wh: pycograd.gru(xs, None, wx, wh)[0], (2, 3, 2), (2, 9), (3, 9)),
}


@pytest.mark.parametrize("name", CASES)
def test_bfloat16_is_computed_in_single_precision_and_not_in_double(name):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    f, *shapes = CASES[name]
    xs = [rng.normal(size=shape).astype(bfloat16) for shape in shapes]
    y = f(*xs)
    assert y.dtype in (bfloat16, np.float32)
    np.testing.assert_allclose(y.astype(float), f(*[x.astype(float) for x in xs]), rtol=0.02, atol=0.02)
    gradients = grad(lambda *xs: np.sum(f(*xs)))(*xs)
    exact = grad(lambda *xs: np.sum(f(*xs)))(*[x.astype(float) for x in xs])
    for g, e in zip(gradients, exact, strict=True):
        np.testing.assert_allclose(g.astype(float), e, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_a_floating_dtype_is_kept(case, name):
    f, *shapes = CASES[case]
    xs = [rng.normal(size=shape).astype(name) for shape in shapes]
    assert f(*xs).dtype == name
    assert all(g.dtype == name for g in grad(lambda *xs: np.sum(f(*xs)))(*xs))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: pycograd.layer_norm(x, None, None),
        lambda x: pycograd.rms_norm(x, None),
        lambda x: pycograd.instance_norm(x[..., None]),
        lambda x: pycograd.batch_norm(x, None, None, *pycograd.batch_norm_init(3)),
        lambda x: pycograd.batch_norm(x, None, None, *pycograd.batch_norm_init(3), training=False),
    ],
)
def test_complex_numbers_have_no_normalization(function):
    """The imaginary part was left out, with a warning of numpy's."""
    with pytest.raises(TypeError, match="_norm: x must be real, not complex128"):
        function(np.ones((2, 3)) * 1j)
