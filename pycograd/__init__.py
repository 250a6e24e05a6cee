"""pycograd differentiates the Python you already have: ordinary numpy functions, as they stand.

>>> import numpy as np
>>> from pycograd import value_and_grad
>>> def loss(w):
...     return np.sum(np.tanh(w) ** 2)
>>> value, (g,) = value_and_grad(loss)(np.zeros(3))
"""

from typing import Any

from . import errors as errors
from . import nn as nn
from . import notebook as notebook
from . import ops as ops
from . import random as random
from . import scipy as scipy
from . import solvers as solvers
from .core import AutodiffWarning as AutodiffWarning
from .core import GradientMismatch as GradientMismatch
from .core import MissingRuleError as MissingRuleError
from .core import ShapeError as ShapeError
from .core import VarByHand as Var  # noqa: F401, public
from .core import current_dtype as current_dtype
from .core import dtype as dtype
from .core import resolve_dtype as resolve_dtype
from .core import tree_flatten as tree_flatten
from .core import tree_leaves as tree_leaves
from .core import tree_map as tree_map
from .core import tree_structure as tree_structure
from .core import tree_unflatten as tree_unflatten
from .core import value_of as value_of
from .debug import check_grads as check_grads
from .debug import debug as debug
from .debug import explain as explain
from .debug import hook as hook
from .debug import print_saved as print_saved
from .debug import watch as watch
from .debug import why_zero as why_zero
from .graph import ShapeDtypeStruct as ShapeDtypeStruct
from .graph import eval_shape as eval_shape
from .graph import infer_shapes as infer_shapes
from .graph import summary as summary
from .nn import LBFGS as LBFGS
from .nn import SGD as SGD
from .nn import Adam as Adam
from .nn import AdamW as AdamW
from .nn import DataLoader as DataLoader
from .nn import EarlyStop as EarlyStop
from .nn import Lion as Lion
from .nn import Momentum as Momentum
from .nn import Optimizer as Optimizer
from .nn import Param as Param
from .nn import ParamDict as ParamDict
from .nn import RMSProp as RMSProp
from .nn import Weight as Weight
from .nn import accuracy as accuracy
from .nn import avg_pool2d as avg_pool2d
from .nn import batch_norm as batch_norm
from .nn import batch_norm_init as batch_norm_init
from .nn import batches as batches
from .nn import buffer as buffer
from .nn import causal_conv1d as causal_conv1d
from .nn import clip_grad_norm as clip_grad_norm
from .nn import clip_per_sample as clip_per_sample
from .nn import constant_lr as constant_lr
from .nn import conv1d as conv1d
from .nn import conv2d as conv2d
from .nn import conv_transpose1d as conv_transpose1d
from .nn import conv_transpose2d as conv_transpose2d
from .nn import cosine_decay as cosine_decay
from .nn import cross_entropy as cross_entropy
from .nn import dp_sgd_step as dp_sgd_step
from .nn import dropout as dropout
from .nn import elu as elu
from .nn import embedding as embedding
from .nn import fit as fit
from .nn import frozen as frozen
from .nn import gated_act as gated_act
from .nn import gelu as gelu
from .nn import group_norm as group_norm
from .nn import gru as gru
from .nn import gru_cell as gru_cell
from .nn import hardsigmoid as hardsigmoid
from .nn import hardswish as hardswish
from .nn import instance_norm as instance_norm
from .nn import layer_norm as layer_norm
from .nn import leaky_relu as leaky_relu
from .nn import linear as linear
from .nn import log_softmax as log_softmax
from .nn import logsumexp as logsumexp
from .nn import lstm as lstm
from .nn import lstm_cell as lstm_cell
from .nn import max_pool2d as max_pool2d
from .nn import mish as mish
from .nn import multi_head_attention as multi_head_attention
from .nn import on_cpu as on_cpu
from .nn import on_device as on_device
from .nn import one_hot as one_hot
from .nn import param_values as param_values
from .nn import params as params
from .nn import private_gradient as private_gradient
from .nn import relu as relu
from .nn import rms_norm as rms_norm
from .nn import rnn as rnn
from .nn import rnn_cell as rnn_cell
from .nn import rwkv_channel_mixing as rwkv_channel_mixing
from .nn import rwkv_time_mixing as rwkv_time_mixing
from .nn import rwkv_time_mixing_step as rwkv_time_mixing_step
from .nn import scaled_dot_product_attention as scaled_dot_product_attention
from .nn import selu as selu
from .nn import sigmoid as sigmoid
from .nn import silu as silu
from .nn import softmax as softmax
from .nn import softplus as softplus
from .nn import softsign as softsign
from .nn import step_decay as step_decay
from .nn import streaming_conv1d as streaming_conv1d
from .nn import streaming_conv1d_init as streaming_conv1d_init
from .nn import streaming_conv2d as streaming_conv2d
from .nn import streaming_conv2d_init as streaming_conv2d_init
from .nn import streaming_conv_transpose1d as streaming_conv_transpose1d
from .nn import streaming_conv_transpose1d_init as streaming_conv_transpose1d_init
from .nn import streaming_conv_transpose2d as streaming_conv_transpose2d
from .nn import streaming_conv_transpose2d_init as streaming_conv_transpose2d_init
from .nn import swish as swish
from .nn import tanh as tanh
from .nn import tied as tied
from .nn import train as train
from .nn import upsample_nearest2d as upsample_nearest2d
from .nn import wkv as wkv
from .nn import wkv_step as wkv_step
from .notebook import load_ipython_extension as load_ipython_extension
from .notebook import unload_ipython_extension as unload_ipython_extension
from .ops.einops_backend import register_einops_backend as register_einops_backend
from .ops.writing import track as track
from .transforms import Grads as Grads
from .transforms import blackbox as blackbox
from .transforms import checkpoint as checkpoint
from .transforms import custom_jvp as custom_jvp
from .transforms import custom_vjp as custom_vjp
from .transforms import defvjp as defvjp
from .transforms import detach as detach
from .transforms import egrad as egrad
from .transforms import elementwise_grad as elementwise_grad
from .transforms import forward_at as forward_at
from .transforms import grad as grad
from .transforms import gradient_descent as gradient_descent
from .transforms import hessian as hessian
from .transforms import hessian_vector_product as hessian_vector_product
from .transforms import holomorphic_grad as holomorphic_grad
from .transforms import hvp as hvp
from .transforms import jacfwd as jacfwd
from .transforms import jacobian as jacobian
from .transforms import jacrev as jacrev
from .transforms import jvp as jvp
from .transforms import linear_transpose as linear_transpose
from .transforms import linearize as linearize
from .transforms import make_ggnvp as make_ggnvp
from .transforms import make_hvp as make_hvp
from .transforms import make_jvp as make_jvp
from .transforms import make_vjp as make_vjp
from .transforms import primitive as primitive
from .transforms import reverse_at as reverse_at
from .transforms import sgd_update as sgd_update
from .transforms import stop_gradient as stop_gradient
from .transforms import value_and_grad as value_and_grad
from .transforms import vjp as vjp
from .transforms import vmap as vmap
from .weave import AutodiffTracer as AutodiffTracer
from .weave import look
from .weave import resolve_call as resolve_call
from .weave import unweave as unweave
from .weave import weave as weave

__version__ = "0.1.0"

look()  # at the classes of Python, numpy and pycograd: a first gradient then meets the new ones alone
del look


def __getattr__(name: str) -> Any:
    """`pycograd.d_exp` is `pycograd.ops.exp`: the operations under the names that the older literature has for them."""
    if name.startswith("d_"):
        return getattr(ops, name[2:])
    raise AttributeError(f"module 'pycograd' has no attribute {name!r}")


# what `from pycograd import *` would put in the place of other modules is left out
__all__ = [
    name
    for name in dir()
    if not name.startswith("_") and name not in ("Any", "core", "notebook", "random", "scipy", "transforms")
]

notebook.offer()  # in IPython, `%load_ext pycograd` may stand in the cell that needs it
