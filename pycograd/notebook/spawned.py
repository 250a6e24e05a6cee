"""The main module of a process that a script spawned: `multiprocessing` runs it under the name `__mp_main__`."""

import os
from pathlib import Path

from pycograd.notebook.files import SCRIPT, execute

if __name__ == "__mp_main__":
    execute(Path(os.environ[SCRIPT]), globals())
