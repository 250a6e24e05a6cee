"""`scipy.signal`: filters that change the rate, and peaks, whose places are plain and whose heights are not."""

import numpy as np

from pycograd.core import shape_of, without_tape
from pycograd.core.lazy import optional

from .families import arrayed, composite, no_rule
from .scipy_filters import lfilter

signal = optional("scipy.signal", "scipy")


@composite(signal.upfirdn)
def upfirdn(h, x, up=1, down=1, axis=-1, mode="constant", cval=0):
    """`scipy.signal.upfirdn`, with zeros beyond the ends."""
    if mode not in (None, "constant") or cval:
        raise no_rule(signal.upfirdn, "mode")
    h, x = arrayed(h), np.moveaxis(arrayed(x), axis, -1)
    n, taps = shape_of(x)[-1], shape_of(h)[0]
    lead = shape_of(x)[:-1]
    behind = [(0, 0)] * len(lead)
    spread = np.reshape(np.pad(x[..., None], [*behind, (0, 0), (0, up - 1)]), (*lead, n * up))
    whole = np.pad(spread, [*behind, (0, max(taps - up, 0))])[..., : (n - 1) * up + taps]
    return np.moveaxis(lfilter(h, np.ones(1, whole.dtype), whole)[..., ::down], -1, axis)


@composite(signal.peak_prominences)
def peak_prominences(x, peaks, wlen=None):
    """`scipy.signal.peak_prominences`: the bases are plain."""
    x = arrayed(x)
    _, left, right = signal.peak_prominences(without_tape(x), without_tape(peaks), wlen)
    return x[np.asarray(peaks)] - np.maximum(x[left], x[right]), left, right


@composite(signal.find_peaks)
def find_peaks(
    x, height=None, threshold=None, distance=None, prominence=None, width=None, wlen=None, rel_height=0.5,
    plateau_size=None,
):  # fmt: skip
    """`scipy.signal.find_peaks`: places are plain, heights, thresholds and prominences are not."""
    if width is not None:
        raise no_rule(signal.find_peaks, "width")
    x = arrayed(x)
    conditions = [without_tape(v) for v in (height, threshold, distance, prominence)]
    peaks, found = signal.find_peaks(without_tape(x), *conditions, None, wlen, rel_height, plateau_size)
    if "peak_heights" in found:
        found["peak_heights"] = x[peaks]
    if "prominences" in found:
        bases = np.maximum(x[found["left_bases"]], x[found["right_bases"]])
        found["prominences"] = x[peaks] - bases
    for side, step in (("left", -1), ("right", 1)):
        if f"{side}_thresholds" in found:
            found[f"{side}_thresholds"] = x[peaks] - x[peaks + step]
    return peaks, found
