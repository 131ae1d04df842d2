"""Learn which texts follow which. See --help.

python jobs/train_projection.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.projection.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
