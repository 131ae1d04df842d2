"""Turn one delivery into typed events, a catalogue and rejects.

spark-submit jobs/ingest_logs.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.ingest.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
