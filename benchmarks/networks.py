"""Layers as plain numpy text, for libraries that have numpy's functions and none of their own.

A program of networks calls its layers as `nn.relu`, ...: pycograd's own, or what a contender puts in their place.
"""


class Networks:
    """The layers that the programs use, by the functions of `np`."""

    def __init__(self, np):
        self.np = np

    def relu(self, x):
        return self.np.maximum(x, 0)

    def gelu(self, x):
        return 0.5 * x * (1 + self.np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))

    def cross_entropy(self, z, labels):
        np = self.np
        z = z - np.max(z, axis=1, keepdims=True)
        log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
        return -np.mean(log_p[np.arange(len(labels)), labels])

    def layer_norm(self, x, gamma, beta):
        np = self.np
        x = x - np.mean(x, axis=-1, keepdims=True)
        return x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5) * gamma + beta

    def multi_head_attention(self, q, k, v, heads):
        np = self.np
        batch, tokens, features = q.shape
        split = lambda x: np.swapaxes(np.reshape(x, (batch, tokens, heads, features // heads)), 1, 2)
        q, k, v = split(q), split(k), split(v)
        scores = np.matmul(q, np.swapaxes(k, 2, 3)) / (features // heads) ** 0.5
        p = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        p = p / np.sum(p, axis=-1, keepdims=True)
        return np.reshape(np.swapaxes(np.matmul(p, v), 1, 2), (batch, tokens, features))

    def conv2d(self, x, w, b, pad):
        """By the products of each offset of the kernel; nothing is written, for not everybody can."""
        np = self.np
        n, channels, height, width = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "constant")
        k = w.shape[2]
        parts = [padded[:, :, i : i + height, j : j + width] for i in range(k) for j in range(k)]
        cols = np.reshape(np.stack(parts, axis=2), (n, channels * k * k, height * width))
        y = np.matmul(np.reshape(w, (w.shape[0], channels * k * k)), cols)
        return np.reshape(y, (n, w.shape[0], height, width)) + np.reshape(b, (-1, 1, 1))

    def max_pool2d(self, x, k):
        n, channels, height, width = x.shape
        return self.np.max(self.np.reshape(x, (n, channels, height // k, k, width // k, k)), axis=(3, 5))

    def lstm(self, xs, state, wx, wh, b):
        np = self.np
        batch, time, _ = xs.shape
        size = wh.shape[0]
        h = c = np.zeros((batch, size))
        sigmoid = lambda x: 1 / (1 + np.exp(-x))
        xs, hs = np.matmul(xs, wx) + b, []
        for t in range(time):
            z = xs[:, t] + np.matmul(h, wh)
            i, f, o = (sigmoid(z[:, k * size : (k + 1) * size]) for k in (0, 1, 3))
            c = f * c + i * np.tanh(z[:, 2 * size : 3 * size])
            h = o * np.tanh(c)
            hs.append(h)
        return np.stack(hs, axis=1), (h, c)
