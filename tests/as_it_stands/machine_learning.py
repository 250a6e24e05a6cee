"""Machine learning: losses, layers, kernels, training loops, as course assignments have them."""

import numpy as np
from scipy.special import expit, softmax

from as_it_stands.cases import case

rng = np.random.default_rng(5)


def softmax_loss_naive(W, X, y, reg):
    loss = 0.0
    num_train = X.shape[0]
    for i in range(num_train):
        scores = X[i].dot(W)
        scores -= np.max(scores)
        p = np.exp(scores)
        p /= p.sum()
        loss -= np.log(p[y[i]])
    return loss / num_train + reg * np.sum(W * W)


def svm_loss_naive(W, X, y, reg=0.1):
    loss = 0.0
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                loss += margin
    loss /= X.shape[0]
    loss += reg * np.sum(W * W)
    return loss


def svm_loss_vectorised(W, X, y):
    scores = X @ W
    rows = np.arange(len(y))
    margins = np.maximum(0, scores - scores[rows, y][:, np.newaxis] + 1)
    margins[rows, y] = 0
    return margins.sum() / len(y)


def two_layer_net(params, X, y, reg=1e-2):
    W1, b1 = params["W1"], params["b1"]
    W2, b2 = params["W2"], params["b2"]
    hidden = np.maximum(0, X @ W1 + b1)
    scores = hidden @ W2 + b2
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    data_loss = -log_probs[range(len(y)), y].mean()
    return data_loss + reg * sum(np.sum(w**2) for name, w in params.items() if name.startswith("W"))


def batchnorm_forward(x, gamma, beta, mode="train", eps=1e-5, momentum=0.9):
    running = {"mean": np.zeros(x.shape[1]), "var": np.zeros(x.shape[1])}
    if mode == "train":
        mu, var = x.mean(axis=0), x.var(axis=0)
        running["mean"] = momentum * running["mean"] + (1 - momentum) * mu
        running["var"] = momentum * running["var"] + (1 - momentum) * var
    elif mode == "test":
        mu, var = running["mean"], running["var"]
    else:
        raise ValueError(f'Invalid forward batchnorm mode "{mode}"')
    return gamma * (x - mu) / np.sqrt(var + eps) + beta


def lstm_forward(x, Wx, Wh, b):
    N, T, D = x.shape
    H = Wh.shape[0]
    h = np.zeros((N, T, H))
    prev_h, prev_c = np.zeros((N, H)), np.zeros((N, H))
    for t in range(T):
        a = x[:, t] @ Wx + prev_h @ Wh + b
        i, f, o = expit(a[:, :H]), expit(a[:, H : 2 * H]), expit(a[:, 2 * H : 3 * H])
        g = np.tanh(a[:, 3 * H :])
        prev_c = f * prev_c + i * g
        prev_h = o * np.tanh(prev_c)
        h[:, t, :] = prev_h
    return h


def attention(x, Wq, Wk, Wv, heads=2):
    T, d = x.shape
    q, k, v = ((x @ W).reshape(T, heads, d // heads).transpose(1, 0, 2) for W in (Wq, Wk, Wv))
    scores = np.einsum("htd,hsd->hts", q, k) / np.sqrt(d // heads)
    mask = np.triu(np.ones((T, T), dtype=bool), 1)
    scores[:, mask] = -np.inf
    weights = softmax(scores, axis=-1)
    return np.einsum("hts,hsd->htd", weights, v).transpose(1, 0, 2).reshape(T, d)


def conv_forward_naive(x, w, b, stride=1, pad=1):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    H_out, W_out = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


def max_pool(x, size=2):
    H, W = x.shape
    out = np.empty((H // size, W // size))
    for i, j in np.ndindex(out.shape):
        out[i, j] = np.max(x[i * size : (i + 1) * size, j * size : (j + 1) * size])
    return out


def kmeans_inertia(centres, points):
    distances = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
    nearest = np.argmin(distances, axis=1)
    inertia = 0.0
    for k in range(len(centres)):
        members = points[nearest == k]
        if len(members) == 0:
            continue
        inertia += np.sum((members - centres[k]) ** 2)
    return inertia


def em_step(means, x, sigma=0.8):
    K = len(means)
    gamma = np.zeros((len(x), K))
    for k in range(K):
        gamma[:, k] = np.exp(-0.5 * ((x - means[k]) / sigma) ** 2)
    gamma /= gamma.sum(axis=1)[:, None]
    return gamma.T @ x / gamma.sum(axis=0)


def pca_residual(X, components=2):
    centred = X - X.mean(axis=0)
    U, s, Vt = np.linalg.svd(centred, full_matrices=False)
    reconstructed = (U[:, :components] * s[:components]) @ Vt[:components]
    return np.sum((centred - reconstructed) ** 2) / np.sum(s**2)


def gaussian_process_evidence(log_theta, X, y):
    length, amplitude, noise = np.exp(log_theta)
    n = len(X)
    K = np.zeros((n, n))
    for i in range(n):
        for j in range(i, n):
            K[i, j] = amplitude**2 * np.exp(-0.5 * np.sum((X[i] - X[j]) ** 2) / length**2)
            K[j, i] = K[i, j]
    K[np.diag_indices(n)] += noise**2
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return -0.5 * y @ alpha - np.sum(np.log(np.diag(L))) - 0.5 * n * np.log(2 * np.pi)


def tsne_loss(Y, P):
    sum_Y = np.sum(np.square(Y), 1)
    num = 1.0 / (1.0 + np.add(np.add(-2.0 * np.dot(Y, Y.T), sum_Y).T, sum_Y))
    num[range(len(Y)), range(len(Y))] = 0.0
    Q = num / np.sum(num)
    Q = np.maximum(Q, 1e-12)
    return np.sum(P * np.log(P / Q))


def skip_gram(embeddings, centre=1, context=(0, 3), negatives=(2, 4, 5)):
    v = embeddings[centre]
    loss = 0
    for word in context:
        loss -= np.log(expit(embeddings[word] @ v))
    for word in negatives:
        loss -= np.log(expit(-embeddings[word] @ v))
    return loss


class Neuron:
    def __init__(self, weights, nonlin=True):
        *self.w, self.b = weights
        self.nonlin = nonlin

    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return np.tanh(act) if self.nonlin else act


class Layer:
    def __init__(self, rows, **kwargs):
        self.neurons = [Neuron(row, **kwargs) for row in rows]

    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out


class MLP:
    def __init__(self, hidden, output):
        self.layers = [Layer(hidden), Layer(output, nonlin=False)]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def micrograd_loss(hidden, output, xs, ys):
    model = MLP(hidden, output)
    return sum((model(x) - y) ** 2 for x, y in zip(xs, ys))


def dropout_net(W, X, p=0.5):
    np.random.seed(0)
    h = np.maximum(X @ W, 0)
    mask = (np.random.rand(*h.shape) < p) / p
    h *= mask
    return h.mean()


def adam_training(w0, lr, X, y):
    w = np.array(w0)
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, 6):
        g = 2 * X.T @ (X @ w - y) / len(y)
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return np.mean((X @ w - y) ** 2)


def crf_log_partition(emissions, transitions):
    T, K = emissions.shape
    forward = emissions[0].copy()
    for t in range(1, T):
        new = np.zeros(K)
        for k in range(K):
            z = forward + transitions[:, k]
            new[k] = emissions[t, k] + z.max() + np.log(np.sum(np.exp(z - z.max())))
        forward = new
    return forward.max() + np.log(np.sum(np.exp(forward - forward.max())))


def ridge_validation_error(lam, X, y, X_val, y_val):
    coef = np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)
    return np.mean((X_val @ coef - y_val) ** 2)


def coordinate_descent_lasso(lam, X, y, sweeps=6):
    beta = np.zeros(X.shape[1])
    for _ in range(sweeps):
        for j in range(len(beta)):
            partial = y - X @ beta + X[:, j] * beta[j]
            rho = X[:, j] @ partial
            if rho < -lam:
                beta[j] = (rho + lam) / (X[:, j] @ X[:, j])
            elif rho > lam:
                beta[j] = (rho - lam) / (X[:, j] @ X[:, j])
            else:
                beta[j] = 0.0
    return beta


def value_iteration(rewards, gamma=0.9, theta=1e-12):
    V = np.zeros(len(rewards))
    while True:
        delta = 0
        for s in range(len(V)):
            v = V[s]
            left, right = V[max(s - 1, 0)], V[min(s + 1, len(V) - 1)]
            V[s] = rewards[s] + gamma * max(0.8 * left + 0.2 * right, 0.2 * left + 0.8 * right)
            delta = max(delta, abs(v - V[s]))
        if delta < theta:
            return V


def q_learning(alpha, rewards, episodes=3):
    rng = np.random.default_rng(0)
    Q = {(s, a): 0.0 for s in range(4) for a in ("left", "right")}
    for _ in range(episodes):
        s = 0
        for _ in range(10):
            a = rng.choice(["left", "right"])
            s2 = min(s + 1, 3) if a == "right" else max(s - 1, 0)
            best = max(Q[s2, b] for b in ("left", "right"))
            Q[s, a] += alpha * (rewards[s2] + 0.9 * best - Q[s, a])
            s = s2
    return sum(Q.values())


def soft_tree(weights, x, depth=0, node=0):
    if depth == 2:
        return weights["leaves"][node - 3]
    gate = expit(weights["gates"][node] @ x)
    return gate * soft_tree(weights, x, depth + 1, 2 * node + 1) + (1 - gate) * soft_tree(
        weights, x, depth + 1, 2 * node + 2
    )


def binary_focal_loss(logits, targets, gamma=2.0):
    losses = []
    for z, t in zip(logits, targets):
        p = 1 / (1 + np.exp(-z))
        losses.append(-((1 - p) ** gamma) * np.log(p) if t else -(p**gamma) * np.log(1 - p))
    return np.mean(losses)


def naive_bayes(params, X, y):
    scores = []
    for c in sorted(params):
        mean, var = params[c]["mean"], params[c]["var"]
        scores.append(-0.5 * np.sum(np.log(2.0 * np.pi * var)) - 0.5 * np.sum((X - mean) ** 2 / var, axis=1))
    joint = np.vstack(scores).T
    return -np.mean(joint[np.arange(len(y)), y] - np.log(np.exp(joint).sum(axis=1)))


X = rng.normal(size=(6, 4))
labels = np.array([0, 2, 1, 1, 0, 2])
target = rng.normal(size=6)
P = rng.uniform(0.1, 1, (6, 6))
P = P / P.sum()

CASES = [
    case(
        softmax_loss_naive,
        rng.normal(size=(4, 3)),
        X,
        labels,
        0.1,
        source="Stanford CS231n, assignment 1, softmax.py",
    ),
    case(
        svm_loss_naive,
        rng.normal(size=(4, 3)),
        X,
        labels,
        source="Stanford CS231n, assignment 1, linear_svm.py",
    ),
    case(svm_loss_vectorised, rng.normal(size=(4, 3)), X, labels, source="Stanford CS231n, assignment 1"),
    case(
        two_layer_net,
        {"W1": rng.normal(size=(4, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 3)), "b2": np.zeros(3)},
        X,
        labels,
        source="Stanford CS231n, assignment 1, two_layer_net.py",
    ),
    case(
        batchnorm_forward,
        X,
        rng.normal(size=4),
        rng.normal(size=4),
        argnums=(0, 1, 2),
        source="CS231n, assignment 2",
    ),
    case(
        lstm_forward,
        rng.normal(size=(2, 3, 4)),
        rng.normal(size=(4, 12)),
        rng.normal(size=(3, 12)),
        np.zeros(12),
        argnums=(0, 1, 2, 3),
        source="Stanford CS231n, assignment 3, rnn_layers.py",
    ),
    case(attention, X, *rng.normal(size=(3, 4, 4)), argnums=(0, 1, 2, 3), source="Vaswani et al. 2017, 3.2"),
    case(
        conv_forward_naive,
        rng.normal(size=(1, 2, 4, 3)),
        rng.normal(size=(2, 2, 3, 3)),
        np.zeros(2),
        argnums=(0, 1, 2),
        source="Stanford CS231n, assignment 2, layers.py",
    ),
    case(max_pool, rng.normal(size=(4, 6)), source="Goodfellow, Bengio, Courville, Deep Learning, 9.3"),
    case(
        kmeans_inertia,
        rng.normal(size=(3, 2)),
        rng.normal(size=(12, 2)),
        argnums=(0, 1),
        source="Bishop, 9.1",
    ),
    case(em_step, np.array([-0.5, 0.7]), rng.normal(size=10), source="Bishop, 9.2.2"),
    case(pca_residual, rng.normal(size=(7, 4))),
    case(
        gaussian_process_evidence,
        np.array([0.1, 0.2, -1.0]),
        X,
        target,
        source="Rasmussen & Williams, algorithm 2.1",
    ),
    case(tsne_loss, rng.normal(size=(6, 2)), P, source="van der Maaten, tsne.py"),
    case(skip_gram, rng.normal(size=(6, 3)), source="Mikolov et al. 2013; Jurafsky & Martin, 6.8"),
    case(
        micrograd_loss,
        rng.normal(size=(3, 3)),
        rng.normal(size=(1, 4)),
        X[:, :2],
        target,
        argnums=(0, 1),
        source="Karpathy, micrograd, nn.py",
    ),
    case(dropout_net, rng.normal(size=(4, 5)), X, source="Stanford CS231n, notes on neural networks 2"),
    case(
        adam_training,
        rng.normal(size=4),
        0.05,
        X,
        target,
        argnums=(0, 1),
        source="Kingma & Ba 2015, algorithm 1",
    ),
    case(
        crf_log_partition,
        rng.normal(size=(4, 3)),
        rng.normal(size=(3, 3)),
        argnums=(0, 1),
        source="Lafferty et al. 2001",
    ),
    case(ridge_validation_error, 0.3, X[:4], target[:4], X[4:], target[4:]),
    case(
        coordinate_descent_lasso,
        0.4,
        X,
        target,
        argnums=(0, 2),
        source="Friedman, Hastie, Tibshirani 2010, 2.1",
    ),
    case(value_iteration, np.array([0.0, 0.3, 0.0, 1.0]), source="Sutton & Barto, 4.4"),
    case(q_learning, 0.4, np.array([0.1, -0.05, 0.2, 1.0]), argnums=(0, 1), source="Sutton & Barto, 6.5"),
    case(
        soft_tree,
        {"gates": rng.normal(size=(3, 4)), "leaves": rng.normal(size=4)},
        X[0],
        source="Frosst & Hinton 2017",
    ),
    case(binary_focal_loss, rng.normal(size=5), [1, 0, 0, 1, 1]),
    case(
        naive_bayes,
        {c: {"mean": rng.normal(size=4), "var": rng.uniform(0.5, 2, 4)} for c in ("a", "b", "c")},
        X,
        labels,
        source="scikit-learn, naive_bayes.py",
    ),
]
