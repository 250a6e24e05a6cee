"""Random pipes mean what an interpreter of them, which lowers nothing, computes: the same value, in the same order."""

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from pycograd.notebook import lower

from .running import variables

LOG = []


def say(word, result):
    LOG.append(word)
    return result


FUNCTIONS = {
    "inc": lambda v: say("inc", v + 1),
    "neg": lambda v: say("neg", -v),
    "sub": lambda a, b: say("sub", a - b),
    "tick": lambda: say("tick", 7),
    "make": lambda n: say("make", lambda v: say("made", v * n)),
}
inc, sub = FUNCTIONS["inc"], FUNCTIONS["sub"]
spaces = st.sampled_from([" ", "  ", "\n  ", "  # a |> $\n  "])


# An expression is its text, and the function from the values of its named holes to its value.
def joined(combine, *parts):
    """The expression of `parts`, strings and expressions, whose value is `combine` of those of its expressions."""
    text = "".join(p if isinstance(p, str) else p[0] for p in parts)
    expressions = [p for p in parts if not isinstance(p, str)]
    return text, lambda **holes: combine(*[e[1](**holes) for e in expressions])


def constant(text, value):
    return text, lambda **holes: value


def hole(name):
    return f"${name}", lambda **holes: holes[name]


def numbers(*holes):
    """Expressions that may have those holes."""
    leaves = st.one_of(
        st.integers(0, 9).map(lambda n: constant(str(n), n)),
        st.just(constant("x", 3)),
        st.just(("tick()", lambda **holes: FUNCTIONS["tick"]())),
        *[st.just(hole(name)) for name in holes],
    )
    pairs = lambda inner: st.tuples(inner, inner)

    def grow(inner):
        return st.one_of(
            pairs(inner).map(lambda p: joined(lambda a, b: a - b, "(", p[0], " - ", p[1], ")")),
            pairs(inner).map(lambda p: joined(sub, "sub(", p[0], ", ", p[1], ")")),
            inner.map(lambda e: joined(inc, "inc(", e, ")")),
            inner.map(lambda e: joined(lambda a: a + 2, "(lambda v: ", e, " + v)(2)")),
            inner.map(lambda e: joined(lambda a: a + 2, "[v + i for v in [", e, "] for i in (2,)][0]")),
            st.deferred(lambda: pipes()).map(lambda p: (f"({p[0]})", lambda **holes: p[1]())),
        )

    return st.recursive(leaves, grow, max_leaves=3)


def repeated(f, n):
    return lambda v: v if n == 0 else repeated(f, n - 1)(f(v))


# A stage is its text, and the function of one value that it is.
named = st.sampled_from(
    [("|> inc", inc), ("|> neg", FUNCTIONS["neg"]), ("|> inc * 2 - 1", lambda v: inc(v) * 2 - 1)]
)
made = st.integers(1, 3).map(lambda n: (f"|> make({n})", lambda v: FUNCTIONS["make"](n)(v)))
powers = st.integers(0, 3).map(lambda n: (f"|> inc .** {n}", repeated(inc, n)))
anonymous = st.tuples(numbers(), numbers()).map(
    lambda p: (f"|> sub({p[0][0]} + $, {p[1][0]})", lambda v: sub(p[0][1]() + v, p[1][1]()))
)
by_name = numbers("v").map(
    lambda e: (f"|> sub($v, {e[0]})", lambda v: sub(v, e[1](v=v)))
)  # fmt: skip
splat = numbers("a", "b").map(
    lambda e: (f"|> ($v, 5) *|> sub($a - $b, {e[0]})", lambda v: sub(v - 5, e[1](a=v, b=5)))
)
plain = st.one_of(named, made, powers, anonymous, by_name, splat)
stages = st.one_of(plain, plain.map(lambda s: (f"|> ($ {s[0]})", s[1])))


@st.composite
def pipes(draw):
    """A pipe that has a value."""
    text, value = draw(numbers())
    found = draw(st.lists(stages, min_size=1, max_size=4))
    rest = "".join(draw(spaces) + stage for stage, _ in found)
    form = draw(st.sampled_from(["{0} {1}", "($ {1})({0})", "(|> {0} {1})()"]))

    def run():
        result = value()
        for _, stage in found:
            result = stage(result)
        return result

    return form.format(text, rest), run


@settings(max_examples=80, deadline=None)
@given(pipes())
def test_a_random_pipe(pipe):
    text, meaning = pipe
    LOG.clear()
    expected, order = meaning(), list(LOG)
    LOG.clear()
    assert variables(f"result = ({text})", x=3, **FUNCTIONS)["result"] == expected
    assert order == LOG


@settings(max_examples=40, deadline=None)
@given(pipes())
def test_every_name_is_where_the_user_wrote_it(pipe):
    text = f"é = ({pipe[0]})"
    for node in ast.walk(lower(text).tree):
        if isinstance(node, ast.Name) and node.id in ("x", *FUNCTIONS):
            assert ast.get_source_segment(text, node) == node.id
