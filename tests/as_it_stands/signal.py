"""Signals and images: filters, transforms, spectra."""

import numpy as np
from numpy.fft import fft, ifft, rfft, rfftfreq
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from as_it_stands.cases import case

rng = np.random.default_rng(4)


def fir_filter(x, h):
    y = np.zeros(len(x))
    for n in range(len(x)):
        for k in range(len(h)):
            if n - k >= 0:
                y[n] += h[k] * x[n - k]
    return y


def biquad_lowpass(x, f0, Q=0.707, fs=48000.0):
    w0 = 2 * np.pi * f0 / fs
    alpha = np.sin(w0) / (2 * Q)
    b = np.array([(1 - np.cos(w0)) / 2, 1 - np.cos(w0), (1 - np.cos(w0)) / 2])
    a = np.array([1 + alpha, -2 * np.cos(w0), 1 - alpha])
    b, a = b / a[0], a / a[0]
    x1 = x2 = y1 = y2 = 0.0
    y = np.empty_like(x)
    for n, xn in enumerate(x):
        yn = b[0] * xn + b[1] * x1 + b[2] * x2 - a[1] * y1 - a[2] * y2
        y[n] = yn
        x2, x1 = x1, xn
        y2, y1 = y1, yn
    return y


def goertzel(samples, k):
    N = len(samples)
    w = 2 * np.pi * k / N
    coeff = 2 * np.cos(w)
    s_prev = s_prev2 = 0
    for sample in samples:
        s = sample + coeff * s_prev - s_prev2
        s_prev2, s_prev = s_prev, s
    return s_prev2**2 + s_prev**2 - coeff * s_prev * s_prev2


def dft_power(x):
    N = len(x)
    X = np.zeros(N, dtype=complex)
    for k in range(N):
        for n in range(N):
            X[k] += x[n] * np.exp(-2j * np.pi * k * n / N)
    return np.abs(X[: N // 2]) ** 2


def recursive_fft(x):
    N = len(x)
    if N == 1:
        return x
    even, odd = recursive_fft(x[::2]), recursive_fft(x[1::2])
    twiddled = np.exp(-2j * np.pi * np.arange(N // 2) / N) * odd
    return np.concatenate([even + twiddled, even - twiddled])


def high_band_energy(x):
    spectrum = recursive_fft(x)
    return np.sum(np.abs(spectrum[len(x) // 4 : len(x) // 2]) ** 2)


def spectrogram(x, size=8, hop=4):
    window = np.hanning(size)
    frames = [x[i : i + size] * window for i in range(0, len(x) - size + 1, hop)]
    return np.log10(1e-3 + np.abs(np.fft.rfft(np.array(frames), axis=1)) ** 2)


def spectral_centroid(x, fs=100.0):
    magnitudes = np.abs(rfft(x))
    freqs = rfftfreq(len(x), 1 / fs)
    return np.sum(freqs * magnitudes) / np.sum(magnitudes)


def haar_details(x):
    energies = []
    while len(x) > 1:
        approximation = (x[0::2] + x[1::2]) / np.sqrt(2)
        detail = (x[0::2] - x[1::2]) / np.sqrt(2)
        energies.append(np.sum(np.abs(detail)))
        x = approximation
    return np.array(energies)


def lms_filter(mu, x, desired, order=3):
    w = np.zeros(order)
    errors = []
    for n in range(order, len(x)):
        window = x[n - order : n][::-1]
        e = desired[n] - np.dot(w, window)
        w += mu * e * window
        errors.append(e)
    return np.mean(np.array(errors) ** 2)


def moving_average(x, w=4):
    c = np.cumsum(np.insert(x, 0, 0))
    return (c[w:] - c[:-w]) / w


def levinson_durbin(r):
    order = len(r) - 1
    a = np.zeros(order + 1)
    a[0] = 1.0
    e = r[0]
    for i in range(1, order + 1):
        acc = r[i]
        for j in range(1, i):
            acc += a[j] * r[i - j]
        k = -acc / e
        previous = a.copy()
        for j in range(1, i):
            a[j] = previous[j] + k * previous[i - j]
        a[i] = k
        e *= 1 - k * k
    return a


def peak_frequency(x, fs=64.0):
    magnitude = np.abs(np.fft.rfft(x * np.hamming(len(x))))
    i = np.argmax(magnitude)
    alpha, beta, gamma = np.log(magnitude[i - 1 : i + 2])
    offset = 0.5 * (alpha - gamma) / (alpha - 2 * beta + gamma)
    return (i + offset) * fs / len(x)


def envelope(x):
    N = len(x)
    h = np.zeros(N)
    if N % 2 == 0:
        h[0] = h[N // 2] = 1
        h[1 : N // 2] = 2
    else:
        h[0] = 1
        h[1 : (N + 1) // 2] = 2
    analytic = ifft(fft(x) * h)
    return np.abs(analytic)


def instantaneous_phase(x):
    H = np.zeros(len(x))
    H[0] = H[len(x) // 2] = 1
    H[1 : len(x) // 2] = 2
    return np.unwrap(np.angle(np.fft.ifft(np.fft.fft(x) * H)))


def sobel_edges(image):
    gx = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    rows, columns = image.shape
    out = np.zeros((rows - 2, columns - 2))
    for i in range(rows - 2):
        for j in range(columns - 2):
            patch = image[i : i + 3, j : j + 3]
            out[i, j] = np.sqrt(np.sum(patch * gx) ** 2 + np.sum(patch * gx.T) ** 2)
    return out


def savitzky_golay(y, window=5, order=2):
    half = (window - 1) // 2
    b = np.vander(np.arange(-half, half + 1), order + 1, increasing=True)
    m = np.linalg.pinv(b)[0]
    first = y[0] - np.abs(y[1 : half + 1][::-1] - y[0])
    last = y[-1] + np.abs(y[-half - 1 : -1][::-1] - y[-1])
    y = np.concatenate((first, y, last))
    return np.convolve(m[::-1], y, mode="valid")


def dynamic_time_warping(x, y):
    n, m = len(x), len(y)
    D = np.full((n + 1, m + 1), np.inf)
    D[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = abs(x[i - 1] - y[j - 1])
            D[i, j] = cost + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])
    return D[n, m]


def butterworth_response(cutoff, order=4):
    w = np.array([0.3, 0.8, 1.5, 3.0])
    H = np.ones(len(w), dtype=complex)
    for k in range(order):
        pole = cutoff * np.exp(1j * np.pi * (2 * k + order + 1) / (2 * order))
        H *= -pole / (1j * w - pole)
    return 20 * np.log10(np.abs(H))


def total_variation(image, noisy, lam=0.3, eps=1e-3):
    dx = np.diff(image, axis=1)[:-1, :]
    dy = np.diff(image, axis=0)[:, :-1]
    return 0.5 * np.sum((image - noisy) ** 2) + lam * np.sum(np.sqrt(dx**2 + dy**2 + eps))


def adsr(attack, decay, sustain, release, n=40):
    t = np.linspace(0, 1, n)
    level = np.interp(t, [0, attack, attack + decay, 1 - release, 1], [0, 1, sustain, sustain, 0])
    return level * np.sin(2 * np.pi * 5 * t)


def soft_threshold(coefficients, threshold):
    shrunk = coefficients.copy()
    shrunk[np.abs(coefficients) < threshold] = 0
    big = np.abs(coefficients) >= threshold
    shrunk[big] -= threshold * np.sign(coefficients[big])
    return shrunk


def holt_winters(parameters, y, m=4):
    alpha, beta, gamma = parameters
    level, trend = np.mean(y[:m]), (np.mean(y[m : 2 * m]) - np.mean(y[:m])) / m
    season = [y[i] - level for i in range(m)]
    sse = 0
    for t in range(m, len(y)):
        forecast = level + trend + season[t % m]
        sse += (y[t] - forecast) ** 2
        last = level
        level = alpha * (y[t] - season[t % m]) + (1 - alpha) * (level + trend)
        trend = beta * (level - last) + (1 - beta) * trend
        season[t % m] = gamma * (y[t] - level) + (1 - gamma) * season[t % m]
    return sse


def exponential_smoother(alpha, x):
    y = lfilter([alpha], [1, alpha - 1], x)
    return np.sum((y - x) ** 2)


def scale_space(x, sigma):
    smooth = gaussian_filter1d(x, sigma)
    return np.sum(smooth**2)


def psnr(image, reference):
    mse = np.mean((image - reference) ** 2)
    if mse == 0:
        return float("inf")
    return 20 * np.log10(reference.max() / np.sqrt(mse))


def blocked_transform(image, block=4):
    n = np.arange(block)
    C = np.sqrt(2 / block) * np.cos(np.pi * (2 * n + 1) * n[:, np.newaxis] / (2 * block))
    C[0] /= np.sqrt(2)
    out = np.zeros_like(image)
    for i in range(0, image.shape[0], block):
        for j in range(0, image.shape[1], block):
            out[i : i + block, j : j + block] = C @ image[i : i + block, j : j + block] @ C.T
    out[np.abs(out) < 0.05] = 0.0
    return out


tone = np.sin(2 * np.pi * 9.3 * np.arange(32) / 64) + 0.1 * rng.normal(size=32)
noise = rng.normal(size=16)

CASES = [
    case(fir_filter, noise, np.array([0.5, 0.3, 0.2]), argnums=(0, 1), source="Oppenheim & Schafer, 2.3"),
    case(biquad_lowpass, noise, 4000.0, argnums=(0, 1), source="Bristow-Johnson, Audio EQ Cookbook"),
    case(goertzel, noise, 3, source="Oppenheim & Schafer, 9.2"),
    case(dft_power, noise[:8], source="Oppenheim & Schafer, 8.5; Newman, section 7.2"),
    case(high_band_energy, noise, source="Cormen et al., Introduction to Algorithms, 30.2"),
    case(spectrogram, noise),
    case(spectral_centroid, tone),
    case(haar_details, noise, source="Strang & Nguyen, 1.2"),
    case(
        lms_filter,
        0.05,
        noise,
        np.roll(noise, 1) * 0.8,
        argnums=(0, 1),
        source="Haykin, Adaptive Filter Theory, 6.3",
    ),
    case(moving_average, noise, source="Stack Overflow 14313510"),
    case(levinson_durbin, np.array([1.0, 0.6, 0.25, 0.1]), source="Rabiner & Schafer, 8.3.2"),
    case(peak_frequency, tone, source="Smith, Spectral Audio Signal Processing, 5.2"),
    case(envelope, noise, source="scipy documentation, hilbert"),
    case(instantaneous_phase, tone, source="scipy documentation, hilbert"),
    case(sobel_edges, rng.normal(size=(6, 5)), source="Gonzalez & Woods, 3.6"),
    case(savitzky_golay, noise, source="SciPy Cookbook, Savitzky Golay"),
    case(
        dynamic_time_warping,
        rng.normal(size=5),
        rng.normal(size=6),
        argnums=(0, 1),
        source="Sakoe & Chiba 1978",
    ),
    case(butterworth_response, 1.1, source="Oppenheim & Schafer, appendix B.1"),
    case(
        total_variation, rng.normal(size=(5, 5)), rng.normal(size=(5, 5)), source="Rudin, Osher, Fatemi 1992"
    ),
    case(adsr, 0.11, 0.22, 0.6, 0.31, argnums=(0, 1, 2, 3)),
    case(soft_threshold, noise, 0.3, argnums=(0, 1), source="Donoho 1995"),
    case(
        holt_winters,
        np.array([0.3, 0.1, 0.2]),
        np.tile([1.0, 3.0, 2.0, 4.0], 4) + np.arange(16) / 8,
        source="Hyndman, 8.3",
    ),
    case(exponential_smoother, 0.3, noise, argnums=(0, 1), source="scipy documentation, lfilter"),
    case(scale_space, noise, 1.2, argnums=(0, 1), source="scipy documentation, gaussian_filter1d"),
    case(psnr, rng.uniform(size=(4, 4)), rng.uniform(size=(4, 4))),
    case(blocked_transform, rng.normal(size=(8, 8)), source="Wallace 1991, The JPEG Still Picture Standard"),
]
