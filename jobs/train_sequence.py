"""Read each user's items in order with a transformer.

python jobs/train_sequence.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.sequence.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
