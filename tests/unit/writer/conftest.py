import pytest

pytest.importorskip("torch", reason="needs the jobs' environment (.venv)")

from unit.writer.lessons import train_writer


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Return the folder of a model that has learnt `LESSONS`."""
    folder = tmp_path_factory.mktemp("writer")
    train_writer(folder)
    return folder
