"""A progress display for a known number of steps: by rich, else by tqdm, else plain lines."""

from contextlib import contextmanager

from pycograd.core.lazy import optional


@contextmanager
def progress(label, steps):
    """Yield the function to call with the loss after each step."""
    for display in (rich_bar, tqdm_bar):
        try:
            bar = display(label, steps)
        except ModuleNotFoundError:
            continue
        with bar as advance:
            yield advance
        return
    yield plain_lines(label, steps)


def rich_bar(label, steps):
    parts = optional("rich.progress", extra="examples")
    columns = [
        parts.TextColumn("{task.description}"),
        parts.BarColumn(),
        parts.MofNCompleteColumn(),
        parts.TextColumn("loss {task.fields[loss]}"),
        parts.TimeElapsedColumn(),
    ]

    @contextmanager
    def running():
        with parts.Progress(*columns) as bar:
            task = bar.add_task(label, total=steps, loss="-")
            yield lambda loss: bar.update(task, advance=1, loss=f"{loss:.4f}")

    return running()


def tqdm_bar(label, steps):
    tqdm = optional("tqdm", extra="examples").tqdm

    @contextmanager
    def running():
        with tqdm(total=steps, desc=label) as bar:

            def advance(loss):
                bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
                bar.update()

            yield advance

    return running()


def plain_lines(label, steps):
    done = 0

    def advance(loss):
        nonlocal done
        done += 1
        if done == steps or done % max(1, steps // 10) == 0:
            print(f"{label}: step {done} of {steps}, loss {loss:.4f}", flush=True)

    return advance
