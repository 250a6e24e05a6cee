"""xarray, as its users write it: DataArrays and Datasets as arguments, as data, and as what a function makes."""

import numpy as np
import pytest
from third_party.differences import differences, numbers_of

from pycograd import errors, grad, hessian, jacobian, jvp, value_and_grad, value_of, vmap
from pycograd.weave import weaving

xr = pytest.importorskip("xarray")

TEMPERATURE = xr.DataArray(
    np.array([[1.2, 0.7, 2.1], [1.6, 0.3, 0.9]]),
    dims=("place", "time"),
    coords={"place": ["a", "b"], "time": [0.0, 1.0, 3.0], "height": ("place", [10.0, 20.0])},
    name="T",
    attrs={"units": "K"},
)
WEIGHTS = xr.DataArray([1.0, 2.0, 0.5], dims="time", coords={"time": [0.0, 1.0, 3.0]})
SHIFTED = xr.DataArray([3.0, 4.0], dims="time", coords={"time": [1.0, 9.0]})
WEATHER = xr.Dataset({"T": TEMPERATURE, "p": ("place", [1.0, 0.8]), "name": ("place", ["x", "y"])})

OF_ARRAY = {
    "values": lambda a: np.sum(a.values**2),
    "to_numpy and data": lambda a: np.sum(a.to_numpy() ** 2 * a.data),
    "item": lambda a: a.sel(place="a", time=1.0).item() ** 2,
    "the sum": lambda a: (a**2).sum(),
    "float": lambda a: float((a**2).sum()) * a.mean().item(),
    "reductions": lambda a: (
        a.mean() * a.std() + a.var("time").sum() + a.max() * a.min("place").sum() + a.prod()
    ),
    "order statistics": lambda a: a.median() + a.quantile(0.3),
    "numpy's functions": lambda a: np.exp(a).sum() + np.sum(np.sin(a)) + np.mean(a) * np.max(a),
    "arrays of it": lambda a: (
        np.linalg.norm(a) + np.sum(np.where(a > 1, a, 0.0) ** 2) + np.sum(np.asarray(a) ** 3)
    ),
    "labels": lambda a: (
        (a.sel(place="b") * a.loc["a"]).sum() + a.isel(time=slice(0, 2)).prod() + a[0, 1] ** 2
    ),
    "the nearest": lambda a: a.sel(time=0.9, method="nearest").sum() ** 2,
    "alignment": lambda a: (a * SHIFTED).sum() + (a - WEIGHTS).sum(),
    "broadcasting": lambda a: ((a - a.mean("time")) ** 2).sum() * (a * WEIGHTS).sum(),
    "where": lambda a: (
        a.where(a > 1, 0.5).sum() + (a.where(a > 1).sum()) ** 2 + xr.where(a > 1, a, 2 * a).prod()
    ),
    "missing numbers": lambda a: a.shift(time=1).fillna(2.0).prod() + a.shift(time=1).sum(),
    "differences": lambda a: (a.diff("time") ** 2).sum() + (a.differentiate("time") ** 2).sum(),
    "sums along": lambda a: (a.cumsum("time") ** 2).sum() + a.integrate("time").prod(),
    "weighted": lambda a: a.weighted(WEIGHTS).mean() ** 2,
    "groups": lambda a: (a.groupby("height").mean() ** 2).sum(),
    "windows": lambda a: (a.rolling(time=2).mean() ** 2).sum() + a.coarsen(time=3).sum().prod(),
    "products": lambda a: (a @ WEIGHTS).sum() ** 2 + a.dot(a).item(),
    "shapes": lambda a: (a.T.stack(z=("place", "time")) ** 2).sum() + a.expand_dims("n").squeeze().sum(),
    "joined": lambda a: (xr.concat([a, a * 2], "place") ** 2).sum(),
    "reindex": lambda a: (a.reindex(time=[1.0, 5.0]) ** 2).sum(),
    "clip and abs": lambda a: a.clip(0.5, 1.5).sum() + abs(-a).sum(),
    "stores": lambda a: array_stores(a),
    "apply_ufunc": lambda a: (
        xr.apply_ufunc(np.tanh, a).sum() + xr.apply_ufunc(lambda x, y: x * y, a, a).prod()
    ),
    "map": lambda a: a.pipe(lambda b: b * 2).sum() ** 2,
    "a dataset of it": lambda a: (
        (a.to_dataset(name="q")["q"] ** 2).sum() + (xr.Dataset({"q": a}).q ** 3).sum()
    ),
    "dtype": lambda a: a.sum() if a.dtype == float and a.dims == ("place", "time") else a.sum() * np.nan,
}


def array_stores(a):
    b = a.copy()
    b[0, 1] = b[1, 0] ** 2
    b.loc[{"place": "b"}] = b.sel(place="a") * 3
    return (b * a).sum()


@pytest.mark.parametrize("name", OF_ARRAY)
def test_the_gradient_of_a_function_of_an_array_is_an_array(name):
    f = OF_ARRAY[name]
    value, (g,) = value_and_grad(f)(TEMPERATURE)
    assert float(value) == pytest.approx(float(f(TEMPERATURE)), rel=1e-12)
    np.testing.assert_allclose(numbers_of(g), differences(f, TEMPERATURE), rtol=2e-5, atol=2e-6)
    assert type(g) is xr.DataArray and g.name == "T" and g.attrs == {"units": "K"} and g.dtype == float
    assert g.dims == TEMPERATURE.dims and all(
        g.coords[k].equals(TEMPERATURE.coords[k]) for k in TEMPERATURE.coords
    )


OF_DATASET = {
    "variables": lambda d: (d["T"] * d["p"]).sum() + (d.p**2).sum(),
    "reductions": lambda d: (d[["T", "p"]].mean()["T"] * d["p"].max()).item(),
    "map": lambda d: d[["T", "p"]].map(np.exp)["T"].sum(),
    "assign": lambda d: (d.assign(q=lambda e: e.T_ if "T_" in e else e["T"] * 2)["q"] ** 2).sum(),
    "labels": lambda d: (d.sel(place="a")["T"] ** 2).sum() * d.isel(place=1)["p"],
    "where": lambda d: d[["T", "p"]].where(d["p"] > 0.9)["T"].sum(),
}


@pytest.mark.parametrize("name", OF_DATASET)
def test_the_gradient_of_a_function_of_a_dataset_is_a_dataset(name):
    f, numeric = OF_DATASET[name], WEATHER.drop_vars("name")
    value, (g,) = value_and_grad(f)(WEATHER)
    assert float(value) == pytest.approx(float(f(WEATHER)), rel=1e-12)
    np.testing.assert_allclose(numbers_of(g.drop_vars("name")), differences(f, numeric), rtol=2e-5, atol=2e-6)
    assert type(g) is xr.Dataset and list(g.data_vars) == ["T", "p", "name"]
    assert g["T"].dims == ("place", "time") and g["name"].values.tolist() == [None, None]


BESIDE = {
    "an array": lambda b: (
        (TEMPERATURE * b[0]).sum() + (b[1] * TEMPERATURE**2).sum() + np.sum(TEMPERATURE / b)
    ),
    "in order": lambda b: (WEIGHTS * b).sum() + (np.exp(b) ** WEIGHTS).sum() + (b - TEMPERATURE).prod(),
    "ufuncs": lambda b: np.maximum(b[0], TEMPERATURE).sum() + np.hypot(TEMPERATURE, b).sum(),
    "comparisons": lambda b: TEMPERATURE.where(TEMPERATURE > b[0], b[1]).sum(),
    "made of one": lambda b: (xr.DataArray(b, dims="i", coords={"i": [1, 2, 3]}) ** 2).sel(i=[1, 3]).sum(),
    "a new variable": lambda b: (WEATHER.assign(q=WEATHER["p"] * b[0])["q"] ** 2).sum(),
    "a copy with other data": lambda b: (WEIGHTS.copy(data=b) * WEIGHTS).sum(),
    "numbers alone": lambda b: np.sum(WEIGHTS.values * b),
    "a store": lambda b: store_in(xr.DataArray(b * 2, dims="i"), b),
}


def store_in(a, b):
    a[0] = b[1] ** 2
    return (a**2).sum()


@pytest.mark.parametrize("name", BESIDE)
def test_watched_values_beside_arrays(name):
    f, b = BESIDE[name], np.array([1.1, 0.6, 1.7])
    value, (g,) = value_and_grad(f)(b)
    assert float(value) == pytest.approx(float(f(b)), rel=1e-12)
    np.testing.assert_allclose(g, differences(f, b), rtol=2e-5, atol=2e-6)


def test_the_same_without_weaving_or_it_raises():
    same = 0
    for f in OF_ARRAY.values():
        with weaving(False):
            try:
                (g,) = grad(f)(TEMPERATURE)
            except TypeError:
                continue
        np.testing.assert_allclose(g, grad(f)(TEMPERATURE)[0], rtol=1e-12)
        same += 1
    assert same > 20


def test_the_value_is_what_the_function_returned():
    value, (g,) = value_and_grad(lambda a: (a**2).sum())(TEMPERATURE)
    assert type(value) is xr.DataArray and value.ndim == 0 and type(value.data) is not type(g)
    assert isinstance(value.values, np.ndarray) and float(value) == float((TEMPERATURE**2).sum())


def test_plain_xarray_is_as_without_pycograd():
    def f(x, a):
        assert isinstance(np.sum(a), xr.DataArray) and float(np.mean(a)) == float(a.mean())
        assert type(a.values) is np.ndarray and isinstance(np.exp(a), xr.DataArray)
        assert (a @ WEIGHTS).equals(a.dot(WEIGHTS)) and a.sel(place="a", time=0.0).item() == 1.2
        return x

    assert grad(f, argnums=0)(1.0, TEMPERATURE) == 1.0


def test_other_transforms():
    out, tangent = jvp(lambda a: a**2, (TEMPERATURE,), (TEMPERATURE,))
    assert out.equals(TEMPERATURE**2) and np.allclose(tangent, 2 * TEMPERATURE**2)
    assert jacobian(lambda a: a.mean("time"))(TEMPERATURE).shape == (2, 2, 3)
    assert hessian(lambda a: (a**3).sum())(WEIGHTS).shape == (3, 3)
    assert np.allclose(vmap(lambda row: np.sum(row**2))(TEMPERATURE), (TEMPERATURE**2).sum("time"))
    g = grad(lambda p: (p["a"] * p["b"]).sum())({"a": WEIGHTS, "b": 2.0})[0]
    assert g["a"].equals(WEIGHTS * 0 + 2.0) and g["b"] == 3.5


def test_value_of_an_array_is_plain():
    seen = []
    grad(lambda a: (seen.append(value_of(a * 2)), a.sum())[1])(TEMPERATURE)
    assert seen[0].equals(TEMPERATURE * 2) and type(seen[0].values) is np.ndarray


def test_what_cannot_work_raises_with_the_line_and_a_way_out():
    with pytest.raises(errors.ForeignCodeError, match=r"test_xarray.py.*\n.*\n.*x.to_numpy\(\)"):
        grad(lambda a: a.interp(time=0.5).sum())(TEMPERATURE)
    with pytest.raises(errors.OutsideStoreError, match=r"`a`, a plain container"):
        grad(lambda b: stored(WEIGHTS.copy(), b))(2.0)


def stored(a, b):
    a[0] = b
    return a.sum()
