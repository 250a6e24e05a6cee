"""How tests run a text in the notation: lowered, compiled and executed, as a cell is."""

import itertools

import numpy as np

from pycograd.notebook.sources import compiled

numbers = itertools.count()


def variables(text, **names):
    """The variables after `text` has run as a cell of its own."""
    found = {"np": np, "__name__": "cells", **names}
    exec(compiled(text, f"<cell {next(numbers)}>"), found)
    return found


def value(expression, **names):
    """The value of one expression in the notation."""
    return variables(f"result = ({expression})", **names)["result"]
