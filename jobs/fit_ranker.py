"""Learn how the sources of tonight's lists are joined.

python jobs/fit_ranker.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.ranker.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
