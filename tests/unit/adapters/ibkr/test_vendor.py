import subprocess
import sys

IMPORT_IN_A_THREAD = """
from threading import Thread
errors = []
def load():
    try:
        import alpha_oracle.adapters.ibkr.connection
    except BaseException as error:
        errors.append(error)
thread = Thread(target=load)
thread.start()
thread.join()
print(errors)
"""
LOG_AN_ACCOUNT = """
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
import alpha_oracle.adapters.ibkr.connection
for name in ("ib_insync.wrapper", "ib_insync.client", "ib_insync.Decoder", "eventkit.event"):
    logging.getLogger(name).critical("account DU1234567")
"""
ASK_FOR_HELP = """
import sys
from alpha_oracle.entrypoints.cli.main import main
sys.argv = ["alpha-oracle", "--help"]
try:
    main()
except SystemExit:
    pass
print("ib_insync" in sys.modules)
"""


def printed_by(program):
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def test_the_client_can_be_imported_in_a_thread_without_an_event_loop():
    assert printed_by(IMPORT_IN_A_THREAD).strip() == "[]"


def test_nothing_that_the_client_logs_is_written():
    assert "DU1234567" not in printed_by(LOG_AN_ACCOUNT)


def test_help_does_not_load_the_client():
    assert printed_by(ASK_FOR_HELP).rstrip().endswith("False")
