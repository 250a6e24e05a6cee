"""A transformer block: 8 sequences of 64 tokens, 64 features, 4 heads, a perceptron of 256, norms in front."""

import numpy as np

from benchmarks.programs.heads import cross_entropy
from pycograd import nn

ARGNUMS = tuple(range(12))
RTOL = 1e-6  # JAX's own attention computes some of it in single precision
FEATURES, HIDDEN, HEADS = 64, 256, 4


def f(g1, b1, w_qkv, w_out, g2, b2, w_in, b_in, w_back, b_back, w_head, b_head, x, labels):
    qkv = nn.layer_norm(x, g1, b1) @ w_qkv
    q, k, v = qkv[..., :FEATURES], qkv[..., FEATURES : 2 * FEATURES], qkv[..., 2 * FEATURES :]
    x = x + nn.multi_head_attention(q, k, v, HEADS) @ w_out
    x = x + nn.gelu(nn.layer_norm(x, g2, b2) @ w_in + b_in) @ w_back + b_back
    return nn.cross_entropy((x @ w_head + b_head).reshape(-1, 10), labels)


def inputs(batch=8, tokens=64):
    rng = np.random.default_rng(0)
    d, h = FEATURES, HIDDEN
    matrix = lambda n, m: rng.normal(size=(n, m)) / np.sqrt(n)
    norm = lambda: (1 + 0.1 * rng.normal(size=d), 0.1 * rng.normal(size=d))
    params = (
        *norm(), matrix(d, 3 * d), matrix(d, d),
        *norm(), matrix(d, h), np.zeros(h), matrix(h, d), np.zeros(d), matrix(d, 10), np.zeros(10),
    )  # fmt: skip
    return *params, rng.normal(size=(batch, tokens, d)), rng.integers(0, 10, batch * tokens)


# ---- by hand
def normalized(x, gamma, beta):
    n = x - np.mean(x, axis=-1, keepdims=True)
    r = 1 / np.sqrt(np.mean(n * n, axis=-1, keepdims=True) + 1e-5)
    n *= r
    return n * gamma + beta, (n, r, gamma)


def back_normalized(g, n, r, gamma):
    of_gamma, of_beta = np.sum(g * n, axis=(0, 1)), np.sum(g, axis=(0, 1))
    g = g * gamma
    g -= np.mean(g, axis=-1, keepdims=True) + n * np.mean(g * n, axis=-1, keepdims=True)
    g *= r
    return g, of_gamma, of_beta


def attended(qkv):
    batch, tokens, _ = qkv.shape
    q, k, v = qkv.reshape(batch, tokens, 3, HEADS, -1).transpose(2, 0, 3, 1, 4)
    q = q / np.sqrt(q.shape[-1])
    p = q @ k.swapaxes(-1, -2)
    p -= np.max(p, axis=-1, keepdims=True)
    np.exp(p, p)
    p /= np.sum(p, axis=-1, keepdims=True)
    return (p @ v).swapaxes(1, 2).reshape(batch, tokens, -1), (q, k, v, p)


def back_attended(g, q, k, v, p):
    batch, tokens, d = g.shape
    g = g.reshape(batch, tokens, HEADS, -1).swapaxes(1, 2)
    of_v = p.swapaxes(-1, -2) @ g
    s = g @ v.swapaxes(-1, -2)
    s -= np.sum(s * p, axis=-1, keepdims=True)
    s *= p
    parts = np.stack([s @ k / np.sqrt(q.shape[-1]), s.swapaxes(-1, -2) @ q, of_v])
    return parts.transpose(1, 3, 0, 2, 4).reshape(batch, tokens, 3 * d)


def activated(u):
    t = u * u
    t *= 0.044715 * 0.7978845608028654
    t += 0.7978845608028654
    t *= u
    np.tanh(t, t)
    return 0.5 * u * (1 + t), (u, t)


def back_activated(g, u, t):
    inner = 0.7978845608028654 * (1 + 3 * 0.044715 * u * u)
    return g * (0.5 * (1 + t) + 0.5 * u * (1 - t * t) * inner)


def flat(x):
    return x.reshape(-1, x.shape[-1])


def by_hand(g1, b1, w_qkv, w_out, g2, b2, w_in, b_in, w_back, b_back, w_head, b_head, x, labels):
    n1, norm1 = normalized(x, g1, b1)
    a, attention = attended(n1 @ w_qkv)
    x1 = x + a @ w_out
    n2, norm2 = normalized(x1, g2, b2)
    h, gelu = activated(n2 @ w_in + b_in)
    x2 = x1 + h @ w_back + b_back
    value, p = cross_entropy(flat(x2) @ w_head + b_head, labels)
    of_x2 = (p @ w_head.T).reshape(x.shape)
    of_u = back_activated(of_x2 @ w_back.T, *gelu)
    of_n2, of_g2, of_b2 = back_normalized(of_u @ w_in.T, *norm2)
    of_x1 = of_x2 + of_n2
    of_qkv = back_attended(of_x1 @ w_out.T, *attention)
    _, of_g1, of_b1 = back_normalized(of_qkv @ w_qkv.T, *norm1)
    return [
        value, of_g1, of_b1, flat(n1).T @ flat(of_qkv), flat(a).T @ flat(of_x1),
        of_g2, of_b2, flat(n2).T @ flat(of_u), flat(of_u).sum(0), flat(h).T @ flat(of_x2), flat(of_x2).sum(0),
        flat(x2).T @ p, p.sum(0),
    ]  # fmt: skip
