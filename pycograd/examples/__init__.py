"""Examples to run and to read: `python -m pycograd.examples`.

`models.py` is what a user writes, plain numpy, and `training.py` what they do with pycograd.
"""
