"""Where a wheel with a server in it lies."""

from importlib.util import find_spec
from pathlib import Path

from alpha_oracle.errors import ConfigurationError


def package_folder(package: str, *, instead: str) -> Path:
    """Return a package's folder; the package is found, not imported, for imports have effects.

    Raises:
        ConfigurationError: it is not installed; names the setting to use `instead`.
    """
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise ConfigurationError(f"{package} is not installed; install it or set {instead}")
    return Path(folders[0])
