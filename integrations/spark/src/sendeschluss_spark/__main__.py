"""`python -m sendeschluss_spark`: the command line, for spark-submit and machines without scripts on the path.

Nothing else lives here.
"""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
