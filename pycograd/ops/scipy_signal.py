"""`scipy.signal`: loaded when a function of it is first met."""

from . import scipy_convolution, scipy_filters, scipy_multirate, scipy_spectra

__all__ = ["scipy_convolution", "scipy_filters", "scipy_multirate", "scipy_spectra"]
