"""Every function of pycograd.nn that computes has rows in the table of laws."""

from importlib import import_module
from pathlib import Path

import pycograd
from pycograd import nn
from pycograd.core import Primitive

LAWS = Path(__file__).parent.parent / "laws"
FUNCTIONAL = (
    "activations attention convolution dense losses normalization pooling recurrent rwkv sequences streaming"
).split()


def rows():
    return [r for path in LAWS.glob("rows_nn*.py") for r in import_module(f"laws.{path.stem}").ROWS]


def test_every_function_has_a_row():
    tested = {f for row in rows() for f in (row.func, *row.covers)}
    modules = [import_module(f"pycograd.nn.{name}") for name in FUNCTIONAL]
    public = {name: getattr(m, name) for m in modules for name in m.__all__}
    assert not {name for name, f in public.items() if f not in tested}
    assert all(getattr(nn, name) is f and getattr(pycograd, name) is f for name, f in public.items())


def test_every_operation_is_named_apart_from_numpys():
    """A primitive is found again by its name, in a listing and in a pickle."""
    modules = [import_module(f"pycograd.nn.{name}") for name in FUNCTIONAL]
    prims = {id(p): p for m in modules for p in vars(m).values() if isinstance(p, Primitive)}
    assert all(p.name for p in prims.values())
