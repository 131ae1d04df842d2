# Airflow with its own pins beside the jobs' environment, which runs the tasks. Needs the image nightrec-jobs.
FROM nightrec-jobs
USER root
RUN python -m venv .venv-airflow
COPY conf/locks/airflow.txt conf/locks/airflow.txt
RUN .venv-airflow/bin/pip install --no-cache-dir -r conf/locks/airflow.txt
COPY dags dags
USER nightrec
ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/nightrec/dags AIRFLOW__CORE__LOAD_EXAMPLES=False PYTHONPATH=/opt/nightrec/jobs
ENTRYPOINT ["/bin/sh", "-c"]
CMD [".venv-airflow/bin/airflow db migrate && .venv-airflow/bin/airflow pools set gpu 1 'one GPU job at a time' \
    && PATH=$PATH:/opt/nightrec/.venv-airflow/bin exec .venv-airflow/bin/airflow standalone"]
