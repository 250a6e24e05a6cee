"""`np.einsum`: sums of products, said by the labels of the axes.

Two primitives, of one array and of two, with all labels explicit ("bij,bjk->bik").  More operands are contracted in
pairs, in the order that `np.einsum_path` finds cheap.  The cotangent of an operand is an einsum again: of the cotangent
and the other operand, with the labels of this one as output.  A new label makes a batch.  Two operands that meet in a
sum go through matmul where that is faster.
"""

from functools import lru_cache
from math import prod
from string import ascii_letters

import numpy as np

from pycograd.core import REGISTRY, Aval, Primitive, ShapeError, aval_of, result_dtype, shape_of, where

from .families import arrayed, no_rule, watches

LETTERS = ascii_letters[26:] + ascii_letters[:26]  # as numpy numbers them: in the order of ASCII
BLAS_PAYS = 2048  # multiplications, from which on transposing for matmul costs less than numpy's own loops


# ---- the two primitives --------------------------------------------------------------------------------------------
def terms_of(spec):
    """The labels of each operand, and those of the output: "ij,jk->ik" gives (["ij", "jk"], "ik")."""
    inputs, out = spec.split("->")
    return inputs.split(","), out


def sizes_of(spec, *shapes):
    """label -> length; a length of one broadcasts.  Raises ShapeError naming the label whose lengths conflict."""
    sizes = {}
    for labels, shape in zip(terms_of(spec)[0], shapes, strict=True):
        for label, n in zip(labels, shape, strict=True):
            if sizes.setdefault(label, n) != n and 1 not in (n, sizes[label]):
                raise ShapeError(
                    f"einsum: conflicting sizes for index '{label}': {sizes[label]} and {n}{where()}"
                )
            sizes[label] = n if sizes[label] == 1 else sizes[label]
    return sizes


def cotangent(g, x_shape, labels, out, other=None, other_labels=""):
    """The cotangent of the operand with these `labels`, given that of the output and the other operand.

    An axis that only this operand has, or along which it was stretched, is left at length one: `fit` stretches it.
    """
    sizes = dict(zip(out, shape_of(g), strict=True))
    sizes |= {
        label: n
        for label, n in zip(other_labels, shape_of(other), strict=True)
        if n > 1 or label not in sizes
    }
    unique = "".join(dict.fromkeys(labels))
    own = {}
    for label, n in zip(labels, x_shape, strict=True):
        own[label] = max(n, own.get(label, 1)) if n else 0
    kept = "".join(label for label in unique if sizes.get(label) == own[label])
    if other is None:
        y = unary.call(g, spec=f"{out}->{kept}")
    else:
        y = binary.call(g, other, spec=f"{out},{other_labels}->{kept}")
    if kept != unique:
        y = np.reshape(y, [own[label] if label in kept else 1 for label in unique])
    return y if unique == labels else on_diagonal(y, unique, labels, own)


def on_diagonal(y, unique, labels, sizes):
    """`y`, with one axis for each label, where the axes of repeated labels are equal; 0 elsewhere."""
    free = iter(label for label in LETTERS if label not in labels)
    for label in unique:
        for _ in range(labels.count(label) - 1):
            other = next(free)
            at = labels.rindex(label)
            labels = labels[:at] + other + labels[at + 1 :]
            y = binary.call(y, np.eye(sizes[label]), spec=f"{unique},{label}{other}->{unique}{other}")
            unique += other
    return unary.call(y, spec=f"{unique}->{labels}")


def unary_x(g, x_shape, *, spec):
    (labels,), out = terms_of(spec)
    return cotangent(g, x_shape, labels, out)


def binary_a(g, b, a_shape, *, spec):
    (labels, other), out = terms_of(spec)
    return cotangent(g, a_shape, labels, out, b, other)


def binary_b(g, a, b_shape, *, spec):
    (other, labels), out = terms_of(spec)
    return cotangent(g, b_shape, labels, out, a, other)


def batch_label(prim, xs, batched, params):
    """Batching adds a label."""
    terms, out = terms_of(params["spec"])
    new = next(label for label in LETTERS if label not in params["spec"])
    terms = [new + labels if b else labels for labels, b in zip(terms, batched, strict=True)]
    return prim.call(*xs, spec=f"{','.join(terms)}->{new}{out}")


def einsum_shape(*avals, spec):
    sizes = sizes_of(spec, *[a.shape for a in avals])
    return Aval(tuple([sizes[label] for label in terms_of(spec)[1]]), result_dtype(*avals))


def einsum_cost(*avals, spec):
    return float(len(avals) * prod(sizes_of(spec, *[a.shape for a in avals]).values()))


def sum_of_products(a, b, *, spec):
    """einsum of two arrays, through matmul where that is faster."""
    plan = matmul_plan(spec, np.shape(a), np.shape(b))
    if plan is None or a.dtype.kind not in "fc" or b.dtype.kind not in "fc":
        return np.einsum(spec, a, b)
    a_order, a_shape, b_order, b_shape, shape, order = plan
    y = np.matmul(a.transpose(a_order).reshape(a_shape), b.transpose(b_order).reshape(b_shape))
    return y.reshape(shape).transpose(order)


@lru_cache(4096)
def matmul_plan(spec, a_shape, b_shape):
    """How matmul contracts two arrays: orders and shapes of the operands, shape and order of the result.

    None where numpy's own loops are as good: little work, nothing shared to sum over, a label summed in one operand
    alone, on a diagonal, or stretched.
    """
    (a, b), out = terms_of(spec)
    sizes = sizes_of(spec, a_shape, b_shape)
    shared = [label for label in a if label in b]
    summed = [label for label in shared if label not in out]
    plain = len(set(a)) == len(a) and len(set(b)) == len(b) and set(a) | set(b) == set(out) | set(summed)
    stretched = [n for n, label in zip((*a_shape, *b_shape), a + b, strict=True) if n != sizes[label]]
    if not summed or not plain or stretched or prod(sizes.values()) < BLAS_PAYS:
        return None
    batch = [label for label in shared if label in out]
    rows, columns = [label for label in a if label not in b], [label for label in b if label not in a]
    if batch and not (rows and columns):
        return None
    lengths = lambda labels: tuple([sizes[label] for label in labels])  # noqa: E731
    orders = (
        [a.index(label) for label in batch + rows + summed],
        [b.index(label) for label in batch + summed + columns],
    )
    lead, m, k, n = lengths(batch), prod(lengths(rows)), prod(lengths(summed)), prod(lengths(columns))
    result = batch + rows + columns
    return (
        orders[0],
        (*lead, m, k),
        orders[1],
        (*lead, k, n),
        lengths(result),
        [result.index(label) for label in out],
    )


unary = Primitive(
    lambda x, *, spec: np.einsum(spec, x),
    unary_x,
    linear="each",
    batch=batch_label,
    shape=einsum_shape,
    cost=einsum_cost,
    name="einsum",
)
binary = Primitive(
    sum_of_products,
    binary_a,
    binary_b,
    linear="each",
    batch=batch_label,
    shape=einsum_shape,
    cost=einsum_cost,
    operands="a b",
    name="einsum",
)


def contract(spec, *xs):
    """einsum of one array or of two, with all labels explicit."""
    return unary.call(*xs, spec=spec) if len(xs) == 1 else binary.call(*xs, spec=spec)


# ---- numpy's signature ---------------------------------------------------------------------------------------------
def np_einsum(*operands, out=None, dtype=None, order="K", casting="safe", optimize=False):
    """`np.einsum` in all its forms; `order` and `optimize` change how it computes, not what."""
    if not watches(operands):
        given = {} if dtype is None else {"dtype": dtype}
        return np.einsum(*operands, out=out, order=order, casting=casting, optimize=optimize, **given)
    if out is not None:
        raise no_rule(np.einsum, "out")
    text, xs = (operands[0], operands[1:]) if isinstance(operands[0], str) else interleaved(operands)
    xs = [arrayed(x) for x in xs]
    if dtype is not None:
        xs = [cast(REGISTRY[np.asarray](x), dtype, casting) for x in xs]
    elif len(xs) > 2:  # numpy sums in the precision of the result
        common = result_dtype(*map(aval_of, xs))
        xs = [x if aval_of(x).dtype == common else REGISTRY[np.asarray](x).astype(common) for x in xs]
    spec, path = parsed(text.replace(" ", ""), tuple([shape_of(x) for x in xs]))
    terms, result = terms_of(spec)
    if len(xs) == 1:
        return contract(spec, xs[0])
    for at in path:
        chosen = [(terms.pop(i), xs.pop(i)) for i in sorted(at, reverse=True)]
        needed = result + "".join(terms)
        labels, x = chosen.pop()
        while chosen:
            other, y = chosen.pop()
            beyond = needed + "".join(labels for labels, _ in chosen)
            kept = "".join(dict.fromkeys(label for label in labels + other if label in beyond))
            kept = kept if terms or chosen else result
            x, labels = contract(f"{labels},{other}->{kept}", x, y), kept
        terms.append(labels)
        xs.append(x)
    return xs[0] if terms[0] == result else contract(f"{terms[0]}->{result}", xs[0])


REGISTRY[np.einsum] = np_einsum


def interleaved(operands):
    """einsum(a, [0, 1], b, [1, 2], [0, 2]) as its text and its arrays."""
    pairs, last = operands[: len(operands) // 2 * 2], operands[len(operands) // 2 * 2 :]
    write = lambda labels: "".join(["..." if n is Ellipsis else LETTERS[n] for n in labels])  # noqa: E731
    text = ",".join([write(labels) for labels in pairs[1::2]])
    return (f"{text}->{write(last[0])}" if last else text), pairs[::2]


def cast(x, dtype, casting):
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(
            f"Cannot cast einsum operand from {x.dtype!r} to {np.dtype(dtype)!r} by the rule {casting!r}"
        )
    return x.astype(dtype)


@lru_cache(4096)
def parsed(text, shapes):
    """The explicit form of `text` for operands of these shapes, and the pairs to contract, one after the other.

    Raises ShapeError where lengths conflict, and numpy's ValueError for a text that is wrong otherwise.
    """
    inputs, arrow, out = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ValueError(f"einsum: {len(terms)} operands in {text!r}, {len(shapes)} given{where()}")
    counts = [len(term.replace("...", "")) for term in terms]
    hidden = [
        len(shape) - n if "..." in term else 0 for term, n, shape in zip(terms, counts, shapes, strict=True)
    ]
    free = "".join([label for label in LETTERS if label not in text])[: max(hidden)]
    for term, n, count, shape in zip(terms, hidden, counts, shapes, strict=True):
        if n < 0 or count + n != len(shape):
            raise ShapeError(f"einsum: operand of shape {shape} cannot have the labels {term!r}{where()}")
    if not arrow:
        single = sorted(label for label in set(inputs) - set(",.") if inputs.count(label) == 1)
        out = ("..." if "..." in inputs else "") + "".join(single)
    if max(hidden) and "..." not in out:
        raise ValueError(f"einsum: the output of {text!r} must have an ellipsis, as an operand has{where()}")
    terms = [term.replace("...", free[len(free) - n :]) for term, n in zip(terms, hidden, strict=True)]
    spec = f"{','.join(terms)}->{out.replace('...', free)}"
    sizes_of(spec, *shapes)
    dummies = [np.broadcast_to(np.float64(0), shape) for shape in shapes]
    return spec, np.einsum_path(spec, *dummies, optimize="greedy")[0][1:]
