"""Teach the language model what this shop's users consume together.

python jobs/fine_tune_llm.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.encoder.tune_job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
