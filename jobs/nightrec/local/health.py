"""Ask the local servers whether they are well; none of these calls needs a password."""

import requests

from nightrec.local.environment import airflow_url, mlflow_url
from nightrec.settings import Config

PATIENCE_S = 10


def mlflow_answers(config: Config) -> bool:
    """Tell whether the MLflow server takes requests."""
    return _get(f"{mlflow_url(config)}/health") is not None


def airflow_answers(config: Config, name: str) -> bool:
    """Tell whether one of Airflow's services shows signs of life; all are asked through the API server."""
    answer = _get(f"{airflow_url(config)}/api/v2/monitor/health")
    part = name.removeprefix("airflow-").replace("-", "_")
    return answer is not None and (part == "api_server" or answer.json()[part]["status"] == "healthy")


def _get(url: str) -> requests.Response | None:
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no business with a server on this machine
            answer = session.get(url, timeout=PATIENCE_S)
    except requests.RequestException:
        return None
    return answer if answer.ok else None
