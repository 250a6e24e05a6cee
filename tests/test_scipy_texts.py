"""Functions of scipy whose own text is woven, in the words of a user: quadratures, statistics, filters, matrices."""

import numpy as np
import pytest
from laws.row import distinct, normal, positive, row, spd
from test_texts import obeys, settled

from pycograd.errors import ForeignCodeError, LostGradientError
from pycograd.transforms import grad
from pycograd.weave import woven

integrate, interpolate, linalg, ndimage, optimize, signal, spatial, special, stats = (
    pytest.importorskip(f"scipy.{name}")
    for name in "integrate interpolate linalg ndimage optimize signal spatial special stats".split()
)
# since scipy 1.18 the root of expectile is found by find_root, whose compiled steps raise
BY_SOLVER = "find_root" in getattr(stats.expectile, "__wrapped__", stats.expectile).__code__.co_names
x5, y5, m44, s44, many, pair = distinct(5), normal(5), normal(4, 4), spd(4), positive(12), positive(9)
image, wave, times = normal(5, 6), normal(32), np.cumsum(positive(5))

INTEGRALS = {
    "simpson": (lambda y, x: integrate.simpson(y, x=x), y5, times),
    "simpson of an even number": (lambda y, x: integrate.simpson(y, x=x), y5[:4], times[:4]),
    "trapezoid": (lambda y, x: integrate.trapezoid(y, x), y5, times),
    "cumulative_trapezoid": (lambda y, x: integrate.cumulative_trapezoid(y, x, initial=0), y5, times),
    "cumulative_simpson": (lambda y, x: integrate.cumulative_simpson(y, x=x), y5, times),
    "romb": (lambda y: integrate.romb(y, dx=0.3), y5),
}
STATISTICS = {
    "pearsonr": (lambda x, y: stats.pearsonr(x, y)[0], x5, y5),
    "linregress": (lambda x, y: tuple(stats.linregress(x, y))[:3], x5, y5),
    "zmap": (lambda a, b: stats.zmap(a, b), x5, y5),
    "gzscore": (stats.gzscore, many),
    "iqr": (stats.iqr, many),
    "trim_mean": (lambda a: stats.trim_mean(a, 0.1), many),
    "wasserstein_distance": (stats.wasserstein_distance, many, pair),
    "energy_distance": (stats.energy_distance, many, pair),
    "ttest_ind": (lambda a, b: tuple(stats.ttest_ind(a, b))[0], many, pair),
    "ttest_1samp": (lambda a: stats.ttest_1samp(a, 0.7)[0], many),
    "describe": (lambda a: tuple(stats.describe(a))[2:], many),
    "boxcox": (lambda a, lmbda: stats.boxcox(a, lmbda), many, np.float64(0.3)),
    "boxcox_llf": (lambda lmbda, a: stats.boxcox_llf(lmbda, a), np.float64(0.3), many),
    "yeojohnson": (lambda a: stats.yeojohnson(a, 0.3), normal(5)),
    "circmean": (stats.circmean, many),
    "circvar": (stats.circvar, many),
    "circstd": (stats.circstd, many),
    "median_abs_deviation": (stats.median_abs_deviation, many),
    "variation": (stats.variation, many),
    "tmean": (lambda a: stats.tmean(a, (0.6, 1.9)), many),
    "tvar": (lambda a: stats.tvar(a, (0.6, 1.9)), many),
    "tstd": (stats.tstd, many),
    "tsem": (stats.tsem, many),
    "gstd": (stats.gstd, many),
    "pmean": (lambda a: stats.pmean(a, 2), many),
    "kstat": (lambda a: stats.kstat(a, 3), many),
    "differential_entropy": (stats.differential_entropy, many),
    "theilslopes": (lambda y: tuple(stats.theilslopes(y, x5))[0], y5),
    **({} if BY_SOLVER else {"expectile": (lambda a: stats.expectile(a, 0.3), many)}),
    "skewtest": (lambda a: tuple(stats.skewtest(a))[0], many),
    "jarque_bera": (lambda a: tuple(stats.jarque_bera(a))[0], many),
    "scoreatpercentile": (lambda a: stats.scoreatpercentile(a, 30), many),
}
SIGNALS = {
    "stft": (lambda x: signal.stft(x, nperseg=8)[2], wave),
    "istft": (lambda x: signal.istft(np.reshape(x, (8, 4)) * (1 + 0.5j), nperseg=14)[1], wave),
    "spectrogram": (lambda x: signal.spectrogram(x, nperseg=8)[2], wave),
    "csd": (lambda x, y: signal.csd(x, y, nperseg=8)[1], wave, wave**2),
    "coherence": (lambda x, y: signal.coherence(x, y, nperseg=8)[1], wave, wave**2),
    "decimate": (lambda x: signal.decimate(x, 2), normal(64)),
    "czt": (lambda x: signal.czt(x, 8), wave),
    "zoom_fft": (lambda x: signal.zoom_fft(x, [0.1, 0.4], 8), wave),
    "hilbert2": (lambda x: signal.hilbert2(np.reshape(x, (4, 8))), wave),
    "wiener": (lambda x: signal.wiener(x, 3), wave),
    "deconvolve": (lambda x, d: signal.deconvolve(x, d), wave, np.array([1.0, 0.5])),
    "freqz": (lambda b, a: signal.freqz(b, a)[1], normal(4), np.array([1.0, 0.3])),
    "freqs": (lambda b, a: signal.freqs(b, a, [1.0, 2.0])[1], normal(4), np.array([1.0, 0.3])),
    "tf2zpk": (lambda b, a: signal.tf2zpk(b, a), np.array([1.0, 0.5, 0.1]), np.array([1.0, 0.3])),
    "zpk2tf": (lambda z, k: signal.zpk2tf(z, [0.1, 0.2], k), np.array([0.5]), np.float64(1.3)),
    "butter": (lambda cut: signal.butter(3, cut), np.float64(0.3)),
    "cheby1": (lambda ripple, cut: signal.cheby1(2, ripple, cut), np.float64(1.0), np.float64(0.3)),
    "sawtooth": (lambda t: signal.sawtooth(t, 0.3), times),
    "chirp": (lambda t, f: signal.chirp(t, f, 5.0, 3.0), times, np.float64(1.0)),
    "gausspulse": (lambda t: signal.gausspulse(t, 0.1), times),
    "lsim": (lambda u: signal.lsim(([1.0], [1.0, 1.0]), u, np.arange(5.0))[1], y5),
    "gaussian window": (lambda s: signal.windows.gaussian(8, s), np.float64(2.0)),
}
DISTRIBUTIONS = {
    "mean, var, median": (lambda a: (stats.gamma.mean(a), stats.gamma.var(a), stats.gamma.median(a)), many),
    "stats": (lambda a: stats.gamma.stats(a, moments="mvsk"), many[:4]),
    "interval": (lambda a, s: stats.norm.interval(0.9, a, s), y5, many[:5]),
    "entropy": (lambda s: stats.norm.entropy(0, s), many),
    "frozen": (lambda a: (stats.gamma(a).std(), stats.gamma(a, scale=a).interval(0.5)[1]), many),
    "fit": (lambda a: stats.norm.fit(a), many),
    "nnlf": (lambda a: stats.norm.nnlf((0.3, 1.2), a), many),
    "multivariate_t": (lambda a: stats.multivariate_t.logpdf(a, np.zeros(4), s44, 3.0), normal(4)),
    "multinomial": (lambda p: stats.multinomial.logpmf([1, 2, 1], 4, p / np.sum(p)), many[:3]),
    "wishart": (lambda d: stats.wishart.logpdf(np.diag(d), 6, np.eye(4)), many[:4]),
}
OTHERS = {
    "polar": (linalg.polar, m44),
    "orth": (lambda a: (lambda q: q @ q.T)(linalg.orth(a)), m44[:, :2]),
    "null_space": (lambda a: (lambda q: q @ q.T)(linalg.null_space(a)), m44[:2]),
    "orthogonal_procrustes": (lambda a, b: linalg.orthogonal_procrustes(a, b)[0], m44, s44),
    "companion": (linalg.companion, y5),
    "fiedler": (linalg.fiedler, x5),
    "leslie": (lambda f, s: linalg.leslie(f, s), many[:4], many[4:7]),
    "convolution_matrix": (lambda a: linalg.convolution_matrix(a, 3), y5),
    "center_of_mass": (lambda a: ndimage.center_of_mass(a), image),
    "sum_labels": (lambda a: ndimage.sum_labels(a, image > 0, [0, 1]), image),
    "variance of labels": (lambda a: ndimage.variance(a, image > 0, [0, 1]), image),
    "pchip_interpolate": (lambda y, t: interpolate.pchip_interpolate(times, y, t), y5, times[:3] + 0.2),
    "barycentric_interpolate": (lambda y: interpolate.barycentric_interpolate(times, y, 1.3), y5),
    "procrustes": (lambda a, b: spatial.procrustes(a, b)[:2], normal(5, 2), distinct(5, 2)),
    "distance_matrix": (lambda a, b: spatial.distance_matrix(a, b, 3), normal(5, 2), distinct(3, 2)),
    "jvp": (lambda x: special.jvp(1, x, 2), many),
    "diric": (lambda x: special.diric(x, 4), many),
    "perm": (lambda n: special.perm(n, 2), many + 3),
    "a Legendre polynomial": (lambda x: special.legendre(3)(x), many),
}
if hasattr(signal, "envelope"):  # scipy 1.16
    SIGNALS |= {
        "envelope": (lambda x: signal.envelope(x)[0], wave),
        "lombscargle": (lambda y: signal.lombscargle(np.arange(32.0), y, [0.3, 0.7]), wave),
    }
ALL = INTEGRALS | STATISTICS | SIGNALS | DISTRIBUTIONS | OTHERS


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list(ALL))
def test_laws_of_scipys_text(name):
    f, *xs = ALL[name]
    with np.errstate(all="ignore"):
        obeys(row(f, *xs, call=settled(woven(f)), tolerance=1e-5))


def test_a_solver_is_no_text():
    with pytest.raises((ForeignCodeError, LostGradientError)):
        grad(lambda a: optimize.brute(lambda z: np.sum((z - a) ** 2), [(0, 1)], full_output=True)[1])(0.3)


def test_a_solver_within_a_text_is_differentiated_by_its_equation():
    best = lambda a: stats.boxcox(a)[1]  # noqa: E731
    step = np.array([*[0.0] * 11, 1e-3])
    witness = (best(many + step) - best(many - step)) / 2e-3
    assert abs(grad(best)(many)[0][-1] - witness) < 1e-4
