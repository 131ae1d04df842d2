"""Make tonight's gated lists the ones that a shop reads.

python jobs/publish_top_n.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.publishing.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
