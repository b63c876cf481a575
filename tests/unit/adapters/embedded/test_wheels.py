import pytest

from alpha_oracle.adapters.embedded.wheels import package_folder
from alpha_oracle.errors import ConfigurationError


def test_an_absent_wheel_is_told_with_the_setting_to_use_instead():
    with pytest.raises(ConfigurationError, match=r"no_such_wheel is not installed.*REDIS__URL"):
        package_folder("no_such_wheel", instead="ALPHA_ORACLE_REDIS__URL")
