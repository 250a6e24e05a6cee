"""`ParamDict`, parameters by name: a dict, a node of trees, and the block `with weights:` that names them."""

import keyword
from collections.abc import Mapping
from typing import Any

import numpy as np

from pycograd.core import Traced, peeled, register, told, tree_flatten, tree_leaves
from pycograd.transforms import sgd_update
from pycograd.transforms.edge import at_the_edge

from .ambient import caller, enter, leave
from .objective import value_and_gradient
from .optimizers import optimizer_of
from .parameters import Param, is_numeric
from .saving import load, save

__all__ = ["ParamDict"]


class ParamDict(dict[str, Any]):
    """Parameters by name, as `params` makes it: a dict whose items are attributes too.

    `with weights:` makes the names of its parameters globals of the caller, as long as the block lasts.  Gradients
    come as a `ParamDict` of bare arrays.

    >>> from pycograd import params
    >>> weights = params(w=np.array([1.0, 2.0]), bias=0.0)
    >>> with weights:
    ...     value, grads = weights.grad(lambda: np.sum(w ** 2) + bias)
    >>> print(value, grads.w, grads.bias)
    5.0 [2. 4.] 1.0
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            known = ", ".join(map(str, self))
            raise AttributeError(f"no parameter {name!r} here; there are {known or 'none'}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        elif hasattr(type(self), name):
            raise AttributeError(
                told(
                    f"{name!r} is a method of ParamDict, and would hide a parameter of that name",
                    fix=f"weights[{name!r}] = value, and weights[{name!r}] to read it",
                )
            )
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        if name.startswith("_"):
            super().__delattr__(name)
        elif name not in self:
            raise AttributeError(name)
        else:
            del self[name]

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set an item; numbers in the place of a parameter become its value, as a new parameter with its flags."""
        have = self.get(key)
        if type(have) is Param and type(value) is not Param and is_numeric(value):
            flags = have.trainable, have.mutable, have.tie, have.device
            value = Param(value, *flags)
        super().__setitem__(key, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *[k for k in self if isinstance(k, str) and k.isidentifier()]})

    def __repr__(self) -> str:
        return f"ParamDict({', '.join([f'{k}={v!r}' for k, v in self.items()])})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows: a line for each parameter, if they do not fit into one."""
        with printer.group(2, "ParamDict(", ")"):
            for i, (key, value) in enumerate(self.items()):
                if i:
                    printer.text(",")
                printer.breakable("" if not i else " ")
                printer.text(f"{key}=")
                with printer.group(len(f"{key}=")):
                    printer.pretty(value)

    def copy(self) -> "ParamDict":
        """The same parameters under the same names, as another dict."""
        return ParamDict(self)

    def __or__(self, other: Any) -> Any:
        return ParamDict({**self, **other}) if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Any) -> Any:
        return ParamDict({**other, **self}) if isinstance(other, Mapping) else NotImplemented

    # ---- the block -------------------------------------------------------------------------------------------------
    def _names(self) -> list[str]:
        """The names that a block makes globals: of parameters at the top, if Python can spell them."""
        return [
            k for k, v in self.items() if type(v) is Param and isinstance(k, str) and k.isidentifier()
            and not keyword.iskeyword(k)
        ]  # fmt: skip

    @at_the_edge
    def __enter__(self) -> "ParamDict":
        enter(self, self._names(), caller().f_globals)
        return self

    def __exit__(self, *error: Any) -> None:
        leave(self, caller().f_globals)

    # ---- training --------------------------------------------------------------------------------------------------
    @at_the_edge
    def grad(
        self,
        objective: Any,
        *args: Any,
        backend: Any = None,
        dtype: Any = None,
        jit: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, "ParamDict"]:
        """The value of `objective(*args, **kwargs)`, and its gradient in these parameters.

        objective  a function to one real number that reaches the parameters by name, or as items of this dict
        dtype      compute with the parameters in this dtype; gradients keep the parameters' own
        The gradients are a ParamDict of bare arrays: zeros for a parameter that is not used, None for one that is not
        trained and for what is no parameter.  Outside a block the free names are made globals of the objective's
        module while it runs.
        Raises NotImplementedError for `jit=True`, and for another `backend` than numpy.

        >>> from pycograd import frozen, params
        >>> weights = params(w=3.0, scale=frozen(2.0))
        >>> weights.grad(lambda x: weights.scale * weights.w * x, 5.0)
        (np.float64(30.0), ParamDict(w=array(10.), scale=None))
        """
        return value_and_gradient(self, objective, args, kwargs, backend=backend, dtype=dtype, jit=jit)

    @at_the_edge
    def step(self, grads: Any, how: Any) -> None:
        """Take one step, in place, along `grads` as `grad` returns them, or a dict with the same names.

        how  an optimizer, or the learning rate of plain gradient descent
        Raises ValueError if the gradients have another structure; TypeError inside a transform.

        >>> from pycograd import params
        >>> weights = params(w=1.0)
        >>> weights.step(ParamDict(w=np.array(0.5)), 0.1)
        >>> weights.w
        Param(array(0.95))
        """
        grads = by_names(grads)
        if any(isinstance(g, Traced) for g in tree_leaves(grads)):
            raise TypeError(
                told(
                    "weights.step inside a transform: it would put watched values into the parameters",
                    fix="new = pycograd.sgd_update(weights, grads, lr), which changes nothing",
                )
            )
        if callable(how) and not hasattr(how, "step"):
            raise TypeError(
                told(
                    "weights.step does not count its steps, and a schedule asks which one this is",
                    fix="opt = SGD(schedule) once, and weights.step(grads, opt)",
                )
            )
        bare = isinstance(how, float | int) and not isinstance(how, bool)
        self._take(
            sgd_update(self, grads, how) if bare else optimizer_of("weights.step", how).step(self, grads)
        )

    def _take(self, new: Any) -> None:
        """Take over the values of parameters of the same structure; tied ones that are one array stay one."""
        shared: dict[Any, Any] = {}
        for p, q in zip(tree_flatten(self, whole=True)[0], tree_flatten(new, whole=True)[0], strict=True):
            if type(p) is Param:
                p.value = q.now() if p.tie is None else shared.setdefault((p.tie, id(p.now())), q.now())

    @at_the_edge
    def update_buffers(self, values: Any) -> None:
        """Replace the values of mutable buffers: `{name: value}`, nested as the parameters are.

        A watched value, inside an objective, leaves its plain numbers: buffers are constants.
        Raises ValueError for what is not a mutable buffer, and for another shape.

        >>> from pycograd import buffer, params
        >>> weights = params(mean=buffer(0.0))
        >>> weights.update_buffers({"mean": 0.5})
        >>> weights.mean
        Param(array(0.5), trainable=False, mutable=True)
        """
        for p, value in [found for key, v in values.items() for found in buffers(self, key, v, ())]:
            p.value = value

    @at_the_edge
    def save(self, path: Any, optimizer: Any = None) -> None:
        """Save all parameters in one file, with what `optimizer` remembers: safetensors, or npz if `path` ends so.

        The file is replaced in one piece or not at all, and holds no code.
        Raises ValueError if two parameters have one path, `a.b`.
        """
        save(path, self, optimizer)

    @at_the_edge
    def load(self, path: Any, optimizer: Any = None) -> None:
        """Put what `save` wrote back, in place, and into `optimizer`.  A parameter keeps its dtype.

        Raises ValueError, and changes nothing, if names or shapes differ (all are named), if the optimizer is of
        another kind, or if the file is not one that `save` wrote.

        >>> import tempfile
        >>> from pycograd import params
        >>> weights = params(w=1.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     weights.save(f"{folder}/model.safetensors")
        ...     weights.w = 2.0
        ...     weights.load(f"{folder}/model.safetensors")
        >>> weights.w
        Param(array(1.))
        """
        load(path, self, optimizer)

    def to_torch_module(self, forward: Any, *, dtype: Any = None) -> Any:
        """Not there yet: these parameters as a module of torch whose `forward` is this function."""
        raise NotImplementedError("to_torch_module is not there yet: it comes with the lowering to torch")


def buffers(owner: Any, key: Any, value: Any, path: tuple[Any, ...]) -> list[tuple[Param, Any]]:
    """The buffers that `{key: value}` means in `owner`, with their new values."""
    at = ".".join(map(str, (*path, key)))
    if not isinstance(owner, dict) or key not in owner:
        raise not_a_buffer(at, "there is nothing of that name")
    p = owner[key]
    if isinstance(value, dict):
        return [found for k, v in value.items() for found in buffers(p, k, v, (*path, key))]
    if type(p) is not Param or not p.mutable:
        raise not_a_buffer(at, f"it is {p!r}" if type(p) is Param else f"it is a {type(p).__name__}")
    plain = peeled(value)
    if isinstance(plain, Traced):
        raise TypeError(
            told(
                f"update_buffers: the new value of {at!r} is {plain.unanswerable}",
                fix="return it from the function, and update the buffer with one value outside",
            )
        )
    have, new = np.shape(p.now()), np.asarray(plain)
    if new.shape != have:
        raise ValueError(f"update_buffers: {at!r} has shape {have}, its new value {new.shape}")
    return [(p, new.astype(p.own().dtype))]


def not_a_buffer(at: str, why: str) -> ValueError:
    return ValueError(
        told(
            f"update_buffers: {at!r} is not a mutable buffer: {why}", fix=f"declare it so: {at}=buffer(value)"
        )
    )


# ---- a node of trees -----------------------------------------------------------------------------------------------
class Keys(tuple[Any, ...]):
    """Sorted keys, equal whatever order they were inserted in, which is kept."""

    inserted: tuple[Any, ...]


def in_order(keys: Any) -> list[Any]:
    try:
        return sorted(keys)
    except TypeError:
        return list(keys)


def flattened(node: ParamDict) -> tuple[list[Any], Keys, tuple[Any, ...]]:
    keys = Keys(in_order(node))
    keys.inserted = tuple(node)
    return [node[k] for k in keys], keys, tuple(keys)


def unflattened(keys: Keys, children: Any) -> ParamDict:
    items = dict(zip(keys, children, strict=True))
    return ParamDict({k: items[k] for k in keys.inserted})


register(ParamDict, flattened, unflattened)


def by_names(grads: Any) -> Any:
    """`grads`, as the kind of dict that parameters are in if they are a plain one, as a comprehension makes it."""
    return ParamDict({k: by_names(g) for k, g in grads.items()}) if type(grads) is dict else grads
