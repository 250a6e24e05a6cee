"""The working dtype: what numbers become that bring none of their own."""

import threading

import numpy as np
import pytest

from pycograd import Param, Var, current_dtype, dtype, params, resolve_dtype


@pytest.mark.parametrize(
    "spec, expected",
    [
        (None, "float64"), ("f64", "float64"), ("float64", "float64"), ("double", "float64"), (float, "float64"),
        ("f32", "float32"), ("float32", "float32"), (np.float32, "float32"), (np.dtype("f4"), "float32"),
        ("f16", "float16"), ("c64", "complex64"), ("c128", "complex128"), (complex, "complex128"),
    ],
)  # fmt: skip
def test_a_name_means_a_dtype(spec, expected):
    assert resolve_dtype(spec) == np.dtype(expected)


@pytest.mark.parametrize("spec", ["bf16", "bfloat16"])
def test_bfloat16_comes_with_ml_dtypes(spec):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert resolve_dtype(spec) == ml_dtypes.bfloat16
    with dtype(spec):
        assert Param(1.5).dtype == ml_dtypes.bfloat16


@pytest.mark.parametrize("spec", ["quad", "f31", object()])
def test_an_unknown_name_is_named(spec):
    with pytest.raises(ValueError, match="unknown dtype .*float32"):
        resolve_dtype(spec)


@pytest.mark.parametrize("spec", ["i32", "int64", int, bool, np.int8, "u8"])
def test_whole_numbers_are_no_working_dtype(spec):
    with pytest.raises(ValueError, match="floating-point"):
        resolve_dtype(spec)


def test_the_working_dtype_is_what_scalars_and_parameters_become():
    given = np.ones(2, np.float64)
    with dtype("f32"):
        assert current_dtype() == np.float32
        assert Var(3).dtype == Var([1, 2]).dtype == Param(3).dtype == params(w=given).w.dtype == np.float32
        assert Var(1.5).dtype == Var([1.0]).dtype == np.float32 and Var(1j).dtype == np.complex64
        assert Var(given).dtype == Var(np.float64(1)).dtype == np.float64, "a floating array keeps its dtype"
        with dtype("f16"):
            assert Param(1.0).dtype == np.float16
        assert current_dtype() == np.float32
    assert current_dtype() == np.float64
    assert Var(1.0, dtype="f32").dtype == np.float32


def test_complex_numbers_stay_complex():
    assert Param(1j).dtype == np.complex128
    with dtype("f32"):
        assert Param(1j).dtype == np.complex64
    with dtype("f16"):
        assert Param(1j).dtype == np.complex64
    with dtype("c64"):
        assert Param(1.0).dtype == np.complex64


def test_the_working_dtype_is_restored_after_an_exception():
    with pytest.raises(KeyError), dtype("f32"):
        raise KeyError
    assert current_dtype() == np.float64


def test_each_thread_has_its_own_working_dtype():
    seen = []
    with dtype("f32"):
        thread = threading.Thread(target=lambda: seen.append(current_dtype()))
        thread.start()
        thread.join()
    assert seen == [np.dtype(float)]
