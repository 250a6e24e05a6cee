"""A bar that tells how far a run is: in a terminal and in a notebook, and nowhere else unless asked for."""

import sys
import warnings
from importlib.util import find_spec
from typing import Any

from pycograd.core.lazy import optional

__all__ = ["Silent", "bar_of"]


class Silent:
    """A bar that nobody sees."""

    def update(self) -> None:
        """One round is done."""

    def set_postfix(self, **said: Any) -> None:
        """What to show beside the bar."""

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *error: Any) -> None:
        pass


def bar_of(total: int, done: int, unit: str, progress: bool | None) -> Any:
    """A bar for `total` rounds of which `done` are done.

    progress  True: a bar, for which tqdm is needed; False: none; None: one if somebody looks and tqdm is there
    """
    if progress is None:
        progress = somebody_looks() and find_spec("tqdm") is not None
    if not progress:
        return Silent()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tqdm's, on notebooks without widgets
        tqdm = optional("tqdm.auto", "progress").tqdm
    beside_what_is_printed = {"file": sys.stdout} if in_notebook() else {}  # a notebook shows stderr in red
    return tqdm(total=total, initial=done, unit=unit, **beside_what_is_printed)


def somebody_looks() -> bool:
    """Whether this runs in a terminal or in a notebook."""
    return in_notebook() or (sys.stderr is not None and sys.stderr.isatty())


def in_notebook() -> bool:
    """Whether this runs in a kernel of Jupyter's."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None
