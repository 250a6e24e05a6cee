"""`python -m pycograd.examples` trains, checks its gradients, and says by its exit status if they hold."""

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the examples train on data of scikit-learn, which is an extra")

from pycograd import stop_gradient  # noqa: E402
from pycograd.examples import __main__ as examples  # noqa: E402
from pycograd.examples import models  # noqa: E402
from pycograd.examples.progress import plain_lines, rich_bar, tqdm_bar  # noqa: E402


def run(*arguments):
    safe = ["-P"] if sys.flags.safe_path else []
    command = [sys.executable, *safe, "-m", "pycograd.examples", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_all_examples_pass_their_checks():
    done = run("--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all checks passed" in done.stdout
    assert done.stdout.count("held-out data: loss") == 8 and done.stdout.count("nats a letter") == 1
    assert done.stdout.count("(below ") == 8 + done.stdout.count("(below 2.9;"), (
        "each states the loss to reach"
    )
    parameters = [2, 4, 14, 5, 5, 14, 14]  # checked before training and after; with dropout once more
    assert done.stdout.count("against finite differences") == 2 * sum(parameters) + 3 * 5


def test_an_unknown_example_is_named():
    done = run("no-such-example")
    assert done.returncode != 0 and "no example no-such-example" in done.stderr


def test_a_lost_gradient_fails_its_check(capsys):
    def loss(params, x, y):
        return models.logistic_loss(params | {"w": stop_gradient(params["w"])}, x, y)

    rng = np.random.default_rng(0)
    check = examples.Checks()
    check.gradients(loss, models.init_logistic(rng, 3), rng.normal(size=(8, 3)), np.arange(8) % 2, rng)
    assert check.failed == 1 and "FAILED gradient in w" in capsys.readouterr().out


def test_a_loss_that_is_not_reached_fails_its_check(capsys):
    rng = np.random.default_rng(0)
    data = examples.load("breast_cancer", rng)
    params, check = models.init_logistic(rng, data.x.shape[1]), examples.Checks()
    check.reached(models.logistic_loss, models.logistic_accuracy, params, data, 0.15, 0.0)
    assert check.failed == 1 and "(below 0.15)" in capsys.readouterr().out


@pytest.mark.parametrize("display", [rich_bar, tqdm_bar])
def test_the_progress_displays_count_their_steps(display):
    pytest.importorskip(display.__name__.removesuffix("_bar"))
    with display("steps", 3) as advance:
        for loss in (0.3, 0.2, 0.1):
            advance(loss)


def test_without_a_display_package_progress_is_plain_lines(capsys):
    advance = plain_lines("steps", 2)
    advance(0.5)
    advance(0.25)
    assert capsys.readouterr().out.splitlines()[-1] == "steps: step 2 of 2, loss 0.2500"
