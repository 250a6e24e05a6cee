"""pandas, as its users write it: Series and DataFrames as arguments, as data, and as what a function makes."""

import math
import subprocess
import sys

import numpy as np
import pytest
from third_party.differences import differences, numbers_of

from pycograd import errors, grad, hessian, jacobian, jvp, value_and_grad, value_of, vjp, vmap
from pycograd.weave import weaving

pd = pytest.importorskip("pandas")
SERIES = pd.Series([1.2, 0.7, 2.1, 1.6], index=["a", "b", "c", "d"], name="w")
OTHER = pd.Series([0.3, 0.9, 1.4], index=["d", "b", "x"])
FRAME = pd.DataFrame({"u": [1.0, 2.0, 0.5], "v": [3.0, 0.4, 1.1]}, index=["r", "s", "t"])
MIXED = FRAME.assign(kind=["p", "q", "p"], n=[1, 2, 3])
MATRIX = np.array([[1.0, 2.0, 0.5, 1.5], [0.2, 0.1, 0.9, 0.4]])
DATES = pd.Series([1.0, 2.0, 4.0, 3.0], index=pd.date_range("2024-01-30", periods=4))

OF_SERIES = {
    "values": lambda s: np.sum(s.values**2),
    "to_numpy": lambda s: np.sum(s.to_numpy() ** 2 * s.to_numpy(dtype=float)),
    "methods of values": lambda s: (
        s.values.sum() * s.values.std() + s.values.reshape(2, 2)[1, 0] + s.values.dot(s.values)
    ),
    "labels": lambda s: s["a"] * s.loc["b"] + s.iloc[2] * s.at["d"] + s.iat[0],
    "attributes": lambda s: s.a * s.b,
    "slices": lambda s: (s.loc["b":"c"] ** 2).sum() + s.iloc[1:].sum() * s.iloc[-1],
    "masks": lambda s: (s[s > 1] ** 2).sum() + s[s.between(0.5, 1.5)].sum() * s["c"],
    "sum": lambda s: (s * s).sum(),
    "mean": lambda s: (s**2).mean(),
    "std and var": lambda s: s.std() * s.var() + s.std(ddof=0),
    "median, max, min, prod": lambda s: s.median() * s.max() + s.min() * s.prod(),
    "sem and quantile": lambda s: s.sem() + s.quantile(0.3),
    "quantiles": lambda s: (s.quantile([0.1, 0.6]) ** 2).sum(),
    "cumsum": lambda s: (s.cumsum() ** 2).sum() + s.cumprod().sum(),
    "numpy's functions": lambda s: np.sum(np.exp(s)) + np.mean(np.sin(s)) + np.max(s) + np.std(s),
    "functions of two": lambda s: np.sum(np.maximum(s, 1.5) + np.hypot(s, 2.0) + np.power(s, 3)),
    "arrays of them": lambda s: np.linalg.norm(s) + np.dot(MATRIX, s).sum() + np.sum(np.asarray(s) ** 3),
    "joined by numpy": lambda s: (
        np.sum(np.concatenate([s, s * 2]) ** 2) + np.sum(np.where(s > 1, s, 0.0) ** 2)
    ),
    "numpy's diff": lambda s: np.sum(np.diff(s) ** 2) + np.trapezoid(s, [0.0, 1.0, 3.0, 4.0]),
    "products": lambda s: (s @ s) + s.dot(s * 2) + np.sum(MATRIX @ s),
    "alignment": lambda s: (s * OTHER).sum() + (OTHER - s).fillna(2.0).mul(3.0).sum(),
    "alignment with a fill": lambda s: s.add(OTHER, fill_value=1.0).pow(2).sum(),
    "reindex": lambda s: (
        (s.reindex(["d", "z", "a"]) ** 2).sum() + s.reindex(["q", "a"], fill_value=2.0).prod()
    ),
    "sorting": lambda s: (
        (s.sort_values() * [1.0, 2.0, 3.0, 4.0]).sum() + (s.sort_index(ascending=False)).iloc[0] ** 2
    ),
    "ranks": lambda s: (s * s.rank()).sum() + (s * s.argsort()).sum(),
    "shift and diff": lambda s: (s.shift(1) * s).sum() + (s.diff() ** 2).sum() + s.pct_change().sum(),
    "where and mask": lambda s: (s.where(s > 1, 0.5) ** 2).sum() + s.mask(s > 1).sum(),
    "clip, abs, round": lambda s: s.clip(1.0, 2.0).sum() + (-s).abs().sum() + s.round(1).sum(),
    "missing values": lambda s: s.shift(1).fillna(3.0).prod() + s.shift(1).dropna().sum() ** 2,
    "concat": lambda s: (pd.concat([s, OTHER, s * 2]) ** 2).sum(),
    "group": lambda s: (s.groupby([0, 0, 1, 1]).sum() ** 2).sum(),
    "group means": lambda s: (s.groupby(["x", "y", "x", "x"]).mean() ** 2).sum(),
    "groups, apart": lambda s: s.groupby([0, 1, 0, 1]).agg(lambda part: part.max() * part.sum()).sum(),
    "group and transform": lambda s: ((s - s.groupby([0, 0, 1, 1]).transform("mean")) ** 2).sum(),
    "iteration": lambda s: sum(v * v for v in s) + sum(v for k, v in s.items() if k > "b"),
    "apply": lambda s: s.apply(lambda v: v * v).sum() + s.map(lambda v: np.exp(v)).sum(),
    "stores": lambda s: stores(s),
    "frame of it": lambda s: (pd.DataFrame({"p": s, "q": s * 2}).prod(axis=1)).sum(),
    "to_frame": lambda s: (s.to_frame() ** 2).sum().sum(),
    "dtype": lambda s: s.sum() if s.dtype == float and s.dtype == "float64" else s.sum() * np.nan,
    "astype": lambda s: s.astype(float).pow(2).sum() + (s.astype(int) * s).sum(),
    "as text": lambda s: s.sum() * (len(str(s)) > 20) * len(f"{s.iloc[0]:.1f}"),
    "pipe and agg": lambda s: s.pipe(np.sqrt).agg("sum") + s.agg(["sum", "mean"]).prod(),
}


def stores(s):
    t = s.copy()
    t["a"] = t["b"] ** 2
    t.iloc[1:3] = t.iloc[1:3] * 3
    t[t > 3] = 1.0
    return (t * s).sum()


OF_FRAME = {
    "values": lambda d: np.sum(d.values**2),
    "to_numpy": lambda d: np.sum(np.tanh(d.to_numpy()) @ np.ones(2)),
    "columns": lambda d: (d["u"] * d["v"]).sum() + (d.u**2).sum(),
    "cells": lambda d: d.loc["r", "u"] * d.at["s", "v"] + d.iloc[2, 0] ** 2,
    "rows": lambda d: (d.loc["r"] ** 2).sum() + d.iloc[1]["v"] ** 3 + (d.iloc[:2] ** 2).to_numpy().sum(),
    "several columns": lambda d: (d[["v", "u"]] * [1.0, 2.0]).sum().sum(),
    "new columns": lambda d: new_columns(d),
    "assign": lambda d: (d.assign(w=lambda t: t.u * t.v)["w"] ** 2).sum(),
    "numpy's functions": lambda d: np.exp(d).sum().sum() + np.mean(np.log(d["u"])) + np.sum(np.tanh(d.v)),
    "reductions": lambda d: (d.sum() ** 2).sum() + d.mean(axis=0).prod() + d.std().sum() + d.max().sum(),
    "along rows": lambda d: (d.sum(axis=1) ** 2).sum() + d.mean(axis=1).prod(),
    "means of columns": lambda d: ((d - d.mean()) ** 2).sum().sum(),
    "standardised": lambda d: (((d - d.mean()) / d.std()) ** 3).sum().sum(),
    "products": lambda d: np.sum(d @ np.array([1.0, 2.0])) + (d.T @ d).to_numpy().sum(),
    "dot": lambda d: (d.dot(pd.Series([2.0, 3.0], index=["u", "v"])) ** 2).sum(),
    "masks": lambda d: (d[d["u"] > 0.7] ** 2).sum().sum() + d.where(d > 1.05, 0.0).sum().sum(),
    "query": lambda d: (d.query("u > 0.7")["v"] ** 2).sum(),
    "sorting": lambda d: (d.sort_values("u")["v"] * [1.0, 2.0, 3.0]).sum(),
    "groups": lambda d: (d.groupby(["x", "y", "x"]).mean() ** 2).sum().sum(),
    "groups by a column": lambda d: (d.assign(g=[1, 0, 1]).groupby("g")["u"].sum() ** 2).sum(),
    "merge": lambda d: merged(d),
    "concat": lambda d: (
        (pd.concat([d, d * 2], axis=1).sum(axis=1) ** 2).sum() + (pd.concat([d, d]) ** 3).sum().sum()
    ),
    "apply": lambda d: d.apply(lambda column: (column**2).sum()).prod(),
    "apply along rows": lambda d: d.apply(lambda row: row["u"] * row["v"], axis=1).sum(),
    "iteration": lambda d: sum(row.u * row.v for row in d.itertuples()) + sum(c.sum() for _, c in d.items()),
    "rows of it": lambda d: sum(row["u"] * row["v"] for _, row in d.iterrows()),
    "transposed": lambda d: (d.T["r"] ** 2).sum(),
    "shift": lambda d: ((d - d.shift(1)) ** 2).sum().sum(),
    "stores": lambda d: frame_stores(d),
    "drop and rename": lambda d: (d.drop(columns="v").rename(columns={"u": "z"})["z"] ** 2).sum(),
    "melt": lambda d: (d.melt()["value"] ** 2).sum(),
    "stack": lambda d: (d.stack() ** 2).sum(),
    "reset_index": lambda d: (d.reset_index()["u"] ** 2).sum(),
    "cumulated": lambda d: (d.cumsum() ** 2).sum().sum(),
    "functions of math": lambda d: d["u"].apply(lambda v: math.exp(v)).sum() + d.apply(of_row, axis=1).prod(),
    "numpy arrays": lambda d: (
        np.linalg.det(np.asarray(d.iloc[:2])) + np.sum(np.column_stack([d["u"], d["v"]]) ** 2)
    ),
}


def of_row(row):
    return math.hypot(row["u"], row.v) + float(np.array([row["u"], 2.0]).sum())


def new_columns(d):
    d = d.copy()
    d["w"] = d["u"] * 2 + d["v"]
    d["x"] = np.exp(d["w"].values / 9)
    return (d["x"] * d["w"]).sum()


def merged(d):
    right = pd.DataFrame({"key": ["s", "r", "z"], "weight": [2.0, 3.0, 4.0]})
    joined = d.reset_index(names="key").merge(right, on="key", how="left")
    return (joined["u"] * joined["weight"]).sum()


def frame_stores(d):
    e = d.copy()
    e.loc["r", "u"] = e.loc["s", "v"] * 2
    e.loc[:, "v"] = e["u"] ** 2
    return (e["u"] * e["v"]).sum()


def checked(f, x):
    """The gradient of `f` at `x`, compared with differences; the value with that of `f` itself."""
    plain = f(x)
    value, (g,) = value_and_grad(f)(x)
    assert value == pytest.approx(plain, rel=1e-12)
    np.testing.assert_allclose(numbers_of(g), differences(f, x), rtol=2e-5, atol=2e-6)
    return g


@pytest.mark.parametrize("name", OF_SERIES)
def test_the_gradient_of_a_function_of_a_series_is_a_series(name):
    g = checked(OF_SERIES[name], SERIES)
    assert type(g) is pd.Series and g.dtype == float and g.name == "w"
    assert g.index.equals(SERIES.index)


@pytest.mark.parametrize("name", OF_FRAME)
def test_the_gradient_of_a_function_of_a_frame_is_a_frame(name):
    g = checked(OF_FRAME[name], FRAME)
    assert type(g) is pd.DataFrame and all(dtype.kind == "f" for dtype in g.dtypes)
    assert g.index.equals(FRAME.index) and g.columns.equals(FRAME.columns)


def test_the_same_without_weaving_or_it_raises():
    same = 0
    for x, programs in ((SERIES, OF_SERIES), (FRAME, OF_FRAME)):
        for f in programs.values():
            with weaving(False):
                try:
                    (g,) = grad(f)(x)
                except TypeError:
                    continue
            np.testing.assert_allclose(numbers_of(g), numbers_of(grad(f)(x)[0]), rtol=1e-12)
            same += 1
    assert same > 60


# ---- watched values beside plain containers ------------------------------------------------------------------------
BESIDE = {
    "times a series": lambda b: (
        (b[0] * SERIES).sum() + (SERIES * b[1]).prod() + (SERIES / b).sum() + (b - SERIES).iloc[0]
    ),
    "an array, in order": lambda b: (SERIES * np.tanh(b)).sum() + (np.exp(b) ** SERIES).sum(),
    "a frame": lambda b: (
        (FRAME * b[0]).sum().prod() + (b[:2] * FRAME).sum().sum() + (FRAME - b[1]).pow(2).sum().sum()
    ),
    "ufuncs": lambda b: (
        np.add(b[0], SERIES).sum() + np.maximum(b, SERIES).prod() + np.exp(-SERIES / b[0]).sum()
    ),
    "comparisons": lambda b: (
        SERIES[SERIES > b[0]].sum() * b[0] + (FRAME.where(b[1] < FRAME, b[2])).sum().sum()
    ),
    "methods": lambda b: SERIES.mul(b[0]).add(b[1]).sum() + SERIES.where(SERIES > 1, b[0]).sum(),
    "missing numbers": lambda b: SERIES.shift(1).fillna(b[0]).prod(),
    "a linear model": lambda b: ((FRAME["u"] - (b[0] + b[1] * FRAME["v"])) ** 2).mean(),
    "products": lambda b: ((FRAME @ b[:2]) ** 2).sum() + np.sum(b[:3] @ FRAME) + FRAME.dot(b[1:3]).prod(),
    "a product with an intercept": lambda b: ((FRAME[["v"]].assign(one=1.0) @ b[:2] - FRAME["u"]) ** 2).sum(),
    "a new column": lambda b: new_column(b),
    "a column of one number": lambda b: (FRAME.assign(w=b[0])["w"] * FRAME["u"]).sum(),
    "eval": lambda b: FRAME.assign(p=b[0] * FRAME.u).eval("p * v").sum(),
    "series of a list": lambda b: pd.Series([b[0], 2 * b[1], 3.0], index=list("xyz"))["y"] ** 2,
    "series of a dict": lambda b: (pd.Series({"p": b[0], "q": b[1] * 2}) ** 2).sum(),
    "series of an array": lambda b: (pd.Series(b, index=SERIES.index, name="b") * SERIES).sum(),
    "frame of lists": lambda b: (pd.DataFrame({"p": [b[0], b[1]], "q": [1.0, b[0]]}) ** 2).sum().sum(),
    "frame of arrays": lambda b: (pd.DataFrame({"p": b, "q": b**2}).prod(axis=1)).sum(),
    "frame of rows": lambda b: (pd.DataFrame([[b[0], b[1]], [b[1], 2.0]], columns=["p", "q"]) ** 2)[
        "p"
    ].sum(),
    "frame of a matrix": lambda b: (pd.DataFrame(np.outer(b, b), columns=list("wxyz"))["x"] ** 2).sum(),
    "map": lambda b: pd.Series(["x", "y", "x"]).map({"x": b[0], "y": b[1]}).sum(),
    "closures": lambda b: (
        SERIES.apply(lambda v: math.exp(b[0] * v)).sum() + FRAME.apply(row_of(b), axis=1).sum()
    ),
    "rows": lambda b: (
        sum(b[0] * row["u"] for _, row in FRAME.iterrows()) + sum(b[1] * r.v for r in FRAME.itertuples())
    ),
    "groups": lambda b: (MIXED.assign(z=MIXED["u"] * b[0]).groupby("kind")["z"].sum() ** 2).sum(),
    "an index": lambda b: np.sum(b[0] * pd.Index([1.0, 2.0])) + np.sum(pd.Index([1.0, 2.0]) * b[1]),
    "dates": lambda b: (DATES * b[0]).resample("ME").sum().prod() + (DATES * b[1])["2024-01-31"],
}


def new_column(b):
    d = FRAME.copy()
    d["p"] = np.tanh(b[0] * np.arange(3.0))
    d["q"] = b[1]
    return (d["p"] * d["v"] * d["q"]).sum()


def row_of(b):
    return lambda row: b[0] * row.u + row["v"] ** 2


@pytest.mark.parametrize("name", BESIDE)
def test_watched_values_beside_containers(name):
    checked(BESIDE[name], np.array([1.1, 0.6, 1.7, 0.9]))


def test_plain_pandas_is_as_without_pycograd():
    def f(x, d):
        assert np.sum(d["u"]) == d["u"].sum() and np.mean(d["u"]) == d["u"].mean() and np.max(d["v"]) == 3.0
        assert isinstance(np.cumsum(d["u"]), pd.Series) and isinstance(np.exp(d), pd.DataFrame)
        assert np.std(d["u"]) == d["u"].std(ddof=0) and np.shape(d) == (3, 2) and not np.iscomplexobj(d)
        assert type(d["u"].values) is np.ndarray and (d.values @ np.ones(2)).shape == (3,)
        assert (d.T @ d).equals(d.T.dot(d)) and type(d.to_numpy()) is np.ndarray
        return x

    assert grad(f, argnums=0)(1.0, FRAME) == 1.0


# ---- what kinds of columns there are -------------------------------------------------------------------------------
def test_columns_without_numbers_have_none():
    g = grad(lambda d: (d["u"] * d["v"] * d["n"]).sum() + d.groupby("kind")["u"].sum()["p"])(MIXED)[0]
    assert list(g.columns) == ["u", "v", "kind", "n"] and g["kind"].isna().all()
    np.testing.assert_allclose(g["n"], MIXED["u"] * MIXED["v"])  # whole numbers have gradients of floats
    assert g["n"].dtype == float


def test_dtypes_of_gradients():
    g = grad(lambda s: (s * 2).sum())(SERIES.astype("float32"))[0]
    assert g.dtype == np.float32
    for column in (
        pd.Series([1, 2], dtype="Int64"),
        pd.Series([1.5, 2.5], dtype="Float64"),
        pd.Series([1, 2]),
    ):
        g = grad(lambda s: (s * s.mean()).sum())(column)[0]
        assert g.dtype == float and np.allclose(g, 2 * column.mean())
    g = grad(lambda s: (s * 3).sum())(pd.Series([1, None, 3], dtype="Int64"))[0]
    assert list(g) == [3.0, 0.0, 3.0]  # what is missing is not summed


def test_missing_numbers_are_skipped_as_pandas_does():
    s = pd.Series([1.0, np.nan, 3.0])
    for f in (
        lambda s: s.mean(),
        lambda s: s.std() + s.max(),
        lambda s: s.cumsum().sum(),
        lambda s: (s**2).sum(),
    ):
        value, (g,) = value_and_grad(f)(s)
        assert value == pytest.approx(f(s)) and np.isfinite(g.dropna()).all() and g.iloc[1] == 0
    assert np.isnan(grad(lambda s: s.sum(skipna=False))(s)[0]).sum() == 0
    assert np.isnan(value_and_grad(lambda s: s.sum(min_count=3))(s)[0])


def test_labels_of_several_levels_and_labels_twice():
    index = pd.MultiIndex.from_product([[0, 1], ["a", "b"]])
    g = grad(lambda s: (s.groupby(level=0).sum() ** 2).sum() + s.unstack().prod().sum())(
        pd.Series(X4, index)
    )[0]
    assert g.index.equals(index)
    twice = pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], columns=["u", "u"])
    g = grad(lambda d: (d["u"] ** 2).sum().sum())(twice)[0]
    assert list(g.columns) == ["u", "u"] and np.allclose(g, 2 * twice)
    assert grad(lambda d: 1.0 * len(d))(pd.DataFrame())[0].shape == (0, 0)


X4 = np.array([1.0, 2.0, 3.0, 4.0])


# ---- other transforms ----------------------------------------------------------------------------------------------
def test_containers_of_containers():
    g = grad(lambda p: (p["w"] * p["b"]).sum() + p["d"][0]["u"].sum())({"w": SERIES, "b": 2.0, "d": [FRAME]})[
        0
    ]
    assert g["w"].equals(SERIES * 0 + 2.0) and g["b"] == SERIES.sum() and g["d"][0]["v"].sum() == 0


def test_jacobians_have_the_labels_of_both_sides():
    labels = list("abcd")
    H = hessian(lambda s: (s**3).sum() * s["a"])(SERIES)
    assert list(H.index) == list(H.columns) == labels and np.allclose(H, H.T)
    J = jacobian(lambda s: s.loc[["c", "a"]] ** 2)(SERIES)
    assert list(J.index) == ["c", "a"] and list(J.columns) == labels and J.loc["c", "c"] == 2 * SERIES["c"]
    J = jacobian(lambda x: pd.Series(x**2, index=["p", "q"]))(np.array([1.0, 2.0]))
    assert list(J.index) == ["p", "q"] and list(J.columns) == [0, 1]
    J = jacobian(lambda s: s.to_numpy()[:2] * 3)(SERIES)
    assert list(J.index) == [0, 1] and list(J.columns) == labels


def test_forward_mode_and_pullbacks():
    out, tangent = jvp(lambda s: s**2, (SERIES,), (SERIES,))
    assert out.equals(SERIES**2) and tangent.equals(2 * SERIES * SERIES)
    assert type(out.dtype) is type(np.dtype(float))
    y, pull = vjp(lambda d: d["u"] * d["v"], FRAME)
    assert y.equals(FRAME["u"] * FRAME["v"]) and pull(y)[0]["u"].equals(y * FRAME["v"])
    (value, aux), g = value_and_grad(lambda s: ((s**2).sum(), s * 2), argnums=0, has_aux=True)(SERIES)
    assert aux.equals(SERIES * 2) and type(aux.array.dtype) is type(SERIES.array.dtype)


def test_vmap_maps_over_rows():
    assert np.allclose(vmap(lambda row: row["u"] * row["v"])(FRAME), FRAME["u"] * FRAME["v"])
    assert np.allclose(vmap(lambda v: v * v)(SERIES), SERIES**2)
    rows = np.arange(8.0).reshape(2, 4)
    each = vmap(grad(lambda s, x: (s * x).sum() ** 2, argnums=0), in_axes=(None, 0))(SERIES, rows)
    assert np.allclose(each, 2 * (rows @ SERIES.values)[:, None] * rows)


def test_the_callers_containers_stay_as_they_are():
    def f(s, d):
        s["a"] = s["b"] * 2
        d["new"] = d["u"] * 2
        return (s**2).sum() + d["new"].sum()

    s, d = SERIES.copy(), FRAME.copy()
    grad(f)(s, d)
    assert s.equals(SERIES) and d.equals(FRAME)


def test_value_of_a_container_is_plain():
    seen = []
    grad(lambda s: (seen.append(value_of(s * 2)), s.sum())[1])(SERIES)
    assert seen[0].equals(SERIES * 2) and type(seen[0].values) is np.ndarray
    assert value_of(MIXED) is MIXED


def test_threads_that_meet_pandas_together():
    code = """if True:
        import threading, numpy as np, pandas as pd
        from pycograd import grad
        f = lambda s: (s.values ** 2).sum() + s["a"]
        s, found = pd.Series([1.0, 2.0], index=["a", "b"]), []
        start = threading.Barrier(8)
        def run():
            start.wait()
            found.append(grad(f)(s)[0].tolist())
        threads = [threading.Thread(target=run) for _ in range(8)]
        [t.start() for t in threads], [t.join() for t in threads]
        print(len(found), found[0], all(g == found[0] for g in found))
    """
    out = subprocess.run(
        [sys.executable, *["-P"] * sys.flags.safe_path, "-c", code], capture_output=True, text=True
    )
    assert out.stdout.strip() == "8 [3.0, 4.0] True", out.stderr


def test_text_of_watched_columns_is_that_of_plain_ones():
    texts = []

    def f(s, d):
        texts.append((str(s), str(d), f"{s.iloc[0]:.2f}"))
        return s.sum() + d["u"].sum()

    plain = f(SERIES, FRAME) and texts.pop()
    grad(f)(SERIES, FRAME)
    assert texts[-1][2] == plain[2] and texts[-1][0].split()[1] == "1.2" and "3.0" in texts[-1][1]


# ---- what cannot work ----------------------------------------------------------------------------------------------
RAISING = {
    "windows": (errors.ForeignCodeError, lambda s: s.rolling(2).mean().sum(), "x.to_numpy()"),
    "the largest": (errors.ForeignCodeError, lambda s: s.nlargest(2).sum(), "x.to_numpy()"),
    "skewness": (errors.MissingRuleError, lambda s: s.skew(), "s.to_numpy()"),
    "running extrema": (errors.MissingRuleError, lambda s: s.cummax().sum(), "s.to_numpy()"),
    "interpolation": (errors.MissingRuleError, lambda s: s.interpolate().sum(), "s.to_numpy()"),
    "groups": (errors.MissingRuleError, lambda s: s.groupby([0, 0, 1, 1]).cummax().sum(), "s.to_numpy()"),
    "a store": (
        errors.OutsideStoreError,
        lambda s: store_in(FRAME["u"].copy(), s),
        "d.where(condition, value)",
    ),
}


def store_in(d, s):
    d["r"] = s["a"]
    return d.sum()


@pytest.mark.parametrize("name", RAISING)
def test_what_cannot_work_raises_with_the_line_and_a_way_out(name):
    error, f, way = RAISING[name]
    with pytest.raises(error) as caught:
        grad(f)(SERIES)
    assert "test_pandas.py:" in str(caught.value) and way in str(caught.value)


def test_numbers_in_other_arrays_are_refused_not_dropped():
    with pytest.raises(TypeError, match="an array of another kind: pass np.asarray of it"):
        grad(lambda i: np.sum(i * 2.0))(pd.Index([1.0, 2.0]))
    dates = pd.date_range("2024-01-01", periods=2)
    assert grad(lambda i, x: x * len(i))(dates, 1.0) == (None, 2.0)


def test_pycograd_never_imports_pandas():
    code = (
        "import sys, pycograd, numpy as np; pycograd.grad(lambda x: np.sum(x**2))(np.ones(2)); "
        "print(any(m.split('.')[0] in ('pandas', 'xarray', 'einops') for m in sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, *["-P"] * sys.flags.safe_path, "-c", code], capture_output=True, text=True
    )
    assert out.stdout.strip() == "False", out.stderr


def test_a_function_woven_before_pandas_was_loaded_takes_containers():
    code = """if True:
        import linecache, sys
        import numpy as np
        from pycograd import grad
        source = "def f(s):\\n    return np.sum(s.values ** 2) if hasattr(s, 'values') else np.sum(s ** 2)\\n"
        linecache.cache["early.py"] = len(source), None, source.splitlines(True), "early.py"
        scope = {"np": np, "__name__": "early"}
        exec(compile(source, "early.py", "exec"), scope)
        assert grad(scope["f"])(np.ones(2))[0].sum() == 4 and "pandas" not in sys.modules
        import pandas as pd
        print(grad(scope["f"])(pd.DataFrame({"u": [1.0, 2.0]}))[0]["u"].tolist())
    """
    out = subprocess.run(
        [sys.executable, *["-P"] * sys.flags.safe_path, "-c", code], capture_output=True, text=True
    )
    assert out.stdout.strip() == "[2.0, 4.0]", out.stderr
