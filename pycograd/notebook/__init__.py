"""The notation of notebooks: `params{...}` and `|>`, lowered to plain Python when a cell is compiled.

    x |> f |> g                 g(f(x)), from left to right
    x |> f($, y) |> $v * $v     a hole is where the value goes; each `$` is another one, `$v` always the same
    $ |> f |> g                 a function; `$a * $b |> f` has two arguments
    |> x |> f                   a function without arguments
    (3, 4) *|> $ + $            the elements of a tuple
    x |> np.tanh ** 2           an operation on a function, `f .** 3` and `f .** g` too
    params{ w = 1.0; b = w }    parameters, `with params{...} as weights:` gives them their names

`lower(text)` is the whole of it; `%load_ext pycograd` makes IPython use it, `python -m pycograd script.py` runs a
script, `enable_imports()` is for modules.
"""

from .extension import load_ipython_extension as load_ipython_extension
from .extension import offer as offer
from .extension import unload_ipython_extension as unload_ipython_extension
from .files import enable_imports as enable_imports
from .lowering import lower as lower
from .stages import apply as apply
from .stages import block as block
from .stages import compose as compose
