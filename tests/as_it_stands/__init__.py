"""Everyday functions by field, written as scientists write them: what has to work as it stands.

Nothing here thinks of differentiation, and a case never leaves because something fails on it. About half follow
a published problem set, textbook, article or documentation page, named in `source`.
"""
