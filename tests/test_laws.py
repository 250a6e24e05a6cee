"""Every operation obeys every law: one test for each row of the table (laws/rows_*.py) and each law about it."""

import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from laws.case import Case
from laws.harness import LAWS
from laws.libraries import by_jax, by_torch
from laws.sweep import INHERITS, SWEEP

from pycograd.core import REGISTRY


def table():
    """All rows, and the files that cannot be imported: tests of their own, so that one does not stop the others."""
    rows, broken = [], {}
    for path in sorted((Path(__file__).parent / "laws").glob("rows_*.py")):
        try:
            rows += import_module(f"laws.{path.stem}").ROWS
        except Exception as error:
            broken[path.name] = error
    return rows, broken


def cases(rows):
    """(row, its case or the error that numpy itself raised for it)."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        for row in rows:
            try:
                yield row, Case(row)
            except Exception as error:
                yield row, error


ROWS, BROKEN = table()
CASES = list(cases(ROWS))
FAULTY = {row.name: case for row, case in CASES if isinstance(case, Exception)}


def pairs(laws):
    """A test for each law and each row that it concerns; a row that is exempt must fail it, or lose its exemption."""
    for name, (law, concerns) in laws.items():
        for row, case in CASES:
            if isinstance(case, Case) and concerns(case):
                yield pytest.param(law, case, marks=exemption(row, name), id=f"{name}-{row.name}")


def exemption(row, law):
    """The mark of a law that `row` is exempt from; one of the sweep may hold all the same, in part."""
    if law in row.exempt:
        return [pytest.mark.xfail(reason=row.exempt[law])]
    reasons = [row.exempt[name] for name in INHERITS.get(law, ()) if name in row.exempt]
    return [pytest.mark.xfail(reason=reasons[0], strict=False)] if reasons else []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("law", "case"), list(pairs(LAWS)))
def test_law(law, case):
    with np.errstate(all="ignore"):
        law(case)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("law", "case"), list(pairs(SWEEP)))
def test_law_in_full(law, case):
    with np.errstate(all="ignore"):
        law(case)


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "witness", "enough"), [("jax", by_jax, 300), ("torch", by_torch, 150)])
def test_other_libraries_find_the_same_gradients(library, witness, enough):
    module = pytest.importorskip(library)
    if library == "jax":
        import_module("jax.scipy.special")
    asked, differing = 0, []
    for row, case in CASES:
        if isinstance(case, Case) and case.xs and case.ys and not row.exempt.get("reverse"):
            with np.errstate(all="ignore"):
                theirs = witness(case, module)
                if theirs is None or not all(np.isfinite(g).all() for g in theirs):
                    continue
                ours = case.gradient(*case.xs, *case.gs)
            asked += 1
            if not all(np.allclose(a, b, rtol=1e-7, atol=1e-7) for a, b in zip(ours, theirs, strict=True)):
                differing.append((row.name, ours, theirs))
    print(f"{library} was asked about {asked} rows")
    differing = [d for d in differing if d[0].split(":")[0] not in ELSEWHERE[library]]
    assert not differing, "\n".join(
        f"{name}: ours {ours}, theirs {theirs}" for name, ours, theirs in differing
    )
    assert asked >= enough


UNIQUE = ["unique", "unique_all", "unique_counts", "unique_inverse", "unique_values", "union1d"]
# Where a library is known to differ from finite differences.
ELSEWHERE = {
    "jax": dict.fromkeys(UNIQUE, "no gradient"),
    "torch": {"det": "zero at a singular matrix"},
}


# ---- the table itself ------------------------------------------------------------------------------------
@pytest.mark.parametrize("file", list(BROKEN) or ["none"])
def test_the_rows_can_be_imported(file):
    if file in BROKEN:
        raise BROKEN[file]


@pytest.mark.parametrize("name", list(FAULTY) or ["none"])
def test_numpy_itself_can_run_the_row(name):
    if name in FAULTY:
        if isinstance(FAULTY[name], TypeError) and np.lib.NumpyVersion(np.__version__) < "2.1.0":
            pytest.skip("numpy 2.0 does not have this keyword")
        raise FAULTY[name]


def test_an_exemption_names_a_law_and_gives_a_reason():
    for row in ROWS:
        assert set(row.exempt) <= {*LAWS, *SWEEP}, row.name
        assert all(len(reason.split()) > 3 for reason in row.exempt.values()), row.name


def asks_only(ours):
    """Whether a registered function only asks about a value (its answer is plain), or belongs to the weaver."""
    module = getattr(ours, "__module__", "")
    about = getattr(ours, "__qualname__", "").startswith("about.")
    return about or module == "pycograd.ops.queries" or module.startswith("pycograd.weave")


def is_public(func):
    """Whether users call `func` by its name: not what stands behind another function, which has a row."""
    return not isinstance(func, np.vectorize) and not getattr(func, "__name__", "").startswith("_")


def is_of_scipys_text(func):
    """Whether `func` is what the text of scipy is written with: tests/test_scipy_texts.py."""
    return "array_api_extra" in (getattr(func, "__module__", None) or "")


def is_labelled(func):
    """Whether `func` belongs to a container with labels, whose tests are tests/third_party."""
    return (getattr(func, "__module__", None) or "").startswith(("pandas", "xarray"))


def is_of_a_distribution(func):
    """Whether `func` is the method of a frozen distribution, which hands on to the distribution's, that has rows."""
    return "frozen" in getattr(func, "__qualname__", "")


def refuses(func):
    """Whether `func` raises for every watched value: tests/test_random_draws.py."""
    return REGISTRY[func].__qualname__.startswith("without_path.")


def test_every_operation_has_a_row():
    tested = {f for row in ROWS for f in (row.func, *row.covers) if not isinstance(f, str)}
    ours = {id(REGISTRY[f]) for f in tested if REGISTRY.find(f)}
    untested = [f for f, g in REGISTRY.items() if f not in tested and id(g) not in ours]
    untested = [f for f in untested if is_public(f) and not asks_only(REGISTRY[f])]
    others = (is_labelled, is_of_a_distribution, is_of_scipys_text, refuses)
    untested = [f for f in untested if not any(other(f) for other in others)]
    names = sorted(f"{getattr(f, '__module__', '')}.{getattr(f, '__name__', f)}" for f in untested)
    assert not names, f"{len(names)} operations without a row: {names}"
