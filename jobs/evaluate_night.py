"""Measure the lists published before against what users then did.

spark-submit jobs/evaluate_night.py --domain movielens --run-date 2016-10-03
"""

import sys

from nightrec.evaluation.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
