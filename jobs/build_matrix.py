"""Carry the user-item matrix forward by one delivery.

spark-submit jobs/build_matrix.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.matrix.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
