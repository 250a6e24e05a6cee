"""What a stage of a pipe costs over the call that it makes: microseconds, lowered, against plain Python.

Each loop runs a pipe of one stage a thousand times, beside the same calls written by hand.
"""

from timeit import repeat

from pycograd.notebook.sources import compiled

LOOP = "def run():\n    for _ in range(1000):\n        {}\n"
SETUP = """
x, n, t = 0.5, 2, (1.0, 2.0)
def f(v): return v
def g(a, b): return a
def squared(v): return v * v
def added(a, b): return a + b
def after(v): return g(f(1.0), v)
def by_hand(v): return f(f(v))
def raised(v): return f(v) ** n
piped = $ |> f |> f
"""
# name: the pipe, the calls that it makes, and whether the limit holds
CASES = {
    "a function": ("x |> f", "f(x)", True),
    "a hole": ("f(x) |> g($, n)", "g(f(x), n)", True),
    "an expression of a hole": ("f(x) |> $ * 2.0 + n", "f(x) * 2.0 + n", True),
    "a hole that stands twice": ("f(x) |> $v * $v", "squared(f(x))", True),
    "a call before the hole": ("f(x) |> g(f(1.0), $)", "after(f(x))", True),
    "the elements of a tuple": ("t *|> $ + $", "added(*t)", True),
    "a function made of a pipe": ("piped(x)", "by_hand(x)", True),
    "point-free, with a number": ("x |> f ** 2", "f(x) ** 2", True),
    "composed three times": ("x |> f .** 3", "f(f(f(x)))", True),
    "point-free, with a variable": ("x |> f ** n", "raised(x)", False),
    "composed a number of times that a variable has": ("x |> f .** n", "f(f(x))", False),
}


def rows(rounds: int = 15) -> list[tuple[str, float, bool]]:
    """For each kind of stage its name, the microseconds it adds to its calls, and whether the limit is promised."""
    found = []
    for name, (pipe, calls, promised) in CASES.items():
        runs = []
        for text in (pipe, calls):
            variables: dict = {}
            exec(compiled(SETUP + LOOP.format(text), f"<{name}>"), variables)
            runs.append(variables["run"])
        times: tuple[list[float], list[float]] = [], []
        for _ in range(rounds):
            for which, run in zip(times, runs):
                which += repeat(run, number=1, repeat=20)
        found.append((name, (min(times[0]) - min(times[1])) * 1e3, promised))
    return found
