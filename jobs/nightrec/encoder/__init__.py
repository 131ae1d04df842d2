"""The language model: fine-tuning and embedding, torch alone."""

import os

# Torch's threads otherwise spin while they wait for each other. Beside a Spark job on the same two cores that made
# embedding four times slower. OpenMP reads it once, when torch is loaded, which this module precedes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
