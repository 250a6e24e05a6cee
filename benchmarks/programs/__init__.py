"""The programs that are differentiated, each a plain user file: a function of numpy, its inputs, and by hand
the value and the gradients (or the Hessian, the Jacobian).

A program names in ARGNUMS what is differentiated. Contenders with a namespace of their own run the same text:
they put it in the place of the module's `np` and `math`.
"""
