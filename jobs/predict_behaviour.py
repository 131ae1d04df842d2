"""Tell what users will do next.

python jobs/predict_behaviour.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.behaviour.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
