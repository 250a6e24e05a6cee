"""Each library's value and gradient of a function whose text is not touched, by the most favourable honest way in.

Libraries with a numpy of their own (HIPS autograd, JAX) get it put in the place of `np`, `math` and scipy in
the globals of the corpus; what they lack falls back to the original. MyGrad meets its tensors through numpy's
protocols, torch compiles the numpy calls into one graph, both with numpy in the place of `math`. A way in is
(case) -> (value, gradients), a gradient (or None) for each number that is watched.
"""

import copy
import math
import types
from importlib import import_module

import numpy as np
from as_it_stands import cases, numerics
from as_it_stands.cases import objective
from as_it_stands.corpus import FIELDS
from as_it_stands.slopes import argnums, map_numbers, watched

PACKAGES = {"ours": "pycograd", "hips": "autograd", "mygrad": "mygrad", "jax": "jax", "torch": "torch"}


def contender(name):
    """The way in of a contender; ModuleNotFoundError if it is not installed."""
    return {"ours": ours, "hips": hips, "mygrad": mygrad, "jax": jax, "torch": torch}[name]()


def ours():
    pycograd = import_module("pycograd")

    def way_in(case):
        run = pycograd.value_and_grad(objective(case), argnums(case))
        return flat(case, run(*copy.deepcopy(case.inputs)))

    return way_in


def hips():
    autograd = import_module("autograd")
    replace(import_module("autograd.numpy"), "autograd.scipy")

    def way_in(case):
        run = autograd.value_and_grad(cases.objective(case), argnums(case))
        return flat(case, run(*copy.deepcopy(case.inputs)))

    return way_in


def jax():
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jax_numpy = import_module("jax.numpy")
    replace(jax_numpy, "jax.scipy")

    def as_jax(x):
        return jax_numpy.asarray(x) if isinstance(x, np.ndarray) and x.dtype != object else x

    def way_in(case):
        inputs = [walk(as_jax, each) for each in copy.deepcopy(case.inputs)]
        return flat(case, jax.value_and_grad(cases.objective(case), argnums(case))(*inputs))

    return way_in


def mygrad():
    mg = import_module("mygrad")
    replace_math()

    def way_in(case):
        tensors, inputs = leaves(case, lambda x: mg.tensor(x, dtype=np.float64))
        out = objective(case)(*inputs)
        if isinstance(out, mg.Tensor):
            out.backward()
        return float(out), [tensor.grad for tensor in tensors]

    return way_in


def torch():
    torch = import_module("torch")
    dynamo = import_module("torch._dynamo")
    dynamo.config.use_numpy_random_stream = True
    replace_math()

    def way_in(case):
        dynamo.reset()
        tensors, inputs = leaves(case, lambda x: torch.tensor(x, dtype=torch.float64, requires_grad=True))
        # the graph is what matters here, not the machine code: tracing alone accepts the most programs
        compiled = torch.compile(torch.compiler.wrap_numpy(objective(case)), fullgraph=True, backend="eager")
        out = compiled(*inputs)
        if isinstance(out, torch.Tensor) and out.requires_grad:
            out.backward()
        return float(out), [None if t.grad is None else t.grad.numpy() for t in tensors]

    return way_in


def leaves(case, make):
    """What `make` makes of each watched number, and the inputs that hold them."""
    made, inputs = [], list(copy.deepcopy(case.inputs))

    def leaf(x):
        made.append(make(x))
        return made[-1]

    for i in argnums(case):
        inputs[i] = map_numbers(leaf, inputs[i])
    return made, inputs


def flat(case, result):
    """(value, gradients) with the gradients in the order of the watched numbers."""
    value, gradients = result
    found = []
    map_numbers(lambda x, g: found.append(g), watched(case), tuple(gradients))
    return float(value), found


def walk(function, tree):
    if isinstance(tree, dict):
        return {key: walk(function, each) for key, each in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(walk(function, each) for each in tree)
    return function(tree)


# ---- another numpy in the place of numpy -------------------------------------------------------------------
class Namespace(types.ModuleType):
    """The first of several modules that has the name."""

    def __init__(self, *modules):
        super().__init__(modules[0].__name__)
        self._modules = modules

    def __getattr__(self, name):
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


MATH_NAMES = {
    "pow": "power",
    "fabs": "abs",
    "fsum": "sum",
    "lgamma": "gammaln",
    "acos": "arccos",
    "asin": "arcsin",
}
MATH_NAMES |= {
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
}


def mathematics(numpy, special):
    """`math` by the functions of another numpy, of a scipy.special where numpy has none, else `math`'s own."""
    out = types.ModuleType("math")
    for name, found in vars(math).items():
        theirs = MATH_NAMES.get(name, name)
        found_there = getattr(numpy, theirs, None) or getattr(special, theirs, None)
        setattr(out, name, (found_there or found) if callable(found) else found)
    return out


def replace(numpy, scipy):
    """Put another numpy, `math` and scipy into the globals of the corpus."""
    special = import_module(scipy + ".special")
    complete, theirs = Namespace(numpy, np), mathematics(numpy, special)

    def substitute(value):
        if value is np:
            return complete
        if value is math:
            return theirs
        if isinstance(value, np.vectorize) and hasattr(numpy, "vectorize"):
            return numpy.vectorize(value.pyfunc)
        home, name = getattr(value, "__module__", None) or "", getattr(value, "__name__", "")
        if getattr(math, name, None) is value:
            return getattr(theirs, name)
        if isinstance(value, types.ModuleType) and name.startswith("scipy."):
            return Namespace(module(name.replace("scipy", scipy, 1)), value)
        if isinstance(value, np.ufunc) or home.startswith("scipy."):
            return getattr(special if name in dir(special) else scipy_module(scipy, home), name, value)
        if home.startswith("numpy."):
            return getattr(module(home.replace("numpy", numpy.__name__, 1)), name, value)
        return value

    in_globals(substitute)


def replace_math():
    """Put numpy in the place of `math` in the globals of the corpus: for who understands only numpy."""
    theirs = mathematics(np, None)

    def substitute(value):
        if value is math:
            return theirs
        name = getattr(value, "__name__", "")
        return getattr(theirs, name) if getattr(math, name, None) is value else value

    in_globals(substitute)


def in_globals(substitute):
    for field in (*FIELDS, numerics, cases):
        for name, value in list(vars(field).items()):
            if name not in ("CASES", "case", "rng") and not name.startswith("__"):
                setattr(field, name, substitute(value))


def scipy_module(scipy, home):
    """Their counterpart of the public scipy module of a function that lives in `home`."""
    return module(".".join([scipy, *[part for part in home.split(".")[1:] if not part.startswith("_")]]))


def module(name):
    """The module of that name, or an empty one."""
    try:
        return import_module(name)
    except ImportError:
        return types.ModuleType(name)
