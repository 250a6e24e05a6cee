"""The contenders, a file each: how one library computes each kind of derivative of a program.

A file defines some of `gradient per_example hessian hvp jacobian_reverse jacobian_forward fit`, each
(program, inputs) -> the call to time, which returns a flat list of results. What a file does not define, or a
program that the library cannot run, is left out of the table with a note.
"""
