"""A name that is not defined, and is that of a weight: the error says where the weight is."""

from typing import Any

from pycograd.nn import Param, ParamDict

__all__ = ["tell_of_weights"]


def tell_of_weights(error: Any) -> None:
    """Say of a NameError that the name is of a weight, if there is one in the globals of the code that raised it."""
    name, tb = getattr(error, "name", None), getattr(error, "__traceback__", None)
    if not isinstance(error, NameError) or name is None or tb is None:
        return
    while tb.tb_next is not None:
        tb = tb.tb_next
    owners = [
        owner
        for owner, value in tb.tb_frame.f_globals.items()
        if isinstance(value, ParamDict) and type(value.get(name)) is Param and not owner.startswith("_")
    ]
    if owners and error.args == (f"name {name!r} is not defined",):
        owner = owners[0]
        error.args = (
            f"{error.args[0]}: it is a weight of `{owner}`, and used outside its block\n"
            f"  fix: `with {owner}:` around it; or {owner}[{name!r}], which is good everywhere",
        )
