"""Saving and loading: what comes back, bit for bit; what is refused; that a file is written whole or not at all."""

import json
import os
import pickle
import struct

import numpy as np
import pytest

from pycograd import LBFGS, SGD, Adam, Lion, RMSProp, buffer, dtype, frozen, params, tied
from pycograd.nn import files
from pycograd.nn.files import read_arrays, write_arrays

SUFFIXES = [".safetensors", ".npz"]
rng = np.random.default_rng(0)


def model(seed=0):
    rng = np.random.default_rng(seed)
    return params(
        w=rng.normal(size=(3, 2)), block={"b": rng.normal(size=2), "deep": [rng.normal(), frozen(rng.normal(size=3))]},
        mean=buffer(rng.normal(size=2)), name="model", file=1.0, allow_pickle=2.0,
    )  # fmt: skip


def values(weights):
    return [weights.w, weights.block.b, *weights.block.deep, weights.mean, weights.file]


def same(a, b):
    return all(
        p.value.tobytes() == q.value.tobytes() and p.dtype == q.dtype for p, q in zip(values(a), values(b))
    )


def objective(weights):
    return lambda: (
        np.sum(np.tanh(weights.w @ weights.block.b)) ** 2 + weights.file**4 + weights.block.deep[0] ** 2
    )


# ---- parameters -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_saved_comes_back_bit_for_bit(tmp_path, suffix):
    saved, loaded = model(0), model(1)
    saved.save(tmp_path / f"m{suffix}")
    held = loaded.w
    loaded.load(str(tmp_path / f"m{suffix}"))
    assert same(saved, loaded) and loaded.w is held and loaded.name == "model"
    assert loaded.mean.mutable and not loaded.block.deep[1].trainable


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("spec", ["f16", "f32", "f64", "c64", "c128", "bf16"])
def test_every_dtype_comes_back(tmp_path, suffix, spec):
    if spec == "bf16":
        pytest.importorskip("ml_dtypes")
    with dtype(spec):
        saved, loaded = params(w=rng.normal(size=(2, 3)), s=3.0), params(w=np.zeros((2, 3)), s=0.0)
    if spec[0] == "c":
        saved.w.value = saved.w.value * (1 + 2j) + complex(0, np.inf)
    path = tmp_path / f"m{suffix}"
    if spec == "bf16" and suffix == ".npz":
        with pytest.raises(
            TypeError, match=r"'s' has the dtype bfloat16, which npz cannot hold[\s\S]*safetensors"
        ):
            saved.save(path)
        assert os.listdir(tmp_path) == [], "nothing is left behind"
        return
    saved.save(path)
    loaded.load(path)
    assert loaded.w.value.tobytes() == saved.w.value.tobytes() and loaded.s == 3.0


def test_a_parameter_keeps_its_dtype_whatever_the_file_has(tmp_path):
    saved = params(w=rng.normal(size=3))
    saved.save(tmp_path / "m")
    with dtype("f32"):
        loaded = params(w=np.zeros(3))
    loaded.load(tmp_path / "m")
    assert loaded.w.dtype == np.float32 and np.array_equal(loaded.w, saved.w.value.astype(np.float32))


def test_a_column_major_array_and_an_empty_one_come_back(tmp_path):
    a = np.asfortranarray(rng.normal(size=(3, 4)))
    write_arrays(tmp_path / "a", {"a": a, "none": np.zeros((0, 2)), "big": a.astype(">f8")}, {})
    found, _ = read_arrays(tmp_path / "a")
    assert np.array_equal(found["a"], a) and found["none"].shape == (0, 2) and np.array_equal(found["big"], a)


def test_tied_parameters_that_are_one_array_stay_one(tmp_path):
    w = rng.normal(size=3)
    saved = params(w=w, v=tied[w])
    saved.save(tmp_path / "m")
    z = np.zeros(3)
    loaded = params(w=z, v=tied[z])
    loaded.load(tmp_path / "m")
    assert loaded.w.value is loaded.v.value and np.array_equal(loaded.w, w)


# ---- optimizers -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("make", [
    lambda: SGD(0.05, momentum=0.9), lambda: Adam(0.05), lambda: RMSProp(0.01, momentum=0.5, centered=True),
    lambda: Lion(0.01), lambda: LBFGS(0.1), lambda: SGD(0.1),
])  # fmt: skip
def test_training_goes_on_bit_for_bit(tmp_path, suffix, make):
    def train(weights, opt, steps):
        for _ in range(steps):
            weights.step(weights.grad(objective(weights))[1], opt)

    whole, opt = model(0), make()
    train(whole, opt, 7)
    first, opt = model(0), make()
    train(first, opt, 3)
    first.save(tmp_path / f"m{suffix}", optimizer=opt)
    second, again = model(1), make()
    second.load(tmp_path / f"m{suffix}", optimizer=again)
    assert again.t == 3
    train(second, again, 4)
    assert same(whole, second) and not same(whole, first)


def test_an_optimizer_that_has_not_stepped_is_saved_too(tmp_path):
    model().save(tmp_path / "m", optimizer=Adam())
    opt = Adam()
    model().load(tmp_path / "m", optimizer=opt)
    assert opt.t == 0 and opt.slots is None


# ---- what is refused --------------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_names_and_shapes_that_differ_are_all_named_and_nothing_is_changed(tmp_path, suffix):
    params(w=np.ones((3, 2)), extra=1.0, c=1j).save(tmp_path / f"m{suffix}", optimizer=Adam())
    weights, opt = params(w=np.zeros((2, 3)), missing=0.0, c=0.0), Adam()
    with pytest.raises(ValueError) as caught:
        weights.load(tmp_path / f"m{suffix}", optimizer=opt)
    text = str(caught.value)
    for said in ("'w' has shape (2, 3), in the file (3, 2)", "'missing' is not in the file",
                 "'extra' is only in the file", "'c' is real, in the file complex"):  # fmt: skip
        assert said in text
    assert not np.any(weights.w) and weights.missing == 0.0


def test_another_optimizer_is_refused_and_nothing_is_changed(tmp_path):
    saved, loaded = model(0), model(1)
    saved.save(tmp_path / "m", optimizer=Adam())
    with pytest.raises(ValueError, match="was saved with the optimizer Adam, and is loaded into SGD"):
        loaded.load(tmp_path / "m", optimizer=SGD())
    saved.save(tmp_path / "m")
    with pytest.raises(ValueError, match="was saved without an optimizer"):
        loaded.load(tmp_path / "m", optimizer=SGD())
    assert same(loaded, model(1))


def test_two_parameters_of_one_path_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"two parameters would have the name 'a\.b' in the file"):
        params({"a.b": 1.0, "a": {"b": 2.0}}).save(tmp_path / "m")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_not_there(tmp_path, suffix):
    with pytest.raises(FileNotFoundError):
        model().load(tmp_path / f"none{suffix}")


def header(said):
    said = json.dumps(said).encode()
    return struct.pack("<Q", len(said)) + said


def entry(dtype, shape, offsets):
    return header({"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}) + b"12345678"


@pytest.mark.parametrize(
    "data, why",
    [
        (b"", "it has no header"),
        (struct.pack("<Q", 1 << 60) + b"{}", "its header would have 1152921504606846976 bytes"),
        (struct.pack("<Q", 4) + b"nope", "its header says"),
        (header([]), "its header says"),
        (entry("F64", [2], [0, 16]), "bytes 0 to 16 for an array"),
        (entry("F64", [2], [0, 8]), "bytes 0 to 8 for an array"),
        (entry("F64", [-1], [8, 0]), "bytes 8 to 0 for an array"),
        (entry("X9", [1], [0, 8]), "'X9'"),
        (header({"w": {"dtype": "F64", "shape": [1]}}), "data_offsets"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_from_a_good_one(tmp_path, data, why):
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(ValueError, match=f"m is not a file that save wrote, or not all of one: .*{why}"):
        read_arrays(tmp_path / "m")


def test_a_file_that_is_cut_off_is_told(tmp_path):
    for suffix in SUFFIXES:
        path = tmp_path / f"m{suffix}"
        model().save(path)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(ValueError, match="not all of one"):
            model().load(path)


def test_a_pickle_in_a_file_is_never_loaded(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    np.savez(tmp_path / "m.npz", w=np.array([Harm()], object))
    with pytest.raises(ValueError, match="not a file that save wrote"):
        model().load(tmp_path / "m.npz")
    (tmp_path / "m").write_bytes(pickle.dumps(1))
    with pytest.raises(ValueError, match="not a file that save wrote"):
        model().load(tmp_path / "m")
    assert not (tmp_path / "harm").exists()


def test_a_dtype_that_safetensors_has_no_code_for_is_named(tmp_path):
    with pytest.raises(TypeError, match=r"'w' has the dtype .*, which safetensors cannot hold[\s\S]*\.npz"):
        write_arrays(tmp_path / "m", {"w": np.array(["text"])}, {})


# ---- whole or not at all ----------------------------------------------------------------------------------
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_write_that_fails_leaves_the_old_file(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"m{suffix}"
    model(0).save(path)
    before = path.read_bytes()

    def fails(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "fsync", fails)
    with pytest.raises(OSError, match="the disk is full"):
        model(1).save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]


# ---- other programs ---------------------------------------------------------------------------------------
def test_the_safetensors_package_reads_it_and_is_read(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    weights = params(w=rng.normal(size=(2, 3)), block={"b": 1.5}, name="x")
    weights.save(tmp_path / "m.safetensors", optimizer=Adam())
    found = safetensors.load_file(tmp_path / "m.safetensors")
    assert np.array_equal(found["w"], weights.w) and found["block.b"] == 1.5
    safetensors.save_file({"w": np.ones((2, 3)), "block.b": np.array(7.0)}, tmp_path / "theirs.safetensors")
    weights.load(tmp_path / "theirs.safetensors")
    assert np.all(weights.w.value == 1) and weights.block.b == 7.0


def test_numpy_reads_an_npz(tmp_path):
    model().save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as found:
        assert np.array_equal(found["w"], model().w) and np.array_equal(found["block.b"], model().block.b)


def test_the_text_says_what_wrote_it(tmp_path):
    for suffix in SUFFIXES:
        model().save(tmp_path / f"m{suffix}")
        _, text = read_arrays(tmp_path / f"m{suffix}")
        assert text == {"format": "pycograd 1"}
