"""Settings whose values lie in files, as secrets do."""

import pytest

from alpha_oracle.config import load_settings
from alpha_oracle.errors import ConfigurationError

URL = "postgresql://someone:hunter2@db:5432/trading"
VARIABLE = "ALPHA_ORACLE_DATABASE__URL_FILE"


@pytest.fixture
def secret(tmp_path):
    """A function that puts a value in a file and returns its path."""

    def put(content, name="secret"):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return put


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"], ids=["nothing", "a line end", "a DOS one"])
def test_a_value_may_lie_in_a_file_that_a_variable_names(tmp_path, secret, end):
    environment = {VARIABLE: secret(URL.encode() + end)}
    assert load_settings(environment, folder=tmp_path).database.url.get_secret_value() == URL


def test_a_list_may_lie_in_a_file(tmp_path, secret):
    digest = "ab" * 32
    file = secret(f'[{{"sha256": "{digest}", "role": "viewer"}}]\n'.encode())
    (token,) = load_settings({"ALPHA_ORACLE_API__TOKENS_FILE": file}, folder=tmp_path).api.tokens
    assert (token.sha256, token.role) == (digest, "viewer")


def test_a_file_that_is_not_there_is_named_with_its_variable(tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(ConfigurationError, match=rf"{VARIABLE} names {missing}.*No such file"):
        load_settings({VARIABLE: str(missing)}, folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\n", "is empty"), (b"hunter2\xff", "no UTF-8")],
    ids=["empty", "no text"],
)
def test_a_file_without_a_value_is_refused_by_name(tmp_path, secret, content, reason):
    with pytest.raises(ConfigurationError, match=reason) as refused:
        load_settings({VARIABLE: secret(content)}, folder=tmp_path)
    assert VARIABLE in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_wrong_value_of_a_file_is_not_told(tmp_path, secret):
    environment = {"ALPHA_ORACLE_API__TOKENS_FILE": secret(b'[{"sha256": "hunter2", "role": "x"}]')}
    with pytest.raises(ConfigurationError, match=r"api\.tokens") as refused:
        load_settings(environment, folder=tmp_path)
    assert "hunter2" not in str(refused.value)


def test_a_value_and_a_file_for_it_contradict_each_other(tmp_path, secret):
    environment = {VARIABLE: secret(URL.encode()), "ALPHA_ORACLE_DATABASE__URL": URL}
    with pytest.raises(ConfigurationError, match="remove one") as refused:
        load_settings(environment, folder=tmp_path)
    assert "hunter2" not in str(refused.value)


def test_a_misspelt_key_of_a_file_is_no_setting(tmp_path, secret):
    with pytest.raises(ConfigurationError, match=r"unknown setting database\.ulr"):
        load_settings({"ALPHA_ORACLE_DATABASE__ULR_FILE": secret(b"x")}, folder=tmp_path)
