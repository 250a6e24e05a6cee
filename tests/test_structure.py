"""Counted, noise-free, and held: what ten programs record, keep and copy; what loops; what is undocumented.

A number here that falls is good news: lower it. One that rises needs a reason in the commit.
"""

import ast
import inspect
import math
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import pycograd
from pycograd.core import REGISTRY, Primitive, batch_by_loop
from pycograd.core.node import FIRST_PARENT, INDEX, PRIM, SAVED

PACKAGE = Path(pycograd.__file__).parent

# ---- ten fixed programs -----------------------------------------------------------------------------------

rng = np.random.default_rng(0)
W = rng.normal(size=(16, 8))
X = rng.normal(size=(32, 16))
LABELS = rng.integers(0, 8, 32)


def sums(x):
    for _ in range(50):
        x = x + 1.5
        x = x - X
    return np.sum(x)


def polynomial(x):
    y = 0.0
    for c in (1.0, -2.0, 0.5, 3.0):
        y = y * x + c
    return np.sum(y)


def transcendental(x):
    return np.sum(np.tanh(x) * np.exp(-x * x) + np.log1p(np.exp(x)))


def scalars(a):
    x, v = 0.0, a
    for _ in range(20):
        v = v - 0.1 * math.sin(x) - 0.01 * v * v
        x = x + 0.1 * v
    return x


def cross_entropy(w):
    z = np.maximum(X @ W + w, 0)
    z = z - np.max(z, axis=1, keepdims=True)
    log_p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(32), LABELS])


def slices(u):
    for _ in range(5):
        u = u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def rearranged(x):
    a, b = np.split(x, 2)
    c = np.concatenate([b.T.reshape(16, 16), np.transpose(a).reshape(16, 16)], axis=1)
    return np.sum(np.moveaxis(c, 0, 1)[::2] * 3.0)


def selected(x):
    y = np.where(x > 0, x, 0.1 * x)
    y = np.clip(y, -1.0, 1.0)
    return np.sum(np.sort(y, axis=1)[:, -3:]) + np.max(x)


def contracted(x):
    g = np.einsum("ni,nj->ij", x, x) / 32
    return np.trace(g @ g) + np.linalg.norm(x)


def normalised(x):
    mean, variance = np.mean(x, axis=0), np.var(x, axis=0)
    y = (x - mean) / np.sqrt(variance + 1e-5)
    return np.sum(np.cumsum(y, axis=0) * X)


VECTOR = np.linspace(0.1, 1.0, 64)
# program: (its input, nodes recorded, bytes saved, array copies made)
COUNTS = {
    sums: (X, 101, 0, 1),
    polynomial: (VECTOR, 9, 2048, 0),
    transcendental: (VECTOR, 9, 2560, 0),
    scalars: (0.5, 1, 0, 0),  # floats that depend on one other join their slopes: here all of them
    cross_entropy: (np.linspace(-1, 1, 8), 11, 6656, 0),
    slices: (VECTOR, 47, 432, 0),
    rearranged: (X, 11, 0, 0),
    selected: (X, 9, 8704, 0),
    contracted: (X, 7, 2048, 0),
    normalised: (X, 9, 4224, 0),
}


# ---- counting ---------------------------------------------------------------------------------------------
def tape_of(y):
    """Every node that `y` depends on, leaves left out."""
    found, waiting = {}, [y.node]
    while waiting:
        node = waiting.pop()
        if node[INDEX] not in found:
            found[node[INDEX]] = node
            waiting += node[FIRST_PARENT:]
    return [node for node in found.values() if node[PRIM] is not None]


def arrays_in(saved):
    """The arrays that own the memory of what a node saved."""
    if isinstance(saved, np.ndarray):
        while isinstance(saved.base, np.ndarray):
            saved = saved.base
        yield saved
    elif isinstance(saved, tuple | list):
        for each in saved:
            yield from arrays_in(each)


COPIES = {"array", "astype", "copy", "__copy__", "__deepcopy__", "flatten", "copyto", "ascontiguousarray"}


def copies_during(call):
    """How often numpy is asked for a copy of an array while `call` runs."""
    seen = Counter()

    def profile(frame, event, function):
        if event == "c_call" and function.__name__ in COPIES:
            of = getattr(function, "__self__", None)
            seen[function.__name__] += isinstance(of, np.ndarray) or of is None or inspect.ismodule(of)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before)
    return sum(seen.values())


def counts_of(program, x):
    outputs = []

    def watched(x):
        outputs.append(program(x))
        return outputs[-1]

    gradient = pycograd.value_and_grad(watched, argnums=0)
    for _ in range(20):  # an operation is compiled after its first calls
        gradient(x)
    nodes = tape_of(outputs[-1])
    kept = {id(a): a.nbytes for node in nodes for a in arrays_in(node[SAVED]) if a is not x}
    return len(nodes), sum(kept.values()), copies_during(lambda: gradient(x))


@pytest.mark.parametrize("program", COUNTS, ids=lambda f: f.__name__)
def test_what_a_program_records_keeps_and_copies(program):
    x, *expected = COUNTS[program]
    assert list(counts_of(program, x)) == expected, "nodes recorded, bytes saved, array copies made"


# ---- what loops, what is undocumented ---------------------------------------------------------------------
LOOPING = set()  # operations that may batch by looping over examples, each a debt


def test_no_operation_batches_by_looping():
    primitives = {p for p in REGISTRY.values() if isinstance(p, Primitive)}
    for module in [m for name, m in sys.modules.items() if name.startswith("pycograd.")]:
        primitives |= {p for p in vars(module).values() if isinstance(p, Primitive)}
    assert {p.name for p in primitives if p.batch is batch_by_loop} == LOOPING


def test_every_public_name_is_documented():
    public = {name: getattr(pycograd, name) for name in pycograd.__all__}
    undocumented = [n for n, x in public.items() if callable(x) and not (inspect.getdoc(x) or "").strip()]
    assert not undocumented


def test_every_name_that_a_module_exports_is_documented():
    undocumented = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        exported = [
            n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"
        ]
        names = {c.value for c in ast.walk(exported[0]) if isinstance(c, ast.Constant)} if exported else set()
        if not ast.get_docstring(tree):
            undocumented.append(path.name)
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and node.name in names
                and not ast.get_docstring(node)
            ):
                undocumented.append(f"{path.relative_to(PACKAGE)}:{node.name}")
    assert not undocumented
