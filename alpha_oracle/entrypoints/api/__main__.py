import sys

from alpha_oracle.entrypoints.api.main import main
from alpha_oracle.entrypoints.endings import exit_code_of

sys.exit(exit_code_of(main))
