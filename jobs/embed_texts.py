"""Turn item and user texts into vectors with the night's encoder.

python jobs/embed_texts.py --domain movielens --run-date 2016-09-30
"""

import sys

from nightrec.encoder.embed_job import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
