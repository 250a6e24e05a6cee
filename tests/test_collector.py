"""Python's garbage collector: its setting is the user's, whatever records."""

import gc
import os
import threading

import numpy as np
import pytest

from pycograd import grad, hessian, vjp


@pytest.fixture
def setting():
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    yield gc.get_threshold()  # from Python 3.14 on the last number is not used
    gc.set_threshold(*before)


def held(x):
    assert gc.get_threshold() in ((701, 11, 1200), (701, 11, 0))
    return x * x


def test_full_collections_are_held_back_while_a_tape_grows(setting):
    assert grad(held)(3.0) == (6.0,)
    assert gc.get_threshold() == setting
    y, pullback = vjp(held, 3.0)
    assert gc.get_threshold() == setting and pullback(1.0) == (6.0,)
    assert hessian(lambda x: np.sum(held(x)))(np.ones(2)).tolist() == [[2, 0], [0, 2]]
    assert gc.get_threshold() == setting


def test_after_an_error(setting):
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: held(x) / 0)(3.0)
    assert gc.get_threshold() == setting


def test_what_the_function_sets_itself_stays(setting):
    def f(x):
        gc.set_threshold(500, 5, 5)
        return x

    grad(f)(1.0)
    assert gc.get_threshold()[:2] == (500, 5)


def test_the_last_of_several_threads_puts_it_back(setting):
    first_is_in, second_is_done = threading.Event(), threading.Event()

    def slow(x):
        first_is_in.set()
        assert second_is_done.wait(10)
        return held(x)

    thread = threading.Thread(target=lambda: grad(slow)(1.0))
    thread.start()
    assert first_is_in.wait(10)
    grad(held)(1.0)
    held(1.0)
    second_is_done.set()
    thread.join()
    assert gc.get_threshold() == setting


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system starts processes anew")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_starts_with_the_users_setting(setting):
    def f(x):
        child = os.fork()
        if not child:
            os._exit(gc.get_threshold() == setting and grad(lambda x: x * x)(3.0) == (6.0,))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        return x

    grad(f)(1.0)
