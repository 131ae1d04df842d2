# Spark and torch jobs. Build from the repository root: docker build -f docker/jobs.Dockerfile -t nightrec-jobs .
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/nightrec
COPY conf/locks/jobs.txt conf/locks/jobs.txt
RUN pip install --no-cache-dir -r conf/locks/jobs.txt
COPY pyproject.toml README.md LICENSE ./
COPY jobs jobs
COPY conf conf
COPY schemas schemas
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && useradd --create-home nightrec && mkdir -p /data/airflow /data/mlflow && chown -R nightrec . /data
USER nightrec
ENTRYPOINT ["spark-submit"]
