"""einops on watched values: rearrangements, reductions, products, in every transform, however things are imported."""

import subprocess
import sys

import numpy as np
import pytest
from third_party.differences import differences

from pycograd import Var, check_grads, grad, hessian, jvp, register_einops_backend, vmap
from pycograd.weave import weaving

einops = pytest.importorskip("einops")
from einops import einsum, pack, rearrange, reduce, repeat, unpack  # noqa: E402

rng = np.random.default_rng(0)
A, B = rng.normal(size=(2, 3, 4)), rng.normal(size=(4, 5))

PROGRAMS = {
    "rearrange": lambda a: np.sum(rearrange(a, "b h w -> b (w h)") ** 2 * np.arange(12.0)),
    "split": lambda a: np.sum(rearrange(a, "b h (w v) -> v b h w", v=2) ** 2 * np.arange(2.0)),
    "mean": lambda a: np.sum(reduce(a, "b h w -> b w", "mean") ** 2),
    "sum": lambda a: np.sum(reduce(a, "b h (w v) -> b w", "sum", v=2) ** 2),
    "max": lambda a: np.sum(reduce(a, "b h w -> b 1 w", "max") ** 2),
    "min": lambda a: np.sum(reduce(a, "b h w -> () b", "min") ** 2),
    "prod": lambda a: np.sum(reduce(a, "b h w -> b w", "prod") ** 2),
    "a function": lambda a: np.sum(reduce(a, "b h w -> b w", lambda x, axes: np.std(x, axis=axes)) ** 2),
    "repeat": lambda a: np.sum(repeat(a, "b h w -> b (h r) w", r=3) ** 2 * np.arange(4.0)),
    "einsum": lambda a: np.sum(einsum(a, B, "b h w, w o -> b h o") ** 2),
    "of a list": lambda a: np.sum(rearrange([a[0], a[1] * 2], "b h w -> h w b") ** 2 * np.arange(2.0)),
    "pack": lambda a: np.sum(pack([a, a[:, :, 0]], "b *")[0] ** 2 * np.arange(15.0)),
    "unpack": lambda a: np.sum(unpack(a, [[1], [3]], "b h *")[1] ** 2),
    "parse_shape": lambda a: np.sum(a**2) * einops.parse_shape(a, "b h w")["h"],
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients(name):
    f = PROGRAMS[name]
    np.testing.assert_allclose(np.ravel(grad(f)(A)[0]), differences(f, A), rtol=1e-5, atol=1e-6)
    with weaving(False):
        np.testing.assert_allclose(grad(f)(A)[0], grad(f)(A)[0])


def test_other_transforms():
    assert jvp(lambda a: rearrange(a, "b h w -> b (w h)"), (A,), (A,))[1].shape == (2, 12)
    assert np.allclose(vmap(lambda a: reduce(a, "h w -> h", "mean"))(A), A.mean(2))
    each = vmap(grad(lambda a: np.sum(rearrange(a, "h w -> (w h)") ** 2)))(A)[0]
    assert np.allclose(each, 2 * A)
    assert hessian(lambda a: np.sum(reduce(a, "h w -> h", "mean") ** 2))(A[0]).shape == (3, 4, 3, 4)
    check_grads(lambda a: repeat(a, "h w -> w h r", r=2) ** 2, A[0])
    v = Var(A)
    y = einsum(rearrange(v, "b h w -> (b h) w"), B, "n w, w o -> ")
    y.backward()
    assert np.allclose(v.grad, np.broadcast_to(B.sum(1), A.shape))


def test_einops_own_errors_come_through():
    with pytest.raises(einops.EinopsError, match="expected 2 dims. Received 3-dim tensor"):
        grad(lambda a: np.sum(rearrange(a, "b h -> h b")))(A)


ORDERS = {
    "einops first": "import einops, pycograd",
    "pycograd first": "import pycograd, einops",
    "registered": "import pycograd as p; p.register_einops_backend(); p.register_einops_backend(); "
    "import einops, pycograd",
    "registered late": "import pycograd, einops, numpy; einops.rearrange(pycograd.Var([1.0]), 'a -> a 1'); "
    "pycograd.register_einops_backend()",
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_imports_is_of_no_account(order):
    code = (
        f"import builtins; before = builtins.__import__; {ORDERS[order]}; import numpy as np; "
        "f = lambda a: np.sum(einops.rearrange(a, 'h w -> w h') ** 2) + np.sum(einops.repeat(a[0], 'w -> w 2')); "
        "g = pycograd.grad(f)(np.ones((2, 3)))[0]; assert builtins.__import__ is before; print(g.sum())"
    )
    out = subprocess.run(
        [sys.executable, *["-P"] * sys.flags.safe_path, "-c", code], capture_output=True, text=True
    )
    assert out.stdout.strip() == "18.0", out.stderr


def test_registering_twice_makes_one_backend():
    register_einops_backend()
    register_einops_backend()
    found = [b for b in einops._backends.NumpyBackend.__subclasses__() if b.framework_name == "pycograd"]
    assert len(found) == 1 and np.allclose(grad(PROGRAMS["mean"])(A)[0].shape, A.shape)
