"""Everyday functions, as they stand: the value that numpy gives and the gradient that finite differences give.

The corpus is the yardstick, so a case that fails stays, listed in `NOT_YET` with the reason; one that begins
to work makes its entry there fail.
"""

import copy
import re
from pathlib import Path

import pytest

import as_it_stands
import pycograd
from as_it_stands.cases import objective
from as_it_stands.corpus import CASES
from as_it_stands.slopes import argnums, close, numbers, product, reference
from pycograd.core import decisions

pytestmark = [
    pytest.mark.filterwarnings("ignore::pycograd.AutodiffWarning"),
    pytest.mark.filterwarnings("error::pycograd.errors.SearchWarning"),  # only where a part is lost
]

NOT_YET_BY_REASON = {
    "bisection: the root depends on its parameters through comparisons only": """
        finance.merton_default_spread
    """,
}
NOT_YET = {name: reason for reason, names in NOT_YET_BY_REASON.items() for name in names.split()}


def marked(case):
    reason = NOT_YET.get(case.name)
    return pytest.param(case, id=case.name, marks=[pytest.mark.xfail(reason=reason)] if reason else [])


def agrees(case, value, gradients):
    """Whether value and gradient are those of plain numpy and of finite differences."""
    known, directions, slopes = reference(case)
    return close(value, known, 0.0, rtol=1e-12) and all(
        close(product(numbers(gradients), direction), slope, 1e-3 * abs(known), rtol=1e-6)
        for direction, slope in zip(directions, slopes)
    )


def value_and_gradient(case):
    return pycograd.value_and_grad(objective(case), argnums(case))(*copy.deepcopy(case.inputs))


@pytest.mark.parametrize("case", [marked(case) for case in CASES])
def test_value_and_gradient(case):
    assert agrees(case, *value_and_gradient(case))


@pytest.mark.parametrize("case", [case for case in CASES if case.name in NOT_YET], ids=str)
def test_what_is_not_right_says_so(case):
    decisions.looked.clear()
    with pytest.warns(pycograd.errors.SearchWarning, match="is lost in a search by comparisons"):
        value_and_gradient(case)


@pytest.fixture(scope="module")
def protocols_alone():
    """Our own package left alone: its functions run through numpy's protocols."""
    pycograd.unweave(as_it_stands)
    yield
    pycograd.weave(as_it_stands)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_through_the_protocols_alone_it_is_right_or_raises(case, protocols_alone):
    try:
        found = value_and_gradient(case)
    except (TypeError, ValueError, NotImplementedError):
        return
    assert agrees(case, *found)


def test_the_scoreboard_of_the_readme_counts_what_these_tests_count():
    readme = Path(__file__).parents[2] / "README.md"
    board = readme.read_text().partition("<!-- scoreboard")[2].partition("<!-- end of scoreboard -->")[0]
    title, head, _, *rows = [line for line in board.splitlines()[1:] if line]
    assert re.fullmatch(r"As it stands, \d{4}-\d\d-\d\d, Python 3\.\d+\.\d+, numpy \S+:", title)
    first, *outcomes = [cell.strip() for cell in head.strip("|").split("|")]
    assert first == f"of {len(CASES)} functions"
    counts = {}
    for row in rows:
        name, *numbers = [cell.strip() for cell in row.strip("|").split("|")]
        counts[name.split()[0]] = dict(zip(outcomes, map(int, numbers), strict=True))
        assert sum(map(int, numbers)) == len(CASES) and len(name.split()) == 2
    assert set(counts) == {"pycograd", "autograd", "mygrad", "jax", "torch"}
    ours = counts["pycograd"]
    assert ours["right"] == len(CASES) - len(NOT_YET) and ours["warned"] == len(NOT_YET)


def test_the_corpus_is_large_and_its_names_are_unique():
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 110
    assert set(NOT_YET) <= set(names)
    assert sum(bool(case.source) for case in CASES) >= len(CASES) / 2
