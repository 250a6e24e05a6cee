"""The transforms: functions of functions."""

from .blackbox import blackbox as blackbox
from .checkpoint import checkpoint as checkpoint
from .custom import custom_jvp as custom_jvp
from .custom import custom_vjp as custom_vjp
from .descent import gradient_descent as gradient_descent
from .descent import sgd_update as sgd_update
from .forward import forward_at as forward_at
from .forward import jvp as jvp
from .forward import linearize as linearize
from .forward import make_jvp as make_jvp
from .grads import Grads as Grads
from .jacobians import hessian as hessian
from .jacobians import hessian_vector_product as hessian_vector_product
from .jacobians import hvp as hvp
from .jacobians import jacfwd as jacfwd
from .jacobians import jacobian as jacobian
from .jacobians import jacrev as jacrev
from .jacobians import make_ggnvp as make_ggnvp
from .jacobians import make_hvp as make_hvp
from .opaque import defvjp as defvjp
from .opaque import primitive as primitive
from .reverse import elementwise_grad as elementwise_grad
from .reverse import grad as grad
from .reverse import holomorphic_grad as holomorphic_grad
from .reverse import make_vjp as make_vjp
from .reverse import reverse_at as reverse_at
from .reverse import value_and_grad as value_and_grad
from .reverse import vjp as vjp
from .stopping import detach as detach
from .stopping import stop_gradient as stop_gradient
from .transpose import linear_transpose as linear_transpose
from .vectorize import vmap as vmap

egrad = elementwise_grad
