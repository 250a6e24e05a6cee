"""Functions of libraries that are handed functions of the user and call them later: they are handed woven ones.

Where a library is not loaded before the user loads it, its functions are known by name.
"""

from collections.abc import Callable
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from pycograd.core import REGISTRY

from .kinds import TAKE_NAMES
from .resolve import resolve_call
from .selection import call_of, is_woven

__all__ = ["hand_on"]

LATER = """
threading.Thread threading.Timer
concurrent.futures.thread.ThreadPoolExecutor.submit concurrent.futures._base.Executor.map
asyncio.threads.to_thread asyncio.base_events.BaseEventLoop.run_in_executor asyncio.base_events.BaseEventLoop.call_soon
asyncio.base_events.BaseEventLoop.call_later asyncio.base_events.BaseEventLoop.call_at
multiprocessing.pool.Pool.map multiprocessing.pool.Pool.starmap multiprocessing.pool.Pool.apply
multiprocessing.pool.Pool.imap multiprocessing.pool.Pool.imap_unordered multiprocessing.pool.Pool.apply_async
contextlib._BaseExitStack.callback contextlib._BaseExitStack.push
"""


def hand_on(function: Any) -> Callable[..., Any]:
    """`function`, given woven functions of the user's in place of theirs."""

    def call(*args: Any, **params: Any) -> Any:
        known = REGISTRY.find(function) or function
        return known(*map(handed, args), **{k: handed(v) for k, v in params.items()})

    return call


def handed(x: Any) -> Any:
    if type(x) is list:
        return [handed(v) for v in x]
    if type(x) is dict:
        return {k: handed(v) for k, v in x.items()}
    if type(x) is FunctionType:
        return resolve_call(x) if is_woven(x) else x
    called = isinstance(x, (MethodType, partial)) or type(call_of(type(x))) is FunctionType
    return resolve_call(x) if called else x


for _name in LATER.split():
    TAKE_NAMES[_name] = hand_on
