import sys

from alpha_oracle.entrypoints.api.main import main

sys.exit(main())
