"""Write tonight's top-N lists, staged for the gate.

spark-submit jobs/score_top_n.py --domain movielens --run-date 2016-09-30 --set scoring.top_n=20
"""

import sys

from nightrec.scoring.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
