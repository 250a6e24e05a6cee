"""torch as a witness: the same value and the same gradients, of every floating argument, for a random cotangent."""

import numpy as np
import pytest

from pycograd import vjp


def torch_module():
    return pytest.importorskip("torch")


def agree(ours, theirs, *arrays, rtol=1e-9, atol=1e-11):
    """`ours` of arrays and `theirs` of tensors have the same value and the same gradients.

    theirs  gets torch's functional module first
    """
    torch = torch_module()
    tensors = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
    expected = theirs(torch.nn.functional, *tensors)
    y, pull = vjp(ours, *arrays)
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=rtol, atol=atol)
    assert np.asarray(y).dtype == expected.detach().numpy().dtype
    g = np.random.default_rng(5).standard_normal(np.shape(y)).astype(np.asarray(y).dtype)
    watched = [t for t in tensors if t.requires_grad]
    grads = torch.autograd.grad(expected, watched, torch.tensor(g))
    mine = [d for d, x in zip(pull(g[()]), arrays, strict=True) if x.dtype.kind == "f"]
    for a, b in zip(mine, grads, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=rtol, atol=atol)
        assert a.dtype == b.numpy().dtype
