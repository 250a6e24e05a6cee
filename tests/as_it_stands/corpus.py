"""All cases of all fields."""

from as_it_stands import (
    biology_chemistry,
    finance,
    geometry,
    machine_learning,
    optimisation,
    physics,
    signal,
    statistics,
)

FIELDS = (statistics, physics, finance, signal, machine_learning, geometry, optimisation, biology_chemistry)
CASES = [case for field in FIELDS for case in field.CASES]
