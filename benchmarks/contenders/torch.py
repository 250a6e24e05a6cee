"""PyTorch, eager, on the CPU; many derivatives by its own vmap (`torch.func`)."""

import torch

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
    def eye(n):
        return torch.eye(n, dtype=torch.float64)


def adapted(program):
    program.np = program.math = Namespace()
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
