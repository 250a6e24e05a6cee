"""JAX, eager: operations run one by one, as in everybody else's row; `jax.jit` is another question."""

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contenders import lbfgs
from benchmarks.networks import Networks


class Layers(Networks):
    """JAX's own layers, where it has one, by the programs' names."""

    relu, gelu = staticmethod(jax.nn.relu), staticmethod(jax.nn.gelu)

    def cross_entropy(self, z, labels):
        return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(len(labels)), labels])

    def multi_head_attention(self, q, k, v, heads):
        q, k, v = (x.reshape(*x.shape[:2], heads, -1) for x in (q, k, v))
        return jax.nn.dot_product_attention(q, k, v).reshape(*q.shape[:2], -1)

    def conv2d(self, x, w, b, pad):
        y = jax.lax.conv_general_dilated(x, w, (1, 1), ((pad, pad), (pad, pad)))
        return y + b[:, None, None]

    def max_pool2d(self, x, k):
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, k, k), (1, 1, k, k), "VALID")


def adapted(program):
    program.np = program.math = jnp
    program.nn = Layers(jnp)
    return program.f


def arrays(inputs):
    return [x if type(x) is int else jnp.asarray(x) for x in inputs]


def finished(call):
    """`call`, waiting for its results: JAX returns before they are there."""
    return lambda: jax.block_until_ready(call())


def gradient(program, inputs):
    value_and_grad, args = jax.value_and_grad(adapted(program), program.ARGNUMS), arrays(inputs)

    def call():
        value, grads = value_and_grad(*args)
        return [value, *grads]

    return finished(call)


def transform(program, inputs, make):
    """The call of a JAX transform of the program."""
    of, args = make(adapted(program)), arrays(inputs)
    return finished(lambda: [of(*args)])


def per_example(program, inputs):
    of = jax.vmap(jax.grad(adapted(program), program.ARGNUMS), program.IN_AXES)
    args = arrays(inputs)
    return finished(lambda: list(of(*args)))


def hessian(program, inputs):
    return transform(program, inputs, jax.hessian)


def hvp(program, inputs):
    f = adapted(program)
    x, v = arrays(inputs)
    return finished(lambda: [jax.jvp(jax.grad(f), (x,), (v,))[1]])


def jacobian_reverse(program, inputs):
    return transform(program, inputs, jax.jacrev)


def jacobian_forward(program, inputs):
    return transform(program, inputs, jax.jacfwd)


def fit(program, inputs):
    start, *data = arrays(inputs)
    value_and_grad = jax.value_and_grad(adapted(program))

    def objective(w):
        value, g = value_and_grad(jnp.asarray(w), *data)
        return float(value), np.asarray(g)

    return lbfgs.fit(objective, np.asarray(start))
