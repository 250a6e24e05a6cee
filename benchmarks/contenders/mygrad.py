"""MyGrad: its tensors in the place of numpy's arrays; first derivatives only, in reverse mode."""

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.contenders import lbfgs
from benchmarks.networks import Networks


class Namespace:
    """MyGrad's functions where it has them, else numpy's."""

    def __getattr__(self, name):
        return getattr(mg, name, None) or getattr(np, name)

    @staticmethod
    def pad(x, width, mode):
        out = mg.zeros([n + 2 * width for n in x.shape])
        out[width:-width, width:-width] = x
        return out


class Layers(Networks):
    """MyGrad's own layers, where it has one, by the programs' names."""

    relu = staticmethod(relu)

    def cross_entropy(self, z, labels):
        return softmax_crossentropy(z, labels)

    def conv2d(self, x, w, b, pad):
        return conv_nd(x, w, stride=1, padding=pad) + b.reshape(-1, 1, 1)

    def max_pool2d(self, x, k):
        return max_pool(x, (k, k), k)


def adapted(program):
    program.np = program.math = Namespace()
    program.nn = Layers(program.np)
    return program.f


def gradients(f, inputs, argnums):
    args = [mg.tensor(x) if i in argnums else x for i, x in enumerate(inputs)]
    value = f(*args)
    value.backward()
    return [value.data, *[args[i].grad for i in argnums]]


def gradient(program, inputs):
    f = adapted(program)
    return lambda: gradients(f, inputs, program.ARGNUMS)


def per_example(program, inputs):
    f = adapted(program)
    *shared, xs, targets = inputs

    def call():
        each = [gradients(f, [*shared, x, t], program.ARGNUMS)[1:] for x, t in zip(xs, targets)]
        return [np.stack(g) for g in zip(*each)]

    return call


def fit(program, inputs):
    start, *data = inputs
    f = adapted(program)
    return lbfgs.fit(lambda w: gradients(f, [w, *data], (0,)), start)
