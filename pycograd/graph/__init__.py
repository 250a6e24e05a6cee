"""What a program is without its numbers: shapes and dtypes."""

from .shapes import ShapeDtypeStruct as ShapeDtypeStruct
from .shapes import eval_shape as eval_shape
from .shapes import infer_shapes as infer_shapes
from .table import Summary as Summary
from .table import summary as summary
