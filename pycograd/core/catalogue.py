"""The catalogue: a class for everything that can stand between a user's function and its gradient.

Each docstring says when it is raised, and the fix; each message names the user's line.  `pycograd.errors` is the public
door, and the index of codes is made from here.
"""

import pickle

from .errors import AutodiffWarning, Coded, MissingRuleError, ShapeError

__all__ = [
    "BranchError",
    "DifferencesWarning",
    "ForeignCodeError",
    "GradsError",
    "HiddenWeightWarning",
    "IntegerStoreError",
    "KinkWarning",
    "LambdaPickleError",
    "LossError",
    "LostGradientError",
    "MutatedError",
    "NonFiniteError",
    "OtherWeightsWarning",
    "OutputError",
    "OutsideBlockError",
    "OutsideStoreError",
    "PromotionWarning",
    "RuleShapeError",
    "SearchWarning",
    "StaleValueError",
    "UnsolvedWarning",
    "UnusedArgumentWarning",
    "UnwovenWarning",
    "ZeroGradientWarning",
]


# ---- errors --------------------------------------------------------------------------------------------------------
class IntegerStoreError(Coded, TypeError):
    """A watched float was stored in an array of integers, which would cut off its fraction and lose its gradient.

    Make the array a floating one: `np.zeros(n)` instead of `np.zeros(n, int)`.
    """

    code = "PG101"


class OutsideStoreError(Coded, TypeError):
    """A watched value was stored in an array that was made outside the function.

    Make the array inside the function, or store in a copy that takes it: `a = pycograd.track(a)`.
    """

    code = "PG102"


class ForeignCodeError(MissingRuleError, TypeError):
    """A watched value was passed to compiled code, or to a library that takes the plain numbers out of it.

    If it is Python, differentiate through it, `pycograd.weave(package)`.  Otherwise tell its derivative,
    `f = pycograd.blackbox(f, jac=...)`, or take differences, `jac="3-point"`.
    """

    code = "PG104"


class LostGradientError(Coded, TypeError):
    """A watched value was converted to plain numbers where that cannot be seen: its gradient would be lost.

    In woven code `float(x)` and `np.asarray(x)` stay watched.  For the numbers, use `pycograd.value_of(x)`.
    """

    code = "PG105"


class NonFiniteError(Coded, FloatingPointError):
    """Within `debug()`: the first NaN or infinity, of the forward or of the backward pass.

    The message names the forward line, the operation, the element and its input.  Keep the operand away from the
    singularity: `np.sqrt(x + eps)`, or `np.where(x > 0, x, 1.0)` inside the operation as well as outside.
    """

    code = "PG106"


class OutputError(Coded, TypeError):
    """`grad` of a function that does not return a single real scalar.

    Sum the output with `np.sum`; or use `jacobian` for all derivatives, `egrad` for those element by element.
    """

    code = "PG107"


class GradsError(Coded, TypeError):
    """The tuple of gradients that `grad(f)(x)` returns, used as if it were the gradient itself.

    Unpack it, `(g,) = grad(f)(x)`, or ask for one, `grad(f, argnums=0)`: so too for scipy's `jac=`.
    """

    code = "PG108"


class MutatedError(Coded, RuntimeError):
    """An array that the tape saved was written to before the backward pass read it, so the gradient would be wrong.

    Write into a copy: `x = x.copy()` before the write.  In woven code the gradient is of what was there, and this is
    raised only for an argument that is written under another name, and once 256 MiB are kept; what other code writes
    is found within `debug()`, by checksums.
    """

    code = "PG109"
    index = 0  # of the node that saved the array


class StaleValueError(Coded, TypeError):
    """A watched value of an earlier call was kept (in a global, an attribute, a cache) and used again.

    Keep plain numbers: `cache = pycograd.value_of(x)`.
    """

    code = "PG110"


class RuleShapeError(ShapeError):
    """A rule of the user's own returned a cotangent or tangent of another shape than it must have.

    Sum it over what was broadcast, or reshape it: the message names the rule, the argument and both shapes.
    """

    code = "PG111"


class BranchError(Coded, TypeError):
    """A Python branch on a value that has no single truth: one under `vmap`, or one that is being captured.

    Compute both sides and select: `np.where(condition, a, b)`.
    """

    code = "PG112"


class LambdaPickleError(Coded, pickle.PicklingError):
    """The gradient of a lambda, or of a function defined inside another, was pickled: pickle finds functions by name.

    Give the function a name at the top of a module with `def`, or pickle with `cloudpickle`.
    """

    code = "PG113"


class OutsideBlockError(Coded, RuntimeError):
    """The name of a weight, which `with weights:` made, was used after the block or in a thread that is not in it.

    Enter the block where the name is used, in that thread too; `weights["w"]` is good everywhere.
    """

    code = "PG116"


class LossError(Coded, FloatingPointError):
    """The loss of a step of training is nan or infinite; the message names the step.

    Take smaller steps, or clip the gradients: `clip_grad_norm`.  `with pycograd.debug():` names the operation.
    """

    code = "PG117"


# ---- warnings ------------------------------------------------------------------------------------------------------
class ZeroGradientWarning(AutodiffWarning):
    """A gradient is exactly zero because the only way to the output goes through `int`, `round`, `argmax`, a
    comparison or another function without a slope.

    Use a smooth function in its place, or `pycograd.stop_gradient` if zero is meant.
    """

    code = "PG201"


class UnusedArgumentWarning(AutodiffWarning):
    """An argument that is differentiated is not used in computing the output, so that its gradient is zeros.

    Leave it out of `argnums`.
    """

    code = "PG202"


class KinkWarning(AutodiffWarning):
    """`norm`, `sqrt`, `std`, `abs` ... at a kink, where there is no one slope: the message says which was taken.

    If another is meant, select it with `np.where`, or move away from the kink by a small constant.
    """

    code = "PG203"


class UnwovenWarning(AutodiffWarning):
    """A function whose source cannot be found runs as it is: its numpy calls are differentiated, but `math.*`,
    `float()` and `np.array([x, y])` of watched values raise.

    Put the function in a file.
    """

    code = "PG204"


class DifferencesWarning(AutodiffWarning):
    """`on_missing="fd"` took finite differences of an operation without a rule; the message counts its evaluations.

    Give the operation a rule: `pycograd.blackbox(f, jac=...)`, or `@pycograd.custom_vjp`.
    """

    code = "PG205"


class PromotionWarning(AutodiffWarning):
    """Within `debug()`: an operation made a wider dtype than its watched operand has.

    Convert the other operand: `np.float32(c)`, or `a.astype(np.float32)`.
    """

    code = "PG206"


class OtherWeightsWarning(AutodiffWarning):
    """An objective uses a weight of another block than the one whose gradient is taken: it is a constant there.

    Join the blocks, `params(a=a, b=b)`; if a constant is meant, enter `with frozen(other):` in place of `with other:`.
    """

    code = "PG207"


class HiddenWeightWarning(AutodiffWarning):
    """A global of the objective's module has the name of a weight and hides it, whose gradient is zero therefore.

    Use `weights["w"]` in the objective, or give one of the two another name.
    """

    code = "PG208"


class UnsolvedWarning(AutodiffWarning):
    """A solver (`scipy.optimize.root`, `minimize` ...) stopped at a point that is far from satisfying its equation, of
    which the derivative is taken.

    Give it smaller tolerances, more iterations, or a better start.
    """

    code = "PG209"


class SearchWarning(AutodiffWarning):
    """A loop finds a number by comparisons alone, as bisection and golden sections do: the number depends on what is
    differentiated, but no gradient passes a comparison, and finite differences say that a part is missing.

    Use a function that has a rule: `scipy.optimize.brentq(f, a, b)`, or `minimize_scalar`.
    """

    code = "PG210"
