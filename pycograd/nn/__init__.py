"""Neural networks as plain functions: arrays in, arrays out; watched values in, watched values out."""

from .activations import elu as elu
from .activations import gated_act as gated_act
from .activations import gelu as gelu
from .activations import hardsigmoid as hardsigmoid
from .activations import hardswish as hardswish
from .activations import leaky_relu as leaky_relu
from .activations import mish as mish
from .activations import relu as relu
from .activations import selu as selu
from .activations import sigmoid as sigmoid
from .activations import silu as silu
from .activations import softplus as softplus
from .activations import softsign as softsign
from .activations import swish as swish
from .activations import tanh as tanh
from .dense import dropout as dropout
from .dense import embedding as embedding
from .dense import linear as linear
from .losses import cross_entropy as cross_entropy
from .losses import log_softmax as log_softmax
from .losses import logsumexp as logsumexp
from .losses import one_hot as one_hot
from .losses import softmax as softmax
