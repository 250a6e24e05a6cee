"""`python -m pycograd script.py ...` runs a script in the notation of notebooks: `params{...}` and `|>`."""

import sys

from .notebook.files import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
