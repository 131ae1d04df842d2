"""Gate a table: stop the night when events or lists are unfit.

spark-submit jobs/validate_table.py --table topn --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.quality.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
