"""PyTorch, eager, on the CPU; many derivatives by its own vmap (`torch.func`)."""

from functools import partial

import torch
import torch.nn.functional as F

from benchmarks.contenders import lbfgs

torch.set_num_threads(1)


class Namespace:
    """torch under numpy's names, where the two differ in a name or an argument that a program uses."""

    log1p, amax = torch.log1p, torch.amax

    def __getattr__(self, name):
        return getattr(torch, name)

    @staticmethod
    def max(x, axis=None, keepdims=False):
        return torch.amax(x, dim=() if axis is None else axis, keepdim=keepdims)

    @staticmethod
    def maximum(x, floor):
        return torch.clamp(x, min=floor)

    @staticmethod
    def pad(x, width, mode):
        return torch.nn.functional.pad(x, (width,) * 4, mode)

    @staticmethod
    def zeros(shape):
        return torch.zeros(shape, dtype=torch.float64)

    @staticmethod
    def eye(n):
        return torch.eye(n, dtype=torch.float64)


class Layers:
    """torch's own layers by the programs' names."""

    relu, cross_entropy = F.relu, F.cross_entropy
    gelu = partial(F.gelu, approximate="tanh")
    conv2d = staticmethod(lambda x, w, b, pad: F.conv2d(x, w, b, padding=pad))
    max_pool2d = F.max_pool2d

    @staticmethod
    def layer_norm(x, gamma, beta):
        return F.layer_norm(x, gamma.shape, gamma, beta)

    @staticmethod
    def multi_head_attention(q, k, v, heads):
        q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    @staticmethod
    def lstm(xs, state, wx, wh, b):
        zeros = torch.zeros(1, len(xs), len(wh), dtype=xs.dtype)
        weights = [wx.T.contiguous(), wh.T.contiguous(), b, torch.zeros_like(b)]
        hs, h, c = torch.lstm(xs, (zeros, zeros), weights, True, 1, 0.0, False, False, True)
        return hs, (h[0], c[0])


def adapted(program):
    program.np = program.math = Namespace()
    program.nn = Layers
    return program.f


def tensors(inputs):
    return [
        x if type(x) is int else torch.as_tensor(x, dtype=torch.float64 if type(x) is float else None)
        for x in inputs
    ]


def gradient(program, inputs):
    f, args = adapted(program), tensors(inputs)
    watched = [args[i].requires_grad_() for i in program.ARGNUMS]

    def call():
        value = f(*args)
        return [value.detach(), *torch.autograd.grad(value, watched)]

    return call


def transform(program, inputs, make):
    """The call of a `torch.func` transform of the program."""
    of, args = make(adapted(program)), tensors(inputs)
    return lambda: [of(*args)]


def per_example(program, inputs):
    of = torch.func.vmap(torch.func.grad(adapted(program), program.ARGNUMS), program.IN_AXES)
    args = tensors(inputs)
    return lambda: list(of(*args))


def hessian(program, inputs):
    return transform(program, inputs, torch.func.hessian)


def hvp(program, inputs):
    f = adapted(program)
    x, v = tensors(inputs)
    return lambda: [torch.func.jvp(torch.func.grad(f), (x,), (v,))[1]]


def jacobian_reverse(program, inputs):
    return transform(program, inputs, torch.func.jacrev)


def jacobian_forward(program, inputs):
    return transform(program, inputs, torch.func.jacfwd)


def fit(program, inputs):
    f, (start, *data) = adapted(program), tensors(inputs)

    def value_and_grad(w):
        w = torch.from_numpy(w).requires_grad_()
        value = f(w, *data)
        (g,) = torch.autograd.grad(value, w)
        return value.item(), g.numpy()

    return lbfgs.fit(value_and_grad, start.numpy())
