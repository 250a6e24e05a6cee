"""What a test chose to weave, itself or by handing a function of a package to a transform, is forgotten after it."""

import pytest

from pycograd.weave import selection


@pytest.fixture(autouse=True)
def choices_are_forgotten():
    before = dict(selection.modules)
    yield
    if selection.modules != before:
        selection.modules.clear()
        selection.modules.update(before)
        for observe in selection.observers:
            observe()
