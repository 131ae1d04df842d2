"""Factorise the user-item matrix.

spark-submit jobs/train_collaborative.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.collaborative.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
