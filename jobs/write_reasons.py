"""Let a language model rewrite tonight's reasons, where `reasons.writer.model` names one.

python jobs/write_reasons.py --domain movielens --run-date 2016-09-30 --set reasons.writer.model=models/writer
"""

import sys

from nightrec.writer.job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
